// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates

/// What a server or an operator asks the configuration server for, each over a connection of its own.
public struct ConfigurationClient: Sendable {
    private let endpoints: [ServerEndpoint]
    private let credentials: Credentials

    /// - Parameter endpoints: Where the server may be, in the order to try them.
    public init(_ endpoints: [ServerEndpoint], credentials: Credentials) {
        self.endpoints = endpoints
        self.credentials = credentials
    }

    /// Tells how this server is. A ``HeartbeatService`` does it again and again.
    public func heartbeat(_ request: HeartbeatRequest) async throws -> HeartbeatAnswer {
        try await post(ConfigurationPath.heartbeat, request)
    }

    /// A new certificate for a new key; its names and addresses are those of the old one.
    public func renew(hostID: String, role: HostRole, machine: MachineFingerprint) async throws -> Credentials {
        let key = HostKey()
        let request = RenewalRequest(
            certificateRequest: try key.certificateRequest(host: hostID, role: role, names: .none), machine: machine)
        let answer: RenewalAnswer = try await post(ConfigurationPath.renewal, request)
        return try Credentials(certificate: answer.certificate, key: key, authority: answer.authority)
    }

    /// What was taken back.
    public func revocations() async throws -> RevocationList { try await get(ConfigurationPath.revocations) }

    /// Every server; for operators.
    public func servers() async throws -> ServerList { try await get(ConfigurationPath.servers) }

    /// One server with its last heartbeat; for operators.
    public func server(_ hostID: String) async throws -> ServerReport {
        try await get(ConfigurationPath.server(hostID))
    }

    /// Takes a server's certificates back; for operators.
    public func revoke(_ hostID: String, reason: String) async throws -> ServerReport {
        try await post(ConfigurationPath.revoke(hostID), RevokeRequest(reason: reason))
    }

    private func post<Answer: Decodable & Sendable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        try await FirstAnswer.of(endpoints) { endpoint in
            try await ServerConnection.with(endpoint, trusting: .authority(credentials)) { connection in
                try await connection.post(path, body)
            }
        }
    }

    private func get<Answer: Decodable & Sendable>(_ path: String) async throws -> Answer {
        try await FirstAnswer.of(endpoints) { endpoint in
            try await ServerConnection.with(endpoint, trusting: .authority(credentials)) { connection in
                try await connection.get(path)
            }
        }
    }
}
