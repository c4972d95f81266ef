// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Logging
import StoragePrimitives

extension SiteDesk: SiteService {
    package func servers() async throws -> ServerList {
        ServerList(
            servers: try await knownServers().map { server in
                var server = server
                server.heartbeat = nil
                return server
            })
    }

    package func server(_ hostID: String) async throws -> ServerReport {
        guard let server = try await knownServers().first(where: { $0.hostID == hostID }) else {
            throw ConfigurationFailure.noServer(hostID)
        }
        return server
    }

    // MARK: Policies

    package func policies() async throws -> SitePolicyList {
        SitePolicyList(policies: try await read { try $0.policies() })
    }

    package func policy(_ name: String) async throws -> SitePolicy {
        guard let policy = try await read({ try $0.policy(name) }) else {
            throw ConfigurationFailure.none("policy", name)
        }
        return policy
    }

    package func save(_ policy: SitePolicy, by operator: String) async throws {
        if let complaint = policy.complaint { throw ConfigurationFailure.wrong(complaint) }
        let groups = try await write { store in
            let former = try store.policy(policy.name)
            try store.save(policy)
            return former == policy ? [] : try store.groups(withPolicy: policy.name)
        }
        log("A policy was saved.", policy.name, `operator`)
        for group in groups { try await follow(group) }
    }

    /// The group's servers follow its policy.
    func follow(_ group: String) async throws {
        try await change(group) { state, view, _ in
            // Once the job has ended.
            guard state.workingJob == nil else { return }
            state.record.follow(view, makeID: Self.makeID)
        }
    }

    package func deletePolicy(_ name: String, by operator: String) async throws {
        try await write { store in
            guard name != SitePolicy.defaultName else {
                throw ConfigurationFailure(
                    .conflict, "The policy \(name) stays: groups without another one have it.", remedy: "Change it.")
            }
            guard try store.policy(name) != nil else { throw ConfigurationFailure.none("policy", name) }
            let groups = try store.groups(withPolicy: name)
            guard groups.isEmpty else {
                throw ConfigurationFailure(
                    .conflict, SiteText.clipped("The policy \(name) is that of \(groups.joined(separator: ", "))."),
                    remedy: "Give these groups another one first.")
            }
            try store.delete(policy: name)
        }
        log("A policy was deleted.", name, `operator`)
    }

    // MARK: Machines

    package func machines() async throws -> SiteMachineList {
        SiteMachineList(machines: try await read { try $0.machines() })
    }

    package func machine(_ name: String) async throws -> SiteMachine {
        guard let found = try await read({ try $0.machine(name)?.machine }) else {
            throw ConfigurationFailure.none("machine", name)
        }
        return found
    }

    package func save(_ machine: SiteMachine, by operator: String) async throws {
        if let complaint = machine.complaint { throw ConfigurationFailure.wrong(complaint) }
        try await write { store in
            if let (former, group) = try store.machine(machine.name), former.disks != machine.disks, let group {
                try store.refuseWhilePlaced(group, "The disks of the machine \(machine.name) cannot be changed")
            }
            try store.save(machine)
        }
        log("A machine was saved.", machine.name, `operator`)
    }

    package func deleteMachine(_ name: String, by operator: String) async throws {
        try await write { store in
            guard let (_, group) = try store.machine(name) else { throw ConfigurationFailure.none("machine", name) }
            if let group {
                throw ConfigurationFailure(
                    .conflict, "The machine \(name) is in the group \(group).",
                    remedy: "Take it out of the group first.")
            }
            try store.delete(machine: name)
        }
        log("A machine was deleted.", name, `operator`)
    }

    func log(_ what: Logger.Message, _ name: String, _ operator: String) {
        logger.notice(what, metadata: ["name": "\(name)", "operator": "\(`operator`)"])
    }
}

extension SiteStore {
    /// - Throws: ``ConfigurationFailure`` with `.conflict` while a group is replicated, or a job works on it.
    func refuseWhilePlaced(_ group: String, _ sentence: String) throws {
        guard let state = try self.group(group) else { return }
        if let job = state.workingJob?.report {
            throw ConfigurationFailure(
                .conflict,
                "\(sentence) while \(job.requestedBy)'s \(job.operation.kind.rawValue) of \(group) is under way.",
                remedy: "Wait for it, or cancel it.")
        }
        guard let placement = state.record.placement else { return }
        throw ConfigurationFailure(
            .conflict, "\(sentence) while \(group) is replicated in the direction \(placement.direction.rawValue).",
            remedy: "Fail over and commit it first.")
    }
}
