// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import GRDB
import StoragePrimitives

/// Every server that was enrolled, its certificates, and those that were taken back: one SQLite database.
///
/// Commits are durable (WAL, `synchronous = FULL`). Values only ever travel as bound arguments.
struct Inventory: Sendable {
    let pool: DatabasePool

    /// "mtcs": what `file` and a restore know the database by. Source: SQLite, `PRAGMA application_id`.
    static let applicationID = 0x6D74_6373

    /// Opens the database, makes it when it is not there, and brings it to this version's schema.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.unavailable`, and with `.unsupportedVersion` for a newer one.
    init(path: String) throws {
        do {
            var configuration = Configuration()
            configuration.label = "inventory"
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Self.migrator
            guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else {
                throw ConfigurationFailure(
                    .unsupportedVersion, "\(path) was written by a newer version.", remedy: "Install that version.")
            }
            try migrator.migrate(pool)
        } catch let error as DatabaseError {
            throw ConfigurationFailure(
                .unavailable, "\(path) cannot be opened (\(error)).", remedy: "Restore the server from a backup.")
        }
    }

    /// What was done to the schema, in order; never changed, only added to.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: servers, certificates, revocations") { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(applicationID);
                    CREATE TABLE server (
                        hostID TEXT NOT NULL PRIMARY KEY,
                        role TEXT NOT NULL,
                        hostName TEXT NOT NULL,
                        version TEXT NOT NULL,
                        enrolled INTEGER NOT NULL,
                        machineID TEXT NOT NULL,
                        productUUID TEXT,
                        address TEXT NOT NULL,
                        serial TEXT NOT NULL,
                        certificate TEXT NOT NULL,
                        expires INTEGER NOT NULL,
                        revoked INTEGER,
                        lastSeen INTEGER,
                        heartbeat TEXT,
                        cloneMachineID TEXT,
                        cloneProductUUID TEXT,
                        cloneAddress TEXT,
                        cloneMoment INTEGER
                    ) STRICT;
                    CREATE TABLE certificate (
                        serial TEXT NOT NULL PRIMARY KEY,
                        hostID TEXT NOT NULL,
                        role TEXT NOT NULL,
                        issued INTEGER NOT NULL,
                        expires INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX certificateOfHost ON certificate (hostID);
                    CREATE TABLE revocation (
                        serial TEXT NOT NULL PRIMARY KEY REFERENCES certificate,
                        moment INTEGER NOT NULL,
                        reason TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE revocationNumber (value INTEGER NOT NULL) STRICT;
                    INSERT INTO revocationNumber VALUES (0);
                    """)
        }
        return migrator
    }

    /// Ends all connections.
    func close() throws { try pool.close() }
}

/// A row of the table `server`.
struct ServerRow: Codable, FetchableRecord, PersistableRecord, Sendable {
    static let databaseTableName = "server"

    var hostID: String
    var role: String
    var hostName: String
    var version: String
    var enrolled: Int64
    var machineID: String
    var productUUID: String?
    var address: String
    var serial: String
    var certificate: String
    var expires: Int64
    var revoked: Int64?
    var lastSeen: Int64?
    var heartbeat: String?
    var cloneMachineID: String?
    var cloneProductUUID: String?
    var cloneAddress: String?
    var cloneMoment: Int64?

    var machine: MachineFingerprint {
        MachineFingerprint(
            machineID: HexBytes(machineID) ?? HexBytes([]), productUUID: productUUID.flatMap { HexBytes($0) })
    }

    mutating func setClone(_ clone: CloneReport?) {
        cloneMachineID = clone?.machine.machineID.description
        cloneProductUUID = clone?.machine.productUUID?.description
        cloneAddress = clone?.address
        cloneMoment = clone?.moment.timestamp.rawValue
    }

    var clone: CloneReport? {
        guard let cloneMachineID, let cloneAddress, let cloneMoment else { return nil }
        return CloneReport(
            machine: MachineFingerprint(
                machineID: HexBytes(cloneMachineID) ?? HexBytes([]),
                productUUID: cloneProductUUID.flatMap { HexBytes($0) }),
            address: cloneAddress, moment: DateTime(Timestamp(rawValue: cloneMoment)))
    }
}
