// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import SQLStorage
import StoragePrimitives

extension Inventory {
    /// Whether a certificate was taken back.
    func isRevoked(_ serial: String) async throws -> Bool {
        try await database.read { try Self.isRevoked(serial, $0) }
    }

    static func isRevoked(_ serial: String, _ database: any SQLTransaction) throws -> Bool {
        try !database.rows("SELECT serial FROM revocation WHERE serial = \(serial)").isEmpty
    }

    /// Takes all certificates of a server back.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`.
    func revoke(_ hostID: String, reason: String, now: Timestamp) async throws {
        try await database.write { database in
            guard var row = try ServerRow.find(hostID, database) else {
                throw ConfigurationFailure.noServer(hostID)
            }
            try Self.takeBack(hostID, reason: reason, now: now, database)
            guard row.revoked == nil else { return }
            row.clone = nil
            try row.saveClone(database)
            try database.run("UPDATE server SET revoked = \(now.rawValue) WHERE host_id = \(hostID)")
        }
    }

    /// Takes all certificates of an operator back.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound` when nothing was issued for that name.
    func revokeOperator(_ name: String, reason: String, now: Timestamp) async throws {
        try await database.write { database in
            let role = HostRole.operator.rawValue
            let issued = try database.rows(
                "SELECT serial FROM certificate WHERE host_id = \(name) AND role = \(role) LIMIT 1")
            guard !issued.isEmpty else {
                throw ConfigurationFailure(
                    .notFound, "There is no operator \"\(name)\".", remedy: "Check the spelling.")
            }
            try Self.takeBack(name, reason: reason, now: now, database)
        }
    }

    /// Takes back what a host has and has not lost yet; the number grows when there was any.
    static func takeBack(_ hostID: String, reason: String, now: Timestamp, _ database: any SQLTransaction) throws {
        let count = try database.run(
            """
            INSERT INTO revocation (serial, moment, reason)
            SELECT serial, \(now.rawValue), \(reason) FROM certificate
            WHERE host_id = \(hostID) AND expires > \(now.rawValue)
                AND serial NOT IN (SELECT serial FROM revocation)
            """)
        guard count > 0 else { return }
        try database.run("UPDATE revocation_number SET value = value + 1")
    }

    /// What was taken back and has not expired; nil for who has that number already.
    func revocations(unless number: UInt64?, now: Timestamp) async throws -> RevocationList? {
        try await database.read { try Self.revocations(unless: number, now: now, $0) }
    }

    static func revocations(
        unless number: UInt64?, now: Timestamp, _ database: any SQLTransaction
    ) throws -> RevocationList? {
        let value = try database.rows("SELECT value FROM revocation_number").first?.integer("value") ?? 0
        let current = UInt64(clamping: value)
        if current == number { return nil }
        let rows = try database.rows(
            """
            SELECT serial, host_id, moment, reason FROM revocation JOIN certificate USING (serial)
            WHERE expires > \(now.rawValue) ORDER BY moment, serial
            """)
        return RevocationList(
            number: current,
            revoked: try rows.map { row in
                Revocation(
                    serial: try row.text("serial"), hostID: try row.text("host_id"),
                    moment: DateTime(Timestamp(rawValue: try row.integer("moment"))),
                    reason: try row.text("reason"))
            })
    }
}

extension ConfigurationFailure {
    static func noServer(_ hostID: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .notFound, "There is no server \"\(hostID)\".", remedy: "GET \(ConfigurationPath.servers) lists them.")
    }
}
