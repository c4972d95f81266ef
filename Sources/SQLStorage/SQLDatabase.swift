// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A database that is open: SQLite in a file, or PostgreSQL that several programs share. The same statements for both.
public protocol SQLDatabase: Sendable {
    /// Reads in one transaction that sees one state of the database, and changes nothing.
    ///
    /// - Parameter body: Blocking, on a thread of the database's own. It may be done more than once: no side effects.
    /// - Throws: ``SQLFailure``, or what the body throws.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value

    /// Reads and changes in one serializable transaction: durable when this returns, undone when it throws, with the one
    /// exception of ``SQLFailure/Kind/outcomeUnknown``.
    ///
    /// - Parameter body: As for ``read(_:)``. It is done again when another transaction is in the way: no side effects.
    /// - Throws: ``SQLFailure``, or what the body throws.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value

    /// Ends all connections, after what is under way.
    func close() async throws
}

/// A transaction that is open. The first statement that fails ends it: what follows fails too, and nothing is kept, even
/// if the body catches the error.
public protocol SQLTransaction {
    /// Runs a statement.
    ///
    /// - Returns: How many rows it inserted, changed or deleted.
    /// - Throws: ``SQLFailure``.
    @discardableResult func run(_ statement: Statement) throws -> Int

    /// Runs a statement that gives rows.
    ///
    /// - Throws: ``SQLFailure``.
    func rows(_ statement: Statement) throws -> [SQLRow]
}
