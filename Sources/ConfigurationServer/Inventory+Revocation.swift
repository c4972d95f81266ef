// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import GRDB
import StoragePrimitives

extension Inventory {
    /// Whether a certificate was taken back.
    func isRevoked(_ serial: String) async throws -> Bool {
        try await pool.read { database in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT * FROM revocation WHERE serial = ?)", arguments: [serial])
                ?? false
        }
    }

    /// Takes all certificates of a server back.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`.
    func revoke(_ hostID: String, reason: String, now: Timestamp) async throws {
        try await pool.write { database in
            guard var row = try ServerRow.fetchOne(database, key: hostID) else {
                throw ConfigurationFailure.noServer(hostID)
            }
            try Self.takeBack(hostID, reason: reason, now: now, database)
            guard row.revoked == nil else { return }
            row.revoked = now.rawValue
            row.setClone(nil)
            try row.update(database)
        }
    }

    /// Takes all certificates of an operator back.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound` when nothing was issued for that name.
    func revokeOperator(_ name: String, reason: String, now: Timestamp) throws {
        try pool.write { database in
            let count =
                try Int.fetchOne(
                    database, sql: "SELECT COUNT(*) FROM certificate WHERE hostID = ? AND role = ?",
                    arguments: [name, HostRole.operator.rawValue]) ?? 0
            guard count > 0 else {
                throw ConfigurationFailure(
                    .notFound, "There is no operator \"\(name)\".", remedy: "Check the spelling.")
            }
            try Self.takeBack(name, reason: reason, now: now, database)
        }
    }

    /// Takes back what a host has and has not lost yet; the number grows when there was any.
    static func takeBack(_ hostID: String, reason: String, now: Timestamp, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO revocation (serial, moment, reason)
                SELECT serial, ?, ? FROM certificate
                WHERE hostID = ? AND expires > ? AND serial NOT IN (SELECT serial FROM revocation)
                """, arguments: [now.rawValue, reason, hostID, now.rawValue])
        guard database.changesCount > 0 else { return }
        try database.execute(sql: "UPDATE revocationNumber SET value = value + 1")
    }

    /// What was taken back and has not expired; nil for who has that number already.
    func revocations(unless number: UInt64?, now: Timestamp) async throws -> RevocationList? {
        try await pool.read { database in
            let current =
                UInt64(clamping: try Int64.fetchOne(database, sql: "SELECT value FROM revocationNumber") ?? 0)
            if current == number { return nil }
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT serial, hostID, moment, reason FROM revocation JOIN certificate USING (serial)
                    WHERE expires > ? ORDER BY moment, serial
                    """, arguments: [now.rawValue])
            return RevocationList(
                number: current,
                revoked: rows.map { row in
                    Revocation(
                        serial: row["serial"], hostID: row["hostID"],
                        moment: DateTime(Timestamp(rawValue: row["moment"])), reason: row["reason"])
                })
        }
    }
}

extension ConfigurationFailure {
    static func noServer(_ hostID: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .notFound, "There is no server \"\(hostID)\".", remedy: "GET \(ConfigurationPath.servers) lists them.")
    }
}
