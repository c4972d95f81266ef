// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import SQLStorage
import StoragePrimitives

/// Every server that was enrolled, its certificates, those that were taken back, and what enrols new ones: a database that
/// is one site's, with SQLite or PostgreSQL.
///
/// Commits are durable. Values only ever travel as bound arguments.
package struct Inventory: Sendable {
    let database: any SQLDatabase

    /// "mtcs": what `file` and a restore know a SQLite file by. Source: SQLite, `PRAGMA application_id`.
    static let applicationID: Int32 = 0x6D74_6373

    /// Opens a database, and brings it to this version's schema.
    ///
    /// - Parameter path: Of the SQLite file, for ``InventoryDatabase/file``; it is made when it is not there.
    /// - Throws: ``ConfigurationFailure`` with `.unavailable`, and with `.unsupportedVersion` for a newer one.
    init(_ database: InventoryDatabase, path: String) async throws {
        do {
            switch database {
            case .file:
                self.database = try await SQLiteDatabase.open(
                    path: path, applicationID: Self.applicationID, migrations: Self.migrations)
            case .postgreSQL(let url):
                self.database = try await PostgreSQLDatabase.open(
                    url: url, password: try Self.password(), migrations: Self.migrations)
            }
        } catch let failure as SQLFailure {
            throw ConfigurationFailure(opening: failure)
        }
    }

    /// What systemd hands over: the credential `database-password` of the service.
    ///
    /// A password file of libpq's own cannot be one: systemd may give a credential's reader access in a way that libpq
    /// takes for everybody's. Source: man 5 systemd.exec, "LoadCredential=".
    private static func password() throws -> String? {
        guard let path = Terminal.environment("CREDENTIALS_DIRECTORY") else { return nil }
        do {
            let bytes = try DirectoryFolder(path: path).contents(of: "database-password", limit: 4096)
            return bytes.map { String(decoding: $0.split(separator: UInt8(ascii: "\n")).first ?? [], as: UTF8.self) }
        } catch {
            throw ConfigurationFailure(error)
        }
    }

    /// Ends all connections.
    func close() async throws { try await database.close() }

    /// Makes an empty database a site's.
    ///
    /// - Parameter authority: SHA-256 of the authority's certificate.
    /// - Throws: ``ConfigurationFailure`` with `.conflict` when it is one already.
    func claim(for authority: HexBytes, secrets: String) async throws {
        try await database.write { transaction in
            try Self.checkUnclaimed(transaction)
            try transaction.run("INSERT INTO site (authority, secrets) VALUES (\(authority.description), \(secrets))")
        }
    }

    static func checkUnclaimed(_ transaction: any SQLTransaction) throws {
        guard try transaction.rows("SELECT authority FROM site").isEmpty else {
            throw ConfigurationFailure(
                .conflict, "The database has a site in it already.",
                remedy:
                    "Give this one an empty database; a further server of that site is made with restore --keys-only.")
        }
    }

    /// - Throws: ``ConfigurationFailure`` with `.conflict` when the database is not this authority's.
    func check(authority: HexBytes) async throws {
        let found = try await database.read { transaction in
            try transaction.rows("SELECT authority FROM site").first.map { try $0.text("authority") }
        }
        guard found == authority.description else {
            throw ConfigurationFailure(
                .conflict, "The database \(found == nil ? "has no site in it" : "is another site's").",
                remedy: "Name this site's database, or restore a backup into an empty one.")
        }
    }

    /// What was done to the schema, in order; never changed, only added to.
    package static let migrations = servers + SiteTables.migrations

    private static let servers: [Migration] = [
        Migration(
            name: "1: servers, certificates, revocations",
            statements: [
                "CREATE TABLE site (authority TEXT NOT NULL PRIMARY KEY, secrets TEXT NOT NULL)",
                """
                CREATE TABLE server (
                    host_id TEXT NOT NULL PRIMARY KEY,
                    role TEXT NOT NULL,
                    host_name TEXT NOT NULL,
                    version TEXT NOT NULL,
                    enrolled BIGINT NOT NULL,
                    machine_id TEXT NOT NULL,
                    product_uuid TEXT,
                    address TEXT NOT NULL,
                    serial TEXT NOT NULL,
                    certificate TEXT NOT NULL,
                    expires BIGINT NOT NULL,
                    revoked BIGINT,
                    last_seen BIGINT,
                    heartbeat TEXT,
                    clone_machine_id TEXT,
                    clone_product_uuid TEXT,
                    clone_address TEXT,
                    clone_moment BIGINT
                )
                """,
                """
                CREATE TABLE certificate (
                    serial TEXT NOT NULL PRIMARY KEY,
                    host_id TEXT NOT NULL,
                    role TEXT NOT NULL,
                    issued BIGINT NOT NULL,
                    expires BIGINT NOT NULL
                )
                """,
                "CREATE INDEX certificate_of_host ON certificate (host_id)",
                """
                CREATE TABLE revocation (
                    serial TEXT NOT NULL PRIMARY KEY REFERENCES certificate,
                    moment BIGINT NOT NULL,
                    reason TEXT NOT NULL
                )
                """,
                "CREATE TABLE revocation_number (value BIGINT NOT NULL)",
                "INSERT INTO revocation_number (value) VALUES (0)",
                "CREATE TABLE spent_challenge (nonce TEXT NOT NULL PRIMARY KEY, expires BIGINT NOT NULL)",
                "CREATE INDEX spent_challenge_by_end ON spent_challenge (expires)",
            ])
    ]
}

extension ConfigurationFailure {
    /// What opening the database gave.
    init(opening failure: SQLFailure) {
        switch failure.kind {
        case .newerSchema: self.init(.unsupportedVersion, failure.sentence, remedy: "Install that version.")
        case .unavailable, .outcomeUnknown:
            self.init(
                .unavailable, failure.sentence,
                remedy:
                    "Look whether it runs and lets this program in; a file that is damaged is restored from a backup.")
        case .uniqueViolation, .foreignKey, .unstorable, .other:
            self.init(.invalidRequest, failure.sentence, remedy: "Correct the setting \"database\".")
        }
    }
}
