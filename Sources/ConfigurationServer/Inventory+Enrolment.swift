// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import SQLStorage
import StoragePrimitives

/// A certificate that was just signed.
struct SignedCertificate: Sendable {
    let pem: String
    let issued: IssuedCertificate

    init(pem: String) throws {
        self.pem = pem
        issued = try IssuedCertificate(pemEncoded: pem)
    }
}

extension Inventory {
    /// Takes a server in whose passphrase is proven, or takes it in again: then its former certificates are taken back.
    /// The challenge is spent with it, whatever the outcome, for all servers that share the database.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.challengeSpent`, with `.cloned` for the host id of another machine, which
    ///   is noted, and with `.conflict` for another role.
    func enrol(
        _ identity: JoinerIdentity, with signed: SignedCertificate, challenge: EnrolmentAuthority.Challenge,
        address: String, now: Timestamp
    ) async throws {
        let refusal: ConfigurationFailure? = try await database.write { database in
            try Self.spend(challenge, now: now, database)
            if var known = try ServerRow.find(identity.hostID, database), known.revoked == nil {
                if let refusal = try Self.refuseClone(identity.machine, &known, address, now, database) {
                    return refusal
                }
                guard known.role == identity.role.rawValue else {
                    return ConfigurationFailure(
                        .conflict, "The host \(identity.hostID) is enrolled as \(known.role).",
                        remedy: "Give this machine a host id of its own, or revoke the other one first.")
                }
            }
            try Self.takeBack(identity.hostID, reason: "enrolled again", now: now, database)
            try Self.record(signed.issued, now: now, database)
            let row = ServerRow(
                hostID: identity.hostID, role: identity.role.rawValue, hostName: identity.hostName,
                version: identity.version, enrolled: now.rawValue, machine: identity.machine, address: address,
                serial: signed.issued.serial, certificate: signed.pem,
                expires: signed.issued.notAfter.timestamp.rawValue)
            try row.save(database)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// A server that is what its certificate says, on the machine that it was enrolled on.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`, `.revoked` or `.cloned`; a clone is noted.
    func server(
        _ hostID: String, on machine: MachineFingerprint, address: String, now: Timestamp
    ) async throws -> ServerRow {
        let row = try await database.read { try ServerRow.find(hostID, $0) }
        return try await admit(row, hostID, on: machine, address: address, now: now)
    }

    /// The same of a heartbeat, and whether its certificate was taken back, in one look: there are very many of them.
    ///
    /// - Returns: What was taken back; nil when that is what the server knows.
    func heard(
        _ peer: IssuedCertificate, on machine: MachineFingerprint, knowing number: UInt64, _ address: String,
        _ now: Timestamp
    ) async throws -> RevocationList? {
        let (row, revocations) = try await database.read { database in
            if try Self.isRevoked(peer.serial, database) { throw ConfigurationFailure.takenBack }
            return (
                try ServerRow.find(peer.host, database), try Self.revocations(unless: number, now: now, database)
            )
        }
        _ = try await admit(row, peer.host, on: machine, address: address, now: now)
        return revocations
    }

    private func admit(
        _ row: ServerRow?, _ hostID: String, on machine: MachineFingerprint, address: String, now: Timestamp
    ) async throws -> ServerRow {
        guard let row else {
            throw ConfigurationFailure(
                .notFound, "The host \(hostID) is not enrolled here.",
                remedy: "Enrol it again with the passphrase: the inventory may be older than its certificate.")
        }
        if row.revoked != nil { throw ConfigurationFailure.takenBack }
        if row.machine.isSameMachine(as: machine) { return row }
        let refusal = try await database.write { database -> ConfigurationFailure? in
            guard var row = try ServerRow.find(hostID, database) else { return nil }
            return try Self.refuseClone(machine, &row, address, now, database)
        }
        if let refusal { throw refusal }
        return row
    }

    /// Notes a certificate that follows the one that it was asked for with.
    func renewed(_ hostID: String, with signed: SignedCertificate, now: Timestamp) async throws {
        try await database.write { database in
            let issued = signed.issued
            let changed = try database.run(
                """
                UPDATE server SET serial = \(issued.serial), certificate = \(signed.pem),
                    expires = \(issued.notAfter.timestamp.rawValue)
                WHERE host_id = \(hostID) AND revoked IS NULL
                """)
            guard changed == 1 else { throw ConfigurationFailure.takenBack }
            try Self.record(issued, now: now, database)
        }
    }

    /// Notes a certificate of an operator, so that it can be taken back.
    func recordOperator(_ issued: IssuedCertificate, now: Timestamp) async throws {
        try await database.write { try Self.record(issued, now: now, $0) }
    }

    private static func record(
        _ issued: IssuedCertificate, now: Timestamp, _ database: any SQLTransaction
    ) throws {
        try database.run(
            """
            INSERT INTO certificate (serial, host_id, role, issued, expires)
            VALUES (\(issued.serial), \(issued.host), \(issued.role?.rawValue ?? ""), \(now.rawValue),
                \(issued.notAfter.timestamp.rawValue))
            """)
    }

    /// What was spent is remembered until it has expired anyhow.
    private static func spend(
        _ challenge: EnrolmentAuthority.Challenge, now: Timestamp, _ database: any SQLTransaction
    ) throws {
        try database.run("DELETE FROM spent_challenge WHERE expires <= \(now.rawValue)")
        let nonce = challenge.nonce.description
        guard try database.rows("SELECT nonce FROM spent_challenge WHERE nonce = \(nonce)").isEmpty else {
            throw ConfigurationFailure.challengeSpent
        }
        try database.run(
            "INSERT INTO spent_challenge (nonce, expires) VALUES (\(nonce), \(challenge.expires.rawValue))")
    }

    /// Notes that another machine came with the host id, and what to answer it; nil for the same machine.
    private static func refuseClone(
        _ machine: MachineFingerprint, _ row: inout ServerRow, _ address: String, _ now: Timestamp,
        _ database: any SQLTransaction
    ) throws -> ConfigurationFailure? {
        guard !row.machine.isSameMachine(as: machine) else { return nil }
        row.clone = CloneReport(machine: machine, address: address, moment: DateTime(now))
        try row.saveClone(database)
        return ConfigurationFailure(
            .cloned, "The host id \(row.hostID) belongs to another machine (\(row.hostName)).",
            remedy:
                "If this is a copy, give it a host id of its own; if the machine was moved, revoke it and enrol again.")
    }
}

extension ConfigurationFailure {
    /// A certificate that was good once.
    static let takenBack = ConfigurationFailure(
        .revoked, "The certificate was taken back.", remedy: "Enrol again with the passphrase.")
}
