// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import SQLStorage
import TestSupport
import Testing

/// One suite for both engines.
@Suite struct SQLDatabaseTests {
    static let texts = [
        "", " ", "'", "''; DROP TABLE item; --", "\"; DELETE FROM item; --", "$1 ? ?1 :a @b", "\\", "\\'", "a\nb\r\tc",
        "%_",
        "\u{1F4A3}\u{202E}\u{FEFF}e\u{301}", "NULL", "0x00", "\u{1}\u{7F}", "E'\\x'", "$$ $a$",
        String(repeating: "\u{1F4A3}'", count: 1 << 18),
    ]

    @Test(arguments: DatabaseEngine.available) func `hostile text comes back as it was`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            for (id, text) in Self.texts.enumerated() {
                try await database.write { transaction in
                    try transaction.run("INSERT INTO item (id, name) VALUES (\(id), \(text))")
                }
                let found = try await database.read { transaction in
                    try transaction.rows("SELECT name FROM item WHERE id = \(id) AND name = \(text)")
                        .map { try $0.text("name") }
                }
                #expect(found.map { Array($0.utf8) } == [Array(text.utf8)])
            }
        }
    }

    @Test(arguments: DatabaseEngine.available) func `what cannot be stored alike is refused, and nothing is kept`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            for text in ["\u{0}", "a\u{0}b"] {
                #expect(
                    await kind {
                        try await database.write { transaction in
                            try transaction.run("INSERT INTO item (id) VALUES (\(1))")
                            try transaction.run("UPDATE item SET name = \(text)")
                        }
                    } == .unstorable)
            }
            #expect(
                await kind {
                    try await database.write { try $0.run("INSERT INTO item (id) VALUES (\(UInt64.max))") }
                } == .unstorable)
            #expect(
                await kind {
                    try await database.write { try $0.run("DELETE FROM item; DELETE FROM item") }
                } == .other)
            let unknown = await kind { try await database.read { try $0.rows("SELECT none FROM item") } }
            #expect(unknown == .other)
            let count = try await count(database)
            #expect(count == 0)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `numbers, truth and nothing come back as they were`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            let numbers: [Int64?] = [0, -1, .min, .max, nil]
            try await database.write { transaction in
                for (id, number) in numbers.enumerated() {
                    try transaction.run(
                        "INSERT INTO item (id, amount, name) VALUES (\(id), \(number), \(String?.none))")
                }
                try transaction.run("INSERT INTO item (id, amount) VALUES (\(5), \(true))")
                try transaction.run("INSERT INTO item (id, amount) SELECT \(6), \(UInt64(7)) FROM item WHERE id = \(5)")
            }
            let rows = try await database.read { try $0.rows("SELECT amount, name FROM item ORDER BY id") }
            #expect(try rows.map { try $0.optionalInteger("amount") } == numbers + [1, 7])
            #expect(try rows.map { try $0.optionalText("name") } == Array(repeating: nil, count: 7))
            #expect(throws: SQLFailure.self) { try rows[0].text("name") }
            #expect(throws: SQLFailure.self) { try rows[0].text("amount") }
            #expect(throws: SQLFailure.self) { try rows[0].integer("none") }
            let sums = try await database.read {
                try $0.rows("SELECT COUNT(*) AS number, SUM(id) AS total, MAX(id) > 3 AS large FROM item")
            }
            let totals = try sums.map { row in
                try ["number", "total", "large"].map { try row.integer($0) }
            }
            #expect(totals == [[7, 21, 1]])
        }
    }

    @Test(arguments: DatabaseEngine.available) func `how many rows were changed is told`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            let counts = try await database.write { transaction in
                [
                    try transaction.run("INSERT INTO item (id) VALUES (1), (2), (3)"),
                    try transaction.run("UPDATE item SET amount = \(1) WHERE id > \(1)"),
                    try transaction.run("UPDATE item SET amount = \(1) WHERE id > \(9)"),
                    try transaction.run("SELECT id FROM item"),
                    try transaction.run(
                        """
                        INSERT INTO item (id, name) VALUES (\(1), \("a"))
                        ON CONFLICT (id) DO UPDATE SET name = excluded.name
                        """),
                    try transaction.rows("DELETE FROM item RETURNING id").count,
                ]
            }
            #expect(counts == [3, 2, 0, 0, 1, 3])
        }
    }

    @Test(arguments: DatabaseEngine.available) func `the first failure is the end, also for who catches it`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            let kinds: [(Statement, SQLFailure.Kind)] = [
                ("INSERT INTO item (id) VALUES (\(1))", .uniqueViolation),
                ("INSERT INTO part (item) VALUES (\(99))", .foreignKey),
                ("INSERT INTO item (id, name) VALUES (\(3), \(4), \(5))", .other),
                ("INSERT INTO item (amount) VALUES (\(3))", .other),
            ]
            try await database.write { try $0.run("INSERT INTO item (id) VALUES (\(1))") }
            for (statement, wanted) in kinds {
                let found = await kind {
                    try await database.write { transaction in
                        try transaction.run("INSERT INTO item (id) VALUES (\(2))")
                        do { try transaction.run(statement) } catch {}
                        do { try transaction.run("INSERT INTO item (id) VALUES (\(3))") } catch {}
                    }
                }
                #expect(found == wanted)
                #expect(try await count(database) == 1)
            }
            struct Refusal: Error {}
            await #expect(throws: Refusal.self) {
                try await database.write { transaction in
                    try transaction.run("DELETE FROM item")
                    throw Refusal()
                }
            }
            #expect(try await count(database) == 1)
            let written = await kind { try await database.read { try $0.run("DELETE FROM item") } }
            #expect(written == .other || written == .unavailable)
            #expect(try await count(database) == 1)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `text is in the order of its octets`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            let names = ["b", "B", "a", "\u{E4}", "_", "1", "10", "2"]
            try await database.write { transaction in
                for (id, name) in names.enumerated() {
                    try transaction.run("INSERT INTO item (id, name) VALUES (\(id), \(name))")
                }
            }
            let found = try await database.read {
                try $0.rows("SELECT name FROM item ORDER BY name").map { try $0.text("name") }
            }
            #expect(found == ["1", "10", "2", "B", "_", "a", "b", "\u{E4}"])
        }
    }

    @Test(arguments: DatabaseEngine.available) func `writers that are in each other's way lose nothing`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, place in
            try await database.write { try $0.run("INSERT INTO item (id, amount) VALUES (\(0), \(0))") }
            let other = try await place.open()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<6 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await (task.isMultiple(of: 2) ? database : other).write { transaction in
                                let amount = try transaction.rows("SELECT amount FROM item WHERE id = 0")
                                    .first?.integer("amount")
                                try transaction.run("UPDATE item SET amount = \((amount ?? 0) + 1) WHERE id = 0")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let amount = try await database.read { try $0.rows("SELECT amount FROM item").first?.integer("amount") }
            #expect(amount == 60)
            try await other.close()
        }
    }

    /// Write skew: each sees that there is room, and writes another row.
    @Test(arguments: DatabaseEngine.available) func `transactions are as if one came after the other`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<12 {
                    group.addTask {
                        try await database.write { transaction in
                            guard try transaction.rows("SELECT id FROM item").count < 5 else { return }
                            try transaction.run("INSERT INTO item (id) VALUES (\(id))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await count(database) == 5)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `migrations are done once, by many at a time`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, place in
            try await database.write { try $0.run("INSERT INTO item (id) VALUES (\(1))") }
            let more =
                TestDatabase.migrations + [
                    Migration(
                        name: "2",
                        statements: [
                            "ALTER TABLE item ADD COLUMN note TEXT", "ALTER TABLE item ADD COLUMN seen BIGINT",
                            "INSERT INTO item (id, note, seen) VALUES (2, 'made', 3)",
                        ])
                ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 { group.addTask { try await place.open(more).close() } }
                try await group.waitForAll()
            }
            let rows = try await database.read { try $0.rows("SELECT * FROM item ORDER BY id") }
            #expect(try rows.map { try $0.optionalText("note") } == [nil, "made"])
            #expect(await kind { try await place.open() } == .newerSchema)
            let wrong = more + [Migration(name: "3", statements: ["CREATE TABLE a (b BIGINT)", "CREATE NONSENSE"])]
            #expect(await kind { try await place.open(wrong) } == .other)
            try await place.open(more).close()
        }
    }

    @Test(arguments: DatabaseEngine.available) func `every row is copied to a file and back`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { database, _ in
            try await TestDatabase.with(.sqlite) { file, fileAt in
                try await file.close()
                try await database.write { transaction in
                    for id in 0..<700 {
                        try transaction.run(
                            "INSERT INTO item (id, name, amount) VALUES (\(id), \(Self.texts[id % 16]), \(id % 3 == 0 ? nil : id))"
                        )
                        try transaction.run("INSERT INTO part (item) VALUES (\(id / 2))")
                    }
                }
                try await TableCopy.copy(database, toFile: fileAt.place)
                @Sendable func all(_ transaction: any SQLTransaction) throws -> [[SQLValue]] {
                    let items = try transaction.rows("SELECT id, name, amount FROM item ORDER BY id")
                    let parts = try transaction.rows("SELECT item FROM part ORDER BY item")
                    return try (items + parts).map { row in try row.columns.map { try row.value($0) } }
                }
                let before = try await database.read(all)
                #expect(before.count == 1400)
                #expect(try SQLiteFile.read(fileAt.place, all) == before)
                try await database.write { try $0.run("DELETE FROM part") }
                try await TableCopy.fill(database, fromFile: fileAt.place) { _ in }
                #expect(try await database.read(all) == before)
            }
        }
    }

    private func count(_ database: any SQLDatabase) async throws -> Int {
        try await database.read { try $0.rows("SELECT id FROM item").count }
    }
}
