// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// One step of the schema: never changed once it is out, only followed by others.
public struct Migration: Sendable {
    /// Its name, as the database remembers it.
    public let name: String
    /// What it does, with TEXT and BIGINT as the only types.
    public let statements: [Statement]

    /// A step.
    public init(name: String, statements: [Statement]) {
        self.name = name
        self.statements = statements
    }
}

extension [Migration] {
    /// What the database remembers of them.
    static let record = "schema_migration"

    /// Does those that are not done yet, in order.
    ///
    /// - Parameters:
    ///   - tables: Those that the database has.
    ///   - name: The database's, for sentences.
    /// - Throws: ``SQLFailure`` with `.newerSchema` when one is recorded that is none of these, and `.other` when the
    ///   database belongs to something else.
    func apply(to transaction: CheckedTransaction, tables: Set<String>, name: String) throws {
        if tables.isEmpty {
            try transaction.change(
                "CREATE TABLE \(raw: Self.record) (name TEXT NOT NULL PRIMARY KEY, place BIGINT NOT NULL)")
        } else if !tables.contains(Self.record) {
            throw SQLFailure(
                .other, "\(name) has tables that are not of this program; give it an empty database of its own.")
        }
        let done = try transaction.rows("SELECT name FROM \(raw: Self.record)").map { try $0.text("name") }
        if let unknown = Set(done).subtracting(map(\.name)).min() {
            throw SQLFailure(
                .newerSchema, "\(name) was written by a newer version, which made the change \"\(unknown)\".")
        }
        for (place, migration) in enumerated() where !done.contains(migration.name) {
            for statement in migration.statements { try transaction.change(statement) }
            _ = try transaction.run(
                "INSERT INTO \(raw: Self.record) (name, place) VALUES (\(migration.name), \(place))")
        }
    }
}
