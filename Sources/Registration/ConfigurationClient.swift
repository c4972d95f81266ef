// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates

/// What a server or an operator asks the configuration server for, each over a connection of its own.
public struct ConfigurationClient: Sendable {
    let endpoints: [ServerEndpoint]
    let credentials: Credentials
    let isForTerminal: Bool

    /// - Parameters:
    ///   - endpoints: Where the server may be, in the order to try them.
    ///   - isForTerminal: People read what is answered: texts come without control characters.
    public init(_ endpoints: [ServerEndpoint], credentials: Credentials, isForTerminal: Bool = false) {
        self.endpoints = endpoints
        self.credentials = credentials
        self.isForTerminal = isForTerminal
    }

    /// Tells how this server is. A ``HeartbeatService`` does it again and again.
    public func heartbeat(_ request: HeartbeatRequest) async throws -> HeartbeatAnswer {
        try await post(ConfigurationPath.heartbeat, request)
    }

    /// Tells how far this server is with what it was asked to do, and what it is asked now. A ``RegistrationService`` does
    /// it again and again.
    public func exchange(_ exchange: SiteExchange) async throws -> SiteOrders {
        try await post(ConfigurationPath.exchange, exchange)
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

    /// Requests over one connection, one after the other, to the first address that answers.
    ///
    /// - Throws: ``ConfigurationFailure``; with `.unavailable` when no address answers.
    func connected<Result>(
        _ work: (_ connection: inout ServerConnection, _ endpoint: ServerEndpoint) async throws -> Result
    ) async throws -> Result {
        try await FirstAnswer.of(endpoints) { endpoint in
            try await ServerConnection.with(
                endpoint, trusting: .authority(credentials), isForTerminal: isForTerminal
            ) { connection in
                try await work(&connection, endpoint)
            }
        }
    }

    func post<Answer: Decodable & Sendable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        try await connected { connection, _ in try await connection.post(path, body) }
    }

    func get<Answer: Decodable & Sendable>(_ path: String) async throws -> Answer {
        try await connected { connection, _ in try await connection.get(path) }
    }

    func delete<Answer: Decodable & Sendable>(_ path: String) async throws -> Answer {
        try await connected { connection, _ in try await connection.delete(path) }
    }
}
