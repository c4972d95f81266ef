// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import GRDB

/// A SQLite file that is no program's working database: a backup. Blocking.
public enum SQLiteFile {
    /// Copies a database that may be in use; what was committed when this begins is in the copy, one file with no others
    /// beside it. The target keeps its mode if it is there.
    ///
    /// Source: SQLite, "Online Backup API".
    /// - Throws: ``SQLFailure``.
    public static func copy(_ source: String, to target: String) throws {
        try SQLiteDatabase.failures(source) {
            let from = try DatabaseQueue(path: source, configuration: configuration(isReadOnly: true))
            let copy = try DatabaseQueue(path: target)
            try from.backup(to: copy)
            try from.close()
            // The copy has the original's journal mode.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
    }

    /// What is wrong with a file, as SQLite sees it; nil when it is whole.
    ///
    /// - Throws: ``SQLFailure`` when it is no database, or has another application's id.
    public static func damage(_ path: String, applicationID: Int32) throws -> String? {
        try SQLiteDatabase.failures(path) {
            let queue = try DatabaseQueue(path: path, configuration: configuration(isReadOnly: true))
            defer { end(queue) }
            return try queue.read { database in
                guard try Int32.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
                    throw SQLFailure(.other, "\(path) is none of this program's.")
                }
                let found = try String.fetchOne(database, sql: "PRAGMA integrity_check")
                return found == "ok" ? nil : found ?? "nothing"
            }
        }
    }

    /// Reads in one transaction.
    public static func read<Value>(_ path: String, _ body: (any SQLTransaction) throws -> Value) throws -> Value {
        try SQLiteDatabase.failures(path) {
            let queue = try DatabaseQueue(path: path, configuration: configuration(isReadOnly: true))
            defer { end(queue) }
            return try queue.read { try CheckedTransaction(SQLiteEngine($0, name: path)).perform(body) }
        }
    }

    /// Changes in one transaction; statements are as SQLite has them, also those of the schema.
    public static func write<Value>(_ path: String, _ body: (any SQLTransaction) throws -> Value) throws -> Value {
        try SQLiteDatabase.failures(path) {
            let queue = try DatabaseQueue(path: path, configuration: configuration(isReadOnly: false))
            defer { end(queue) }
            return try queue.write { try CheckedTransaction(SQLiteEngine($0, name: path)).perform(body) }
        }
    }

    private static func configuration(isReadOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(10)
        return configuration
    }

    private static func end(_ queue: DatabaseQueue) {
        // What was to be kept is committed.
        try? queue.close()
    }
}
