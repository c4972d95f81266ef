// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteDesk {
    package func groups() async throws -> SiteGroupList {
        SiteGroupList(
            groups: try await site(try await knownServers()).map { state, view in
                SiteGroupReport(
                    state.record, view, job: state.workingJob?.report,
                    claims: claims.findings(state.record.group.name, view))
            })
    }

    package func group(_ name: String) async throws -> SiteGroupReport {
        let (servers, now) = (try await knownServers(), DateTime(clock.now()))
        let (state, view) = try await read { store in
            guard let state = try store.group(name) else { throw ConfigurationFailure.none("group", name) }
            return (state, try store.view(of: state.record, servers, now))
        }
        return SiteGroupReport(state.record, view, job: state.workingJob?.report, claims: claims.findings(name, view))
    }

    /// Every group with what decisions about it are made of, but not what chooses servers.
    func site(_ servers: [ServerReport]) async throws -> [(StoredGroup, SiteView)] {
        let now = DateTime(clock.now())
        return try await read { store in
            let states = try store.groups()
            let policies = Dictionary(
                try store.policies().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let machines = Dictionary(
                try store.machines().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            return states.map { state in
                let policy = state.record.group.policy ?? SitePolicy.defaultName
                return (
                    state,
                    SiteView(
                        now: now, policy: policies[policy] ?? SitePolicy(name: policy),
                        machines: state.record.group.machines.compactMap { machines[$0] }, servers: servers)
                )
            }
        }
    }

    package func save(_ group: SiteGroup, by operator: String) async throws -> SiteGroupReport {
        if let complaint = group.complaint { throw ConfigurationFailure.wrong(complaint) }
        let now = DateTime(clock.now())
        let isOtherPolicy = try await write { store in
            guard try store.policy(group.policy ?? SitePolicy.defaultName) != nil else {
                throw ConfigurationFailure.none("policy", group.policy ?? "")
            }
            for name in group.machines {
                guard let (_, owner) = try store.machine(name) else { throw ConfigurationFailure.none("machine", name) }
                if let owner, owner != group.name {
                    throw ConfigurationFailure(
                        .conflict, "The machine \(name) is in the group \(owner).",
                        remedy: "Take it out of that group first.")
                }
            }
            var record = GroupRecord(group: group, changed: now)
            var isOtherPolicy = false
            if let former = try store.group(group.name) {
                if former.record.group.machines != group.machines {
                    try store.refuseWhilePlaced(group.name, "The machines of a group cannot be changed")
                }
                isOtherPolicy = former.record.group.policy != group.policy
                record = former.record
                record.group = group
            }
            try store.save(record)
            try store.claimMachines(group)
            return isOtherPolicy
        }
        log("A group was saved.", group.name, `operator`)
        if isOtherPolicy { try await follow(group.name) }
        return try await self.group(group.name)
    }

    package func deleteGroup(_ name: String, by operator: String) async throws {
        let servers = try await knownServers()
        let hosts = try await write { store in
            guard let state = try store.group(name) else { throw ConfigurationFailure.none("group", name) }
            // One that was taken back for good would hold the group for ever, and so would one that has nothing of it.
            let pinned = state.record.placement.flatMap { placement in
                servers.first { $0.hostID == placement.masterTarget && $0.state != .revoked }
            }.flatMap { Self.hasNothing($0, of: state.record) ? nil : $0 }
            if pinned != nil || state.workingJob != nil {
                try store.refuseWhilePlaced(name, "The group cannot be deleted")
            }
            try store.delete(group: name)
            try store.announce(state.told.keys)
            return Array(state.told.keys)
        }
        signals.changed(hosts)
        log("A group was deleted.", name, `operator`)
    }

    /// Whether a server says, since the group was changed here last, that it has no such group.
    private static func hasNothing(_ server: ServerReport, of record: GroupRecord) -> Bool {
        guard server.state == .online, let moment = server.lastSeen, let heartbeat = server.heartbeat,
            // A longer list is not told whole.
            heartbeat.groups.count < HeartbeatRequest.maximumGroups,
            moment.timestamp.nanoseconds(since: record.changed.timestamp) >= GroupRecord.underWaySeconds * 1_000_000_000
        else { return false }
        return !heartbeat.groups.contains { $0.name == record.group.name }
    }
}
