// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

extension GroupRegistry {
    /// Has a group be as the configuration server wants it: it may be asked again at any time, and goes on from what is
    /// there. What a group has that is not wanted is never taken away: that is refused.
    func prepare(_ name: String, _ request: PrepareRequest) async throws -> Acknowledgement {
        if find(name).map({ $0.state.underlying == .released }) ?? true { try await make(name, request) }
        let group = try group(named: name)
        if request.making != nil { try group.checkIsReplicating() }
        try group.checkDisks(are: request.disks)
        try await group.take(request.policy, senders: [request.sender])
        for disk in request.disks where !group.record.disks.contains(where: { $0.source == disk.source }) {
            _ = try await group.bind(disk)
        }
        // Who paused it goes on when somebody asks for that, and not because a policy was changed.
        if request.making != nil, case .paused = group.state { _ = try await group.resume() }
        return Acknowledgement(message: "Group \(name) is ready for its process server, \(request.sender).")
    }

    /// Makes a group that is not there, or that was committed, because an operator asked for it.
    ///
    /// - Throws: ``ControlFailure`` with `.refused` when there was a commit that the configuration server does not know of:
    ///   orders may be old, those of one that was restored above all, and a machine may run on the disks by now.
    private func make(_ name: String, _ request: PrepareRequest) async throws {
        guard let making = request.making else {
            throw ControlFailure(
                .notFound, "Group \(name) is not here any more.",
                remedy: "Reprotect it, if it is to be protected again.")
        }
        let targets = Set(request.disks.map(\.target))
        let last = try await thread.run { [self] in try lastCommit(of: name, or: targets) }
        if let last, last.group.id != making.lastCommit, !making.targetsAreUnused {
            throw ControlFailure(
                .refused,
                "Group \(last.group.name) was committed on these disks, or under this name, at \(last.committed), and the "
                    + "configuration server does not know of it: a machine may run on them.",
                remedy: "Where nothing runs on them, say so: mtctl site reprotect \(name) --targets-unused.")
        }
        // Its disks were given back: what is left of it is the name.
        if find(name) != nil { _ = try await delete(named: name, discardHistory: false) }
        var create = CreateGroupRequest(name: name, senders: [request.sender])
        create.rpoThresholdSeconds = request.policy.rpoThresholdSeconds
        create.retentionSeconds = request.policy.retentionSeconds
        create.applicationConsistentSeconds = request.policy.applicationConsistentSeconds
        create.quotaBytes = request.policy.quotaBytes
        _ = try await self.create(create, defaults: request.policy, fencingToken: making.fencingToken)
    }

    /// The last commit of a group of that name, or with one of those targets, as the reports of commits tell; they stay
    /// when a group goes. Blocks.
    private func lastCommit(of name: String, or targets: Set<String>) throws -> CommitReport? {
        try environment.reports.names().compactMap { id in
            let report = try environment.reports.read(CommitReport.self, from: id)
            guard let report else { return nil }
            let isMeant = report.group.name == name || report.group.disks.contains { targets.contains($0.target) }
            return isMeant ? report : nil
        }.max { $0.committed < $1.committed }
    }
}

extension ProtectedGroup {
    /// - Throws: ``ControlFailure`` with `.refused` for a group whose disks show, or are made to show, a point.
    fileprivate func checkIsReplicating() throws {
        switch state.underlying {
        case .recovering, .recovered, .committed:
            throw ControlFailure(
                .refused, "Group \(name) is \(state.underlying.reported.rawValue), and takes no data now.",
                remedy: "Roll it back, or commit it.")
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
