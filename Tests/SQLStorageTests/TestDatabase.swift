// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import SQLStorage
import TestSupport

/// A database of a test's own, with either engine.
struct TestDatabase: Sendable {
    let engine: DatabaseEngine
    /// A path or a URL.
    let place: String

    static let migrations = [
        Migration(
            name: "1",
            statements: [
                "CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name TEXT, amount BIGINT)",
                "CREATE TABLE part (item BIGINT NOT NULL REFERENCES item (id))",
            ])
    ]

    static func with(
        _ engine: DatabaseEngine, _ work: (any SQLDatabase, TestDatabase) async throws -> Void
    ) async throws {
        let path = "/tmp/mt-sql-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // What cannot be removed is left in /tmp.
        defer { try? FileManager.default.removeItem(atPath: path) }
        let place = try await TestDatabase(engine: engine, place: engine.url() ?? "\(path)/test.sqlite")
        let database = try await place.open()
        do {
            try await work(database, place)
        } catch {
            try await database.close()
            throw error
        }
        try await database.close()
    }

    func open(_ migrations: [Migration] = migrations) async throws -> any SQLDatabase {
        switch engine {
        case .sqlite: try await SQLiteDatabase.open(path: place, applicationID: 7, migrations: migrations)
        case .postgreSQL: try await PostgreSQLDatabase.open(url: place, migrations: migrations)
        }
    }
}

/// The kind of what an operation fails with; nil when it does not.
func kind(_ work: () async throws -> some Any) async -> SQLFailure.Kind? {
    do {
        _ = try await work()
        return nil
    } catch {
        return (error as? SQLFailure)?.kind ?? .other
    }
}
