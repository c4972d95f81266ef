// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import LinuxSystem
import SQLStorage
import StoragePrimitives

/// A whole server in one file: the inventory as SQLite has it, wherever it is, with the keys in a table of their own.
/// Whoever has it is the server: mode 0600.
public enum ServerBackup {
    private static let keyTable = "backup_file"
    private static let remedy = "Name a file that mt-configuration-server backup wrote."

    /// Writes a backup of a server that may be running, as it is at one moment. The file is replaced in one durable step.
    public static func write(_ folder: StateFolder, to path: String) async throws {
        let (parent, name) = PathText.split(path)
        do {
            let target = try DirectoryFolder(path: parent)
            let temporary = "\(name).new"
            // SQLite keeps the mode of a file that is there.
            try target.replace(temporary, with: [])
            try await copyInventory(of: folder, to: "\(parent)/\(temporary)")
            try SQLiteFile.write("\(parent)/\(temporary)") { file in
                try file.run(
                    "CREATE TABLE \(raw: keyTable) (name TEXT NOT NULL PRIMARY KEY, contents TEXT NOT NULL) STRICT")
                for key in StateFolder.keyFiles {
                    try file.run(
                        "INSERT INTO \(raw: keyTable) (name, contents) VALUES (\(key), \(try folder.text(key)))")
                }
            }
            try target.rename(temporary, to: name)
            try target.sync()
        } catch let error as DeviceError {
            throw ConfigurationFailure(error)
        } catch let failure as SQLFailure {
            throw ConfigurationFailure(
                .unavailable, "The backup \(path) cannot be written: \(failure.sentence)",
                remedy: "Look whether the database is up, or choose another file.")
        }
    }

    private static func copyInventory(of folder: StateFolder, to path: String) async throws {
        if folder.database == .file { return try SQLiteFile.copy(folder.inventoryPath, to: path) }
        let inventory = try await folder.openInventory()
        let working = "\(path).tables"
        do {
            // Made as a working database, with the files that one has beside it; the copy is one file.
            try await Inventory(.file, path: working).close()
            try await TableCopy.copy(inventory.database, toFile: working)
            try SQLiteFile.copy(working, to: path)
        } catch {
            try removeDatabase(working)
            try await inventory.close()
            throw error
        }
        try removeDatabase(working)
        try await inventory.close()
    }

    /// Makes a server of a backup, in a folder that has none, and with a database that is empty.
    ///
    /// The number of the revocation list makes a leap: servers may have seen numbers after the backup, which would
    /// otherwise be given a second time to other lists.
    ///
    /// - Parameter isKeysOnly: Whether the database is that of the site already: this is one more server of it.
    public static func restore(
        _ path: String, to statePath: String, database: InventoryDatabase = .file, isKeysOnly: Bool = false
    ) async throws {
        guard !isKeysOnly || database != .file else {
            throw ConfigurationFailure(
                .invalidRequest, "A further server of a site needs the site's database.",
                remedy: "Give its URL with --database.")
        }
        do {
            let keys = try check(path)
            let folder = try StateFolder.empty(path: statePath, database: database)
            if !isKeysOnly { try await restoreInventory(from: path, in: folder) }
            // The authority's key is the last: with it the folder is a server's.
            for name in StateFolder.keyFiles.filter({ $0 != StateFolder.authorityKey }) {
                try folder.write(name, keys[name] ?? "")
            }
            try await folder.openInventory().close()
            try folder.write(StateFolder.authorityKey, keys[StateFolder.authorityKey] ?? "")
        } catch let failure as SQLFailure {
            throw ConfigurationFailure(.unavailable, failure.sentence, remedy: "Look whether the database is up.")
        }
    }

    private static func restoreInventory(from path: String, in folder: StateFolder) async throws {
        try folder.write(StateFolder.inventory, "")
        let file = folder.inventoryPath
        try SQLiteFile.copy(path, to: file)
        try SQLiteFile.write(file) { file in
            try file.run("DROP TABLE \(raw: keyTable)")
            try file.run("UPDATE revocation_number SET value = value + 1000000")
        }
        // It may be of an older version.
        try await Inventory(.file, path: file).close()
        guard folder.database != .file else { return }
        do {
            let inventory = try await Inventory(folder.database, path: file)
            try await TableCopy.fill(inventory.database, fromFile: file, unless: Inventory.checkUnclaimed)
            try await inventory.close()
        } catch {
            try removeDatabase(file)
            throw error
        }
        try removeDatabase(file)
    }

    /// With what SQLite leaves beside it.
    private static func removeDatabase(_ path: String) throws {
        let (parent, name) = PathText.split(path)
        do {
            let folder = try DirectoryFolder(path: parent)
            let names = Set(try folder.names())
            for name in ["\(name)-wal", "\(name)-shm", name] where names.contains(name) { try folder.remove(name) }
        } catch {
            throw ConfigurationFailure(error)
        }
    }

    /// The keys of a backup that is whole.
    private static func check(_ path: String) throws -> [String: String] {
        do {
            guard try SQLiteFile.damage(path, applicationID: Inventory.applicationID) == nil else {
                throw ConfigurationFailure(.invalidRequest, "\(path) is damaged.", remedy: "Take an older backup.")
            }
            let keys = try SQLiteFile.read(path) { file in
                guard try !file.rows("SELECT name FROM sqlite_schema WHERE name = \(keyTable)").isEmpty else {
                    throw ConfigurationFailure(
                        .invalidRequest, "\(path) is not a backup of this server.", remedy: remedy)
                }
                return Dictionary(
                    try file.rows("SELECT name, contents FROM \(raw: keyTable)").map {
                        (try $0.text("name"), try $0.text("contents"))
                    }, uniquingKeysWith: { first, _ in first })
            }
            guard Set(keys.keys) == Set(StateFolder.keyFiles) else {
                throw ConfigurationFailure(.invalidRequest, "\(path) does not have every key.", remedy: remedy)
            }
            return keys
        } catch let failure as SQLFailure {
            throw ConfigurationFailure(
                .invalidRequest, "\(path) cannot be read as a backup: \(failure.sentence)", remedy: remedy)
        }
    }
}
