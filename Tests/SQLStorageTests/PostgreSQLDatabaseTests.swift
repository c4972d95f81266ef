// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import SQLStorage
import Synchronization
import TestSupport
import Testing

@Suite(.enabled(if: PostgreSQLServer.whyNot == nil, "PostgreSQL is not installed."))
struct PostgreSQLDatabaseTests {
    @Test func `what a lost connection cut off before its commit is done again`() async throws {
        try await TestDatabase.with(.postgreSQL) { database, _ in
            let runs = Mutex(0)
            try await database.write { transaction in
                try transaction.run("INSERT INTO item (id) VALUES (\(1))")
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run < 3 { _ = try transaction.rows("SELECT pg_terminate_backend(pg_backend_pid())") }
            }
            #expect(runs.withLock { $0 } == 3)
            #expect(try await database.read { try $0.rows("SELECT id FROM item").count } == 1)
        }
    }

    @Test func `what is lost in the commit is told and not repeated`() async throws {
        try await TestDatabase.with(.postgreSQL) { database, _ in
            for statement: Statement in [
                """
                CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
                """,
                """
                CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION lose()
                """,
            ] {
                try await database.write { try $0.run(statement) }
            }
            let runs = Mutex(0)
            let found = await kind {
                try await database.write { transaction in
                    runs.withLock { $0 += 1 }
                    try transaction.run("INSERT INTO item (id) VALUES (\(1))")
                }
            }
            #expect(found == .outcomeUnknown)
            #expect(runs.withLock { $0 } == 1)
            // It goes on.
            #expect(try await database.read { try $0.rows("SELECT id FROM item").count } == 0)
        }
    }

    @Test func `a conflict that does not end is told after a bounded number of attempts`() async throws {
        try await TestDatabase.with(.postgreSQL) { database, _ in
            let runs = Mutex(0)
            let found = await kind {
                try await database.write { transaction in
                    runs.withLock { $0 += 1 }
                    try transaction.run("DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END $$")
                }
            }
            #expect(found == .unavailable)
            #expect(runs.withLock { $0 } == 12)
        }
    }

    @Test func `a server that is killed in the middle of writes has all that was acknowledged, and is used again`()
        async throws
    {
        let server = try await PostgreSQLServer()
        let url = try await server.database()
        let database = try await PostgreSQLDatabase.open(url: url, migrations: TestDatabase.migrations)
        let ledger = Ledger()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var number = 0
                    while !ledger.isEnding {
                        number += 1
                        let id = task * 1_000_000 + number
                        do {
                            try await database.write { try $0.run("INSERT INTO item (id) VALUES (\(id))") }
                            ledger.acknowledged(id)
                        } catch let failure as SQLFailure {
                            #expect(failure.kind == .unavailable || failure.kind == .outcomeUnknown, "\(failure)")
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
            }
            group.addTask {
                for _ in 0..<2 {
                    let before = ledger.ids.count
                    try await until { ledger.ids.count > before + 100 }
                    try await server.kill()
                    let down = await kind { try await database.read { try $0.rows("SELECT 1 AS one").count } }
                    #expect(down == .unavailable)
                    try await server.start()
                }
                let before = ledger.ids.count
                try await until { ledger.ids.count > before + 100 }
                ledger.end()
            }
            try await group.waitForAll()
        }
        let kept = Set(try await database.read { try $0.rows("SELECT id FROM item").map { Int(try $0.integer("id")) } })
        let wanted = Set(ledger.ids)
        #expect(wanted.subtracting(kept).isEmpty)
        #expect(wanted.count > 300)
        // Besides them only what was being committed when the server ended.
        #expect(kept.count - wanted.count <= 8)
        await database.close()
    }

