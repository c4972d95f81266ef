// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What differs between the engines in the text of a statement.
enum SQLDialect: Sendable {
    case sqlite
    case postgreSQL

    func placeholder(_ number: Int) -> String {
        switch self {
        case .sqlite: "?"
        case .postgreSQL: "$\(number)"
        }
    }

    /// A statement that changes the schema, written with TEXT and BIGINT, in the engine's words.
    ///
    /// SQLite's strict tables know no BIGINT, and with INTEGER a primary key would become the row's number. PostgreSQL
    /// orders by the locale of the database unless it is told to compare octets, as SQLite does.
    func schemaText(_ text: String) -> String {
        let isTable = text.drop { $0.isWhitespace }.hasPrefix("CREATE TABLE")
        guard isTable || text.drop(while: { $0.isWhitespace }).hasPrefix("ALTER TABLE") else { return text }
        switch self {
        case .sqlite: return text.replacing("BIGINT", with: "INT") + (isTable ? " STRICT" : "")
        case .postgreSQL: return text.replacing("TEXT", with: "TEXT COLLATE \"C\"")
        }
    }
}

/// One connection with a transaction open: runs text with bound arguments. Blocking.
protocol SQLEngine: AnyObject {
    var dialect: SQLDialect { get }
    func execute(_ text: String, _ arguments: [SQLValue]) throws(SQLFailure) -> SQLOutcome
}

/// What a statement gave.
struct SQLOutcome {
    var changed = 0
    var rows: [SQLRow] = []
}

/// A transaction in which the first failure is the end, in both engines: PostgreSQL would refuse what follows, SQLite
/// would go on and keep half.
final class CheckedTransaction: SQLTransaction {
    private let engine: any SQLEngine
    private(set) var failure: SQLFailure?

    init(_ engine: any SQLEngine) { self.engine = engine }

    func run(_ statement: Statement) throws -> Int { try execute(statement).changed }
    func rows(_ statement: Statement) throws -> [SQLRow] { try execute(statement).rows }

    /// A statement that changes the schema.
    func change(_ statement: Statement) throws(SQLFailure) {
        _ = try execute(statement) { [dialect = engine.dialect] in dialect.schemaText($0) }
    }

    /// Does the body, and throws the transaction's failure where the body went on after it.
    func perform<Value>(_ body: (any SQLTransaction) throws -> Value) throws -> Value {
        let value = try body(self)
        if let failure { throw failure }
        return value
    }

    private func execute(
        _ statement: Statement, _ spelled: (String) -> String = { $0 }
    ) throws(SQLFailure) -> SQLOutcome {
        if let failure { throw failure }
        do {
            let (text, arguments) = try statement.rendered(for: engine.dialect)
            return try engine.execute(spelled(text), arguments)
        } catch {
            failure = error
            throw error
        }
    }
}
