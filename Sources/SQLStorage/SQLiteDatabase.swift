// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import GRDB

/// SQLite in one file: one writer, readers beside it.
///
/// WAL with `synchronous = FULL`, so a commit is durable; another process is waited for ten seconds.
public struct SQLiteDatabase: SQLDatabase {
    let pool: DatabasePool
    let name: String

    /// Opens the file, makes it when it is not there, and brings it to this version's schema.
    ///
    /// - Parameters:
    ///   - applicationID: What the file is known by. Source: SQLite, `PRAGMA application_id`.
    ///   - migrations: All there are, the oldest first.
    /// - Throws: ``SQLFailure``.
    public static func open(
        path: String, applicationID: Int32, migrations: [Migration]
    ) async throws -> SQLiteDatabase {
        let pool = try failures(path) {
            var configuration = Configuration()
            configuration.label = "sqlite"
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return try DatabasePool(path: path, configuration: configuration)
        }
        let database = SQLiteDatabase(pool: pool, name: path)
        try await database.migrate(migrations, applicationID: applicationID)
        return database
    }

    /// Reads a snapshot, beside the writer.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.read { [name] in
                try CheckedTransaction(SQLiteEngine($0, name: name)).perform(body)
            }
        } catch let error as DatabaseError {
            throw SQLFailure(error, name)
        }
    }

    /// Writes, when it is this one's turn.
    @discardableResult
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.write { [name] in
                try CheckedTransaction(SQLiteEngine($0, name: name)).perform(body)
            }
        } catch let error as DatabaseError {
            throw SQLFailure(error, name)
        }
    }

    /// Ends all connections.
    public func close() throws { try Self.failures(name) { try pool.close() } }

    private func migrate(_ migrations: [Migration], applicationID: Int32) async throws {
        do {
            try await pool.write { [name] database in
                let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                guard found == 0 || found == applicationID else {
                    throw SQLFailure(.other, "\(name) belongs to another program; name another file.")
                }
                let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
                try migrations.apply(
                    to: CheckedTransaction(SQLiteEngine(database, name: name)), tables: Set(tables), name: name)
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            }
        } catch let error as DatabaseError {
            throw SQLFailure(error, name)
        }
    }

    static func failures<Value>(_ name: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw SQLFailure(error, name)
        }
    }
}

/// A connection of GRDB's, inside a transaction.
final class SQLiteEngine: SQLEngine {
    private let database: Database
    private let name: String
    var dialect: SQLDialect { .sqlite }

    init(_ database: Database, name: String) {
        self.database = database
        self.name = name
    }

    func execute(_ text: String, _ arguments: [SQLValue]) throws(SQLFailure) -> SQLOutcome {
        do {
            let before = database.totalChangesCount
            // One statement: a second one would be refused, as PostgreSQL does. Texts are few, values come apart from them,
            // and compiling one again for every request is a third of what a small request costs.
            let statement = try database.cachedStatement(sql: text)
            let bound = StatementArguments(arguments.map(\.databaseValue))
            var outcome = SQLOutcome()
            if statement.columnCount == 0 {
                try statement.execute(arguments: bound)
            } else {
                let places = SQLRow.places(of: statement.columnNames)
                let rows = try Row.fetchCursor(statement, arguments: bound)
                while let row = try rows.next() {
                    outcome.rows.append(SQLRow(places: places, values: try row.databaseValues.map(value)))
                }
            }
            outcome.changed = database.totalChangesCount == before ? 0 : database.changesCount
            return outcome
        } catch let failure as SQLFailure {
            throw failure
        } catch let error as DatabaseError {
            throw SQLFailure(error, name)
        } catch {
            throw SQLFailure(.other, "\(name) did not run a statement (\(error)).")
        }
    }

    private func value(_ value: DatabaseValue) throws -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .string(let text): .text(text)
        case .double, .blob: throw SQLFailure(.other, "\(name) has a value that is neither a number nor a text.")
        }
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        }
    }
}

extension SQLFailure {
    /// Source: SQLite, "Result and Error Codes".
    init(_ error: DatabaseError, _ name: String) {
        let kind: Kind
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: kind = .uniqueViolation
        case .SQLITE_CONSTRAINT_FOREIGNKEY: kind = .foreignKey
        default:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_FULL, .SQLITE_CANTOPEN,
                .SQLITE_NOTADB, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_NOMEM, .SQLITE_INTERRUPT:
                kind = .unavailable
            default: kind = .other
            }
        }
        self.init(kind, "\(name) did not run a statement: \(error.message ?? "error \(error.resultCode.rawValue)").")
    }
}