    /// What a client was told is done.
    private final class Ledger: Sendable {
        private let state = Mutex<(ids: [Int], isEnding: Bool)>(([], false))
        var ids: [Int] { state.withLock { $0.ids } }
        var isEnding: Bool { state.withLock { $0.isEnding } }
        func acknowledged(_ id: Int) { state.withLock { $0.ids.append(id) } }
        func end() { state.withLock { $0.isEnding = true } }
    }

    private func until(_ isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isSo() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func `a password is in no sentence`() async throws {
        let secret = "h0rse-battery"
        var sentences: [String] = []
        for url in [
            "postgresql://user:\(secret)@127.0.0.1:1/site", "postgres://user:\(secret)@127.0.0.1:x/site",
            "postgres://user:\(secret)@[::1/site", "postgresql://user@127.0.0.1:1/site?password=\(secret)",
            "postgresql://user@127.0.0.1:1/site?pass=\(secret)", "postgresql://\(secret):\(secret)@/",
            "mysql://user:\(secret)@127.0.0.1/site",
        ] {
            do {
                _ = try await PostgreSQLDatabase.open(url: url, migrations: [])
            } catch {
                sentences.append("\(error)")
            }
        }
        #expect(sentences.count == 7)
        for sentence in sentences.dropLast(2) { #expect(!sentence.contains(secret), "\(sentence)") }
        #expect(sentences[0].contains("127.0.0.1"))
    }

    @Test func `what the URL says about TLS and passwords is heeded`() async throws {
        let server = try await PostgreSQLServer(isOnLoopback: true)
        let local = try await PostgreSQLDatabase.open(url: try await server.database(), migrations: [])
        let secret = PostgreSQLServer.password
        try await local.write { try $0.run("ALTER ROLE postgres PASSWORD '\(raw: secret)'") }
        await local.close()
        let file = "\(server.folder).pass"
        // What cannot be removed is left in /tmp.
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data("127.0.0.1:*:*:*:\(secret)\n".utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let url = "127.0.0.1:\(server.port)/postgres?connect_timeout=20"
        let verified = "\(url)&sslmode=verify-full&sslrootcert=\(server.certificate)"
        func open(_ rest: String, password: String? = nil) async throws -> Int64 {
            let database = try await PostgreSQLDatabase.open(
                url: "postgresql://\(rest)", password: password, migrations: [])
            let rows = try await database.read {
                try $0.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            }
            await database.close()
            return try rows[0].integer("ssl")
        }
        #expect(try await open("postgres:\(secret)@\(verified)") == 1)
        #expect(try await open("postgres@\(verified)", password: secret) == 1)
        #expect(try await open("postgres@\(verified)&passfile=\(file)") == 1)
        #expect(try await open("postgres:\(secret)@\(url)&sslmode=require") == 1)
        for (rest, password) in [
            ("postgres:\(secret)@\(url)&sslmode=disable", nil), ("postgres:\(secret)@\(url)&sslmode=verify-full", nil),
            (
                "postgres:\(secret)@localhost:\(server.port)/postgres?sslmode=verify-full&sslrootcert=\(server.certificate)",
                nil
            ),
            ("postgres@\(verified)", nil), ("postgres@\(verified)", "\(secret)!"),
            ("postgres:\(secret)!@\(verified)", secret),
        ] {
            do {
                _ = try await open(rest, password: password)
                Issue.record("It was let in: \(rest)")
            } catch {
                #expect((error as? SQLFailure)?.kind == .unavailable)
                #expect(!"\(error)".contains(secret), "\(error)")
            }
        }
    }

    @Test func `a database of somebody else, or of another encoding, is refused`() async throws {
        try await TestDatabase.with(.postgreSQL) { database, place in
            try await database.write { try $0.run("DROP TABLE schema_migration") }
            #expect(await kind { try await place.open() } == .other)
            let server = try await PostgreSQLServer.shared
            let url = try await server.database("--encoding=SQL_ASCII", "--locale=C", "--template=template0")
            #expect(await kind { try await PostgreSQLDatabase.open(url: url, migrations: []) } == .other)
        }
    }
}
