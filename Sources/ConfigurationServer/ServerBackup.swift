// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import GRDB
import LinuxSystem
import StoragePrimitives

/// A whole server in one file: a copy of the inventory, with the keys in a table of their own. Whoever has it is the
/// server: mode 0600.
public enum ServerBackup {
    private static let keyTable = "backupFile"

    /// Writes a backup of a server that may be running. The file is replaced in one durable step.
    ///
    /// Source: SQLite, "Online Backup API".
    public static func write(_ folder: StateFolder, to path: String) throws {
        let (parent, name) = PathText.split(path)
        do {
            let target = try DirectoryFolder(path: parent)
            let temporary = "\(name).new"
            // SQLite keeps the mode of a file that is there.
            try target.replace(temporary, with: [])
            let inventory = try Inventory(path: folder.inventoryPath)
            let copy = try DatabaseQueue(path: "\(parent)/\(temporary)")
            try inventory.pool.backup(to: copy)
            try inventory.close()
            try copy.writeWithoutTransaction { database in
                // The copy has the original's mode; a backup is one file.
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
                try database.execute(
                    sql: "CREATE TABLE \(keyTable) (name TEXT NOT NULL PRIMARY KEY, contents TEXT NOT NULL) STRICT")
                for name in StateFolder.keyFiles {
                    try database.execute(
                        sql: "INSERT INTO \(keyTable) VALUES (?, ?)", arguments: [name, try folder.text(name)])
                }
            }
            try copy.close()
            try target.rename(temporary, to: name)
            try target.sync()
        } catch let error as DeviceError {
            throw ConfigurationFailure(error)
        } catch let error as DatabaseError {
            throw ConfigurationFailure(
                .unavailable, "The backup \(path) cannot be written (\(error)).", remedy: "Choose another file.")
        }
    }

    /// Makes a server of a backup, in a folder that has none.
    ///
    /// The number of the revocation list makes a leap: servers may have seen numbers after the backup, which would
    /// otherwise be given a second time to other lists.
    public static func restore(_ path: String, to statePath: String) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let copy = try DatabaseQueue(path: path, configuration: configuration)
            let keys = try copy.read { try check($0, path) }
            let folder = try StateFolder.empty(path: statePath)
            try folder.write(StateFolder.inventory, "")
            let inventory = try DatabaseQueue(path: folder.inventoryPath)
            try copy.backup(to: inventory)
            try inventory.write { database in
                try database.execute(sql: "DROP TABLE \(keyTable)")
                try database.execute(sql: "UPDATE revocationNumber SET value = value + 1000000")
            }
            try inventory.close()
            try copy.close()
            try Inventory(path: folder.inventoryPath).close()
            // The authority's key is the last: with it the folder is a server's.
            for name in StateFolder.keyFiles.filter({ $0 != StateFolder.authorityKey }) + [StateFolder.authorityKey] {
                try folder.write(name, keys[name] ?? "")
            }
        } catch let error as DatabaseError {
            throw ConfigurationFailure(
                .invalidRequest, "\(path) cannot be read as a backup (\(error)).",
                remedy: "Name a file that mt-configuration-server backup wrote.")
        }
    }

    /// The keys of a backup that is whole.
    private static func check(_ database: Database, _ path: String) throws -> [String: String] {
        let remedy = "Name a file that mt-configuration-server backup wrote."
        guard try Int.fetchOne(database, sql: "PRAGMA application_id") == Inventory.applicationID,
            try database.tableExists(keyTable)
        else { throw ConfigurationFailure(.invalidRequest, "\(path) is not a backup of this server.", remedy: remedy) }
        guard try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok" else {
            throw ConfigurationFailure(.invalidRequest, "\(path) is damaged.", remedy: "Take an older backup.")
        }
        var keys: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT name, contents FROM \(keyTable)") {
            keys[row["name"]] = row["contents"]
        }
        guard Set(keys.keys) == Set(StateFolder.keyFiles) else {
            throw ConfigurationFailure(.invalidRequest, "\(path) does not have every key.", remedy: remedy)
        }
        return keys
    }
}
