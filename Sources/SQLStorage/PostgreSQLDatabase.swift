// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem

/// PostgreSQL through libpq, for several programs that share one database.
///
/// Reads are `REPEATABLE READ`: one snapshot. Writes are `SERIALIZABLE`, and done again when another is in the way, or
/// when the connection is lost before the commit. What is lost in the commit is told, and not repeated.
public struct PostgreSQLDatabase: SQLDatabase {
    /// Connections at most, unless told otherwise.
    public static let standardConnections = 8
    /// How often a transaction is begun at most.
    static let maximumAttempts = 12

    private let pool: PostgreSQLPool
    private let threads: DiskThreadPool
    var name: String { pool.address.name }

    private enum Attempt<Value: Sendable>: Sendable {
        case done(Value)
        case failed(any Error)
        case again(SQLFailure)
    }

    private enum Mode: String {
        case read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case write = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
        /// Every statement sees what was committed before it: what was done while a lock was waited for.
        case migration = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    }

    /// Whether a text is a URL of PostgreSQL.
    public static func isURL(_ text: String) -> Bool { PostgreSQLAddress.isURL(text) }

    /// Connects, and brings the database to this version's schema; several programs may do that at once.
    ///
    /// - Parameters:
    ///   - url: As libpq reads it: `postgresql://user@host/database?sslmode=verify-full`. What it leaves out comes from
    ///     libpq's environment, such as `PGPASSFILE`.
    ///   - password: Used when the URL has none.
    ///   - migrations: All there are, the oldest first.
    ///   - connections: At most.
    /// - Throws: ``SQLFailure``.
    public static func open(
        url: String, password: String? = nil, migrations: [Migration], connections: Int = standardConnections
    ) async throws -> PostgreSQLDatabase {
        let database = PostgreSQLDatabase(
            pool: PostgreSQLPool(try PostgreSQLAddress(url: url, password: password)),
            threads: DiskThreadPool(name: "mt-postgresql", threads: connections))
        do {
            try await database.migrate(migrations)
        } catch {
            await database.close()
            throw error
        }
        return database
    }

    /// Reads a snapshot.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value {
        try await transact(.read, body)
    }

    /// Writes, as if nobody else did.
    @discardableResult
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value {
        try await transact(.write, body)
    }

    /// Ends all connections and threads, after what is under way.
    public func close() async {
        pool.close()
        // Waiting for threads blocks, so that a thread does it.
        let closer = DiskThread(name: "mt-close")
        await withCheckedContinuation { continuation in
            closer.run { [threads] in
                threads.finish()
                continuation.resume()
            }
        }
        closer.finish()
    }

    private func migrate(_ migrations: [Migration]) async throws {
        try await transact(.migration) { [name] transaction in
            guard let transaction = transaction as? CheckedTransaction else { return }
            // One program after the other; the number is any that others do not use ("mtsq").
            _ = try transaction.rows("SELECT pg_advisory_xact_lock(1836348273)")
            let tables = try transaction.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            try migrations.apply(
                to: transaction, tables: Set(try tables.map { try $0.text("tablename") }), name: name)
        }
    }

    private func transact<Value: Sendable>(
        _ mode: Mode, _ body: @escaping @Sendable (any SQLTransaction) throws -> Value
    ) async throws -> Value {
        var pause = Duration.milliseconds(2)
        for number in 1... {
            let attempt: Attempt<Value> = await withCheckedContinuation { continuation in
                threads.run { continuation.resume(returning: once(mode, body)) }
            }
            switch attempt {
            case .done(let value): return value
            case .failed(let error): throw error
            case .again(let failure):
                guard number < Self.maximumAttempts else { throw failure }
                // Who was in the way of each other should not meet again.
                try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
                pause = min(pause * 2, .milliseconds(250))
            }
        }
        throw SQLFailure(.unavailable, "\(name) has no connection.")
    }

    private func once<Value: Sendable>(
        _ mode: Mode, _ body: (any SQLTransaction) throws -> Value
    ) -> Attempt<Value> {
        let connection: PostgreSQLConnection
        do {
            connection = try pool.take()
        } catch {
            return .failed(error)
        }
        defer {
            connection.rollback()
            pool.give(connection)
        }
        let transaction = CheckedTransaction(connection)
        do {
            _ = try connection.execute(mode.rawValue, [])
            let value = try transaction.perform(body)
            try connection.commit()
            return .done(value)
        } catch {
            // The body may have made another error of it.
            let failure = transaction.failure ?? error as? SQLFailure
            if let failure, failure.again != .no { return .again(failure) }
            return .failed(error)
        }
    }
}
