// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import SQLStorage
import Testing

@Suite struct SQLiteDatabaseTests {
    @Test func `what is written is read, and a statement that fails undoes all`() async throws {
        let path = "/tmp/mt-sql-\(UUID().uuidString.prefix(13)).sqlite"
        let migrations = [
            Migration(name: "1", statements: ["CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name TEXT)"])
        ]
        let database = try await SQLiteDatabase.open(path: path, applicationID: 1, migrations: migrations)
        let changed = try await database.write { try $0.run("INSERT INTO item (id, name) VALUES (\(1), \("a"))") }
        #expect(changed == 1)
        let failure = await #expect(throws: SQLFailure.self) {
            try await database.write { transaction in
                try transaction.run("INSERT INTO item (id, name) VALUES (\(2), \("b"))")
                do { try transaction.run("INSERT INTO item (id, name) VALUES (\(1), \("b"))") } catch {}
            }
        }
        #expect(failure?.kind == .uniqueViolation)
        let rows = try await database.read { try $0.rows("SELECT id, name FROM item").map { try $0.text("name") } }
        #expect(rows == ["a"])
        try database.close()
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
    }
}
