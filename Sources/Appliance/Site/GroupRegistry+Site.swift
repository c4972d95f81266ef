// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

extension GroupRegistry {
    /// Has a group be as the configuration server wants it: it may be asked again at any time, and goes on from what is
    /// there. What a group has that is not wanted is never taken away: that is refused.
    func prepare(_ name: String, _ request: PrepareRequest) async throws -> Acknowledgement {
        let present = find(name).flatMap { $0.state.underlying == .released ? nil : $0 }
        let added = request.disks.map(\.target).filter { target in
            present?.record.disks.contains { $0.target == target } != true
        }
        let over = try await checkCommits(name, isNew: present == nil, added, request.making)
        if present == nil, let making = request.making { try await make(name, request, making) }
        let group = try group(named: name)
        if request.making != nil { try group.checkIsReplicating() }
        try group.checkDisks(are: request.disks)
        try await group.take(request.policy, senders: [request.sender])
        if !over.isEmpty { try await group.note(madeOver: over) }
        for disk in request.disks where !group.record.disks.contains(where: { $0.source == disk.source }) {
            _ = try await group.bind(disk)
        }
        // Who paused it goes on when somebody asks for that, and not because a policy was changed.
        if request.making != nil, case .paused = group.state { _ = try await group.resume() }
        return Acknowledgement(message: "Group \(name) is ready for its process server, \(request.sender).")
    }

    /// Whether disks may be bound to a group, and the group be made: because an operator asked for it, and not over a
    /// commit that the configuration server does not know of. Orders may be old, those of one that was restored above all,
    /// and a machine may run on the disks by now.
    ///
    /// - Parameter added: Targets that are not bound to the group yet.
    /// - Returns: Commits that the operator knows about, with this: nothing runs on the disks.
    /// - Throws: ``ControlFailure`` with `.notFound` where nobody asked, `.refused` for an unknown commit.
    private func checkCommits(
        _ name: String, isNew: Bool, _ added: [String], _ making: GroupMaking?
    ) async throws -> [String] {
        guard isNew || !added.isEmpty else { return [] }
        guard let making else {
            throw ControlFailure(
                .notFound,
                isNew ? "Group \(name) is not here any more." : "Group \(name) has no disk \(added[0]) any more.",
                remedy: "Reprotect it, if it is to be protected again.")
        }
        let all = try await thread.run { [self] in try commits() }
        var known = Set(making.knownCommits)
        for commit in all where known.contains(commit.group.id) { known.formUnion(commit.madeOver ?? []) }
        let unknown = all.filter { commit in
            let isMeant =
                isNew && commit.group.name == name || commit.group.disks.contains { added.contains($0.target) }
            return isMeant && !known.contains(commit.group.id)
        }
        guard let commit = unknown.first, !making.targetsAreUnused else { return unknown.map(\.group.id) }
        throw ControlFailure(
            .refused,
            "Group \(commit.group.name) was committed on these disks, or under this name, at \(commit.committed), and the "
                + "configuration server does not know of it: a machine may run on them.",
            remedy: "Where nothing runs on them, say so: mtctl site reprotect \(name) --targets-unused.")
    }

    private func make(_ name: String, _ request: PrepareRequest, _ making: GroupMaking) async throws {
        // Its disks were given back: what is left of it is the name.
        if find(name) != nil { _ = try await delete(named: name, discardHistory: false) }
        var create = CreateGroupRequest(name: name, senders: [request.sender])
        create.rpoThresholdSeconds = request.policy.rpoThresholdSeconds
        create.retentionSeconds = request.policy.retentionSeconds
        create.applicationConsistentSeconds = request.policy.applicationConsistentSeconds
        create.quotaBytes = request.policy.quotaBytes
        _ = try await self.create(create, defaults: request.policy, fencingToken: making.fencingToken)
    }

    /// All commits of this master target, as their reports tell; they stay when a group goes. Blocks.
    private func commits() throws -> [CommitReport] {
        try environment.reports.names().compactMap { try environment.reports.read(CommitReport.self, from: $0) }
    }
}

extension ProtectedGroup {
    /// - Throws: ``ControlFailure`` with `.refused` for a group whose disks show, or are made to show, a point.
    fileprivate func checkIsReplicating() throws {
        switch state.underlying {
        case .recovering, .recovered, .committed:
            throw ControlFailure(
                .refused, "Group \(name) is \(state.underlying.reported.rawValue), and takes no data now.",
                remedy: state.underlying == .committed
                    ? "Wait for the end of its commit; mtctl group show \(name) tells what that waits for."
                    : "Roll it back, or commit it.")
        case .created, .initialSync, .protected, .paused, .resyncing, .released, .degraded: return
        }
    }

    /// - Throws: ``ControlFailure`` with `.exists` for a disk that is bound otherwise, or that is not wanted.
    fileprivate func checkDisks(are wanted: [BindDiskRequest]) throws {
        for disk in record.disks {
            guard
                wanted.contains(where: {
                    $0.source == disk.source && $0.target == disk.target && $0.sizeBytes == disk.size
                        && $0.logicalBlockSize ?? 512 == disk.logicalBlockSize
                })
            else {
                throw ControlFailure(
                    .exists,
                    "Group \(name) has disk \(disk.source) bound to \(disk.target), which is not what is wanted of it.",
                    remedy: "Unbind it here with mtctl disk unbind, or name this target.")
            }
        }
    }

    /// Keeps what the operator knew of the disks, for its commit's report.
    fileprivate func note(madeOver commits: [String]) async throws {
        try await perform { [self] in
            try transition(.observed(outstanding())) { record in
                record.madeOver = Set(record.madeOver ?? []).union(commits).sorted()
            }
        }
    }

    /// What a group promises and who may send can change at any time; the sender of before is sent away.
    fileprivate func take(_ policy: GroupPolicy, senders: [String]) async throws {
        if let complaint = policy.complaint {
            throw ControlFailure(
                .invalidRequest, "Group \(name) cannot have this policy. \(complaint)", remedy: "Correct it.")
        }
        try await perform { [self] in
            guard record.policy != policy || record.senders != senders else { return }
            let isAnotherSender = record.senders != senders
            try transition(.observed(outstanding())) { record in
                record.policy = policy
                record.senders = senders
            }
            if isAnotherSender { endSession("another process server sends from now on") }
        }
    }
}
