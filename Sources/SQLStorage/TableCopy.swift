// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Copies every row from one database to another with the same schema, whatever their engines.
public enum TableCopy {
    /// Rows that are in memory at a time.
    static let page = 256

    /// Writes all tables of a database into a file, in one snapshot.
    ///
    /// - Parameter path: A SQLite file that has the tables; what is in them is replaced.
    /// - Throws: ``SQLFailure``.
    public static func copy(_ database: any SQLDatabase, toFile path: String) async throws {
        try await database.read { source in
            try SQLiteFile.write(path) { target in
                try copy(from: source, to: target, tables: try tables(of: target))
            }
        }
    }

    /// Fills a database from a file, in one transaction; what is in its tables is replaced.
    ///
    /// - Parameter check: Refuses, by throwing, a database that must not be filled.
    /// - Throws: ``SQLFailure``, or what the check throws.
    public static func fill(
        _ database: any SQLDatabase, fromFile path: String,
        unless check: @escaping @Sendable (any SQLTransaction) throws -> Void
    ) async throws {
        try await database.write { target in
            try check(target)
            try SQLiteFile.read(path) { source in
                try copy(from: source, to: target, tables: try tables(of: source))
            }
        }
    }

    /// In the order in which they were made: a table that refers to another comes after it.
    private static func tables(of file: any SQLTransaction) throws -> [String] {
        try file.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
            .map { try $0.text("name") }.filter { !$0.hasPrefix("sqlite_") && $0 != [Migration].record }
    }

    private static func copy(from source: any SQLTransaction, to target: any SQLTransaction, tables: [String]) throws {
        for table in tables.reversed() { try target.run("DELETE FROM \(raw: table)") }
        for table in tables {
            var count = 0
            while true {
                // Rows that are alike in every column may change places: nobody can tell.
                let columns = try columns(of: table, source)
                let order = (1...max(1, columns)).map(String.init).joined(separator: ", ")
                let rows = try source.rows(
                    "SELECT * FROM \(raw: table) ORDER BY \(raw: order) LIMIT \(page) OFFSET \(count)")
                for row in rows { try target.run(insertion(of: row, into: table)) }
                count += rows.count
                if rows.count < page { break }
            }
        }
    }

    private static func columns(of table: String, _ source: any SQLTransaction) throws -> Int {
        try source.rows("SELECT * FROM \(raw: table) LIMIT 1").first?.columns.count ?? 1
    }

    private static func insertion(of row: SQLRow, into table: String) throws -> Statement {
        let columns = row.columns
        var statement: Statement = "INSERT INTO \(raw: table) (\(raw: columns.joined(separator: ", "))) VALUES ("
        for (place, column) in columns.enumerated() {
            statement = place == 0 ? "\(statement)\(try row.value(column))" : "\(statement), \(try row.value(column))"
        }
        return "\(statement))"
    }
}
