// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import FoundationEssentials
import LinuxSystem
import StoragePrimitives
import Synchronization

/// The groups of an appliance, by name. The record of each is a file in the state folder.
public final class GroupRegistry: Sendable {
    /// Groups that one appliance may have: two threads each, and a share of the memory.
    static let maximumGroups = 256

    private let groups = Mutex<[String: ProtectedGroup]>([:])
    let environment: GroupEnvironment
    /// Groups are made and deleted one at a time.
    let thread = DiskThread(name: "mt-groups")

    /// Reads the records. Blocking: not on the cooperative pool.
    init(environment: GroupEnvironment) throws {
        self.environment = environment
        for id in try environment.records.names() {
            let record: GroupRecord?
            do {
                record = try environment.records.read(GroupRecord.self, from: id)
            } catch {
                // One record that cannot be read must not keep the other groups from their work.
                environment.logger.error(
                    "A group's record cannot be read.", metadata: ["id": "\(id)", "reason": "\(error)"])
                continue
            }
            guard let record, record.id == id else { continue }
            guard find(record.name) == nil else {
                environment.logger.error(
                    "Two records name one group; the second is left alone. Remove the one that is wrong.",
                    metadata: ["group": "\(record.name)", "id": "\(id)"])
                continue
            }
            groups.withLock { $0[record.name] = ProtectedGroup(record, environment: environment) }
        }
        environment.memory.count(all().count)
        for group in all() { environment.disks.claim(group.record.disks.map(\.target), for: group.name) }
    }

    func all() -> [ProtectedGroup] { groups.withLock { $0.values.sorted { $0.name < $1.name } } }

    func reports() -> [GroupReport] { all().map { $0.report() } }

    package func find(_ name: String) -> ProtectedGroup? { groups.withLock { $0[name] } }

    func group(named name: String) throws -> ProtectedGroup {
        guard let group = find(name) else {
            throw ControlFailure(.notFound, "There is no group \(name).", remedy: "mtctl group list shows the groups.")
        }
        return group
    }

    /// - Parameter fencingToken: Senders with a smaller one are kept out.
    func create(
        _ request: CreateGroupRequest, defaults: GroupPolicy, fencingToken: UInt64 = 0
    ) async throws -> GroupReport {
        let name = request.name
        guard CreateGroupRequest.isPermittedName(name) else {
            throw ControlFailure(
                .invalidRequest, "\"\(name)\" cannot be a group's name.",
                remedy:
                    "Use 1 to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or a digit.")
        }
        var policy = defaults
        policy.rpoThresholdSeconds = request.rpoThresholdSeconds ?? policy.rpoThresholdSeconds
        policy.retentionSeconds = request.retentionSeconds ?? policy.retentionSeconds
        policy.applicationConsistentSeconds =
            request.applicationConsistentSeconds ?? policy.applicationConsistentSeconds
        policy.quotaBytes = request.quotaBytes ?? policy.quotaBytes
        if let complaint = policy.complaint {
            throw ControlFailure(
                .invalidRequest, "Group \(name) cannot be made. \(complaint)", remedy: "Correct the policy.")
        }
        guard request.senders.count <= 64, request.senders.allSatisfy({ CreateGroupRequest.isPermittedName($0) }) else {
            throw ControlFailure(
                .invalidRequest, "A sender of group \(name) is no host id, or there are more than 64.",
                remedy: "Correct --sender.")
        }
        let record = GroupRecord(
            name: name, id: UUID().uuidString.lowercased(), created: DateTime(environment.clock.now()), policy: policy,
            senders: request.senders, fencingToken: fencingToken)
        return try await thread.run { [self] in
            guard find(name) == nil else {
                throw ControlFailure(.exists, "Group \(name) exists.", remedy: "Choose another name.")
            }
            guard all().count < Self.maximumGroups else {
                throw ControlFailure(
                    .refused, "There are \(Self.maximumGroups) groups, and no more are possible.",
                    remedy: "Delete one, or set up another master target.")
            }
            try environment.records.write(record, as: record.id)
            let group = ProtectedGroup(record, environment: environment)
            groups.withLock { $0[name] = group }
            environment.memory.count(all().count)
            environment.logger.notice("A group was made.", metadata: ["group": "\(name)", "id": "\(record.id)"])
            return group.report()
        }
    }

    func delete(named name: String, discardHistory: Bool) async throws -> Acknowledgement {
        let group = try group(named: name)
        try await group.prepareDeletion(discardHistory: discardHistory)
        try await thread.run { [self] in
            try environment.records.remove(group.id)
            groups.withLock { $0[name] = nil }
            group.drain()
            environment.disks.claim([], for: name)
        }
        environment.logger.notice("A group was deleted.", metadata: ["group": "\(name)", "id": "\(group.id)"])
        return Acknowledgement(message: "Group \(name) is deleted; the content of its target disks stays.")
    }

    /// Opens every group, each on its own thread.
    func start() async {
        await withDiscardingTaskGroup { tasks in
            for group in all() {
                tasks.addTask {
                    // `start` handles its own failures; the hop to the thread has none.
                    try? await group.perform { group.start() }
                }
            }
        }
    }

    /// Ends everything and makes it durable. Blocking.
    func drain() {
        thread.finish()
        for group in all() { group.drain() }
    }
}

extension ProtectedGroup {
    /// Refuses, or takes the group apart as far as its record.
    fileprivate func prepareDeletion(discardHistory: Bool) async throws {
        try await perform { [self] in
            try checkNoJob()
            try check(.delete)
            if hasHistory, !discardHistory {
                throw ControlFailure(
                    .notConfirmed, "Group \(name) has recovery points, and they are lost when it is deleted.",
                    remedy: "Add --discard-history to say that this is meant.")
            }
            try environment.previews.checkNone(of: name)
            endSession("the group is deleted")
            closeStore()
            if record.hasStore {
                try environment.checkVolume()
                try removeHistory()
            }
            try forgetFingerprint()
        }
    }
}
