// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// Who answers as the configuration server.
public struct ServerIdentity: Hashable, Sendable, Codable {
    /// The common name in its certificate.
    public let name: String
    /// The address that it answered at.
    public let address: String
    /// SHA-256 of its TLS certificate, as `mt-configuration-server show` prints it.
    public let fingerprint: HexBytes
}

/// The operations of a site; for operators. Names are put into paths as they are: they must be permitted ones.
extension ConfigurationClient {
    /// Who answers, and every server that it knows.
    public func identify() async throws -> (server: ServerIdentity, servers: ServerList) {
        try await connected { connection, endpoint in
            let servers: ServerList = try await connection.get(ConfigurationPath.servers)
            let identity = ServerIdentity(
                name: connection.name, address: endpoint.description, fingerprint: HexBytes(connection.fingerprint))
            return (identity, servers)
        }
    }

    /// All policies.
    public func policies() async throws -> SitePolicyList { try await get(ConfigurationPath.policies) }

    /// One policy.
    public func policy(_ name: String) async throws -> SitePolicy { try await get(ConfigurationPath.policy(name)) }

    /// Makes or changes a policy.
    public func save(_ policy: SitePolicy) async throws -> SitePolicy {
        try await post(ConfigurationPath.policies, policy)
    }

    /// Removes a policy; what it was.
    public func deletePolicy(_ name: String) async throws -> SitePolicy {
        try await delete(ConfigurationPath.policy(name))
    }

    /// All machines.
    public func machines() async throws -> SiteMachineList { try await get(ConfigurationPath.machines) }

    /// One machine.
    public func machine(_ name: String) async throws -> SiteMachine { try await get(ConfigurationPath.machine(name)) }

    /// Makes or changes a machine.
    public func save(_ machine: SiteMachine) async throws -> SiteMachine {
        try await post(ConfigurationPath.machines, machine)
    }

    /// Removes a machine; what it was.
    public func deleteMachine(_ name: String) async throws -> SiteMachine {
        try await delete(ConfigurationPath.machine(name))
    }

    /// All groups.
    public func groups() async throws -> SiteGroupList { try await get(ConfigurationPath.groups) }

    /// One group.
    public func group(_ name: String) async throws -> SiteGroupReport { try await get(ConfigurationPath.group(name)) }

    /// Makes or changes a group.
    public func save(_ group: SiteGroup) async throws -> SiteGroupReport {
        try await post(ConfigurationPath.groups, group)
    }

    /// Removes a group; what it was.
    public func deleteGroup(_ name: String) async throws -> SiteGroupReport {
        try await delete(ConfigurationPath.group(name))
    }

    /// What a group can be recovered to, asked of its master target now.
    public func points(of group: String) async throws -> PointList { try await get(ConfigurationPath.points(group)) }

    /// Which point a reference means now, and what it would lose.
    public func resolve(_ point: PointReference, of group: String) async throws -> ResolvedPoint {
        try await post(ConfigurationPath.resolve(group), ResolveRequest(point: point))
    }

    /// What stands against an operation; nothing is begun.
    public func check(_ operation: SiteOperation, on group: String) async throws -> SiteFindingList {
        try await post(ConfigurationPath.check(group), operation)
    }

    /// A code for one login to the console.
    public func consoleCode() async throws -> ConsoleCode {
        try await post(ConfigurationPath.consoleCodes, Nothing())
    }
}
