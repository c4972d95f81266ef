// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import SQLStorage
import StoragePrimitives

/// An operator who was let in to the console.
struct ConsoleSession: Sendable {
    /// What the browser keeps.
    let token: String
    /// The operator's name.
    let name: String
    /// The certificate that stands for it: the session ends with it.
    let serial: String
}

/// Codes and sessions, in the database that all instances of the configuration server share.
struct ConsoleSessions: Sendable {
    let database: any SQLDatabase

    /// Seconds that a code is good.
    static let codeSeconds: Int64 = 5 * 60
    /// Seconds that a session lasts at most.
    static let sessionSeconds: Int64 = 8 * 3600
    /// Seconds after which a session that is not used ends.
    static let idleSeconds: Int64 = 30 * 60
    /// Sessions of one operator; the one that was not used for longest makes room.
    static let maximumSessions = 32
    /// Seconds between two notes of a session's use: a page is no reason to write.
    private static let noteSeconds: Int64 = 60

    static let migration = Migration(
        name: "console: codes and sessions",
        statements: [
            """
            CREATE TABLE console_code (
                operator TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, serial TEXT NOT NULL,
                certificate_expires BIGINT NOT NULL, expires BIGINT NOT NULL)
            """,
            """
            CREATE TABLE console_session (
                digest TEXT NOT NULL PRIMARY KEY, operator TEXT NOT NULL, serial TEXT NOT NULL,
                expires BIGINT NOT NULL, used BIGINT NOT NULL)
            """,
        ])

    /// A code for one login; the operator's former one ends.
    func makeCode(for certificate: IssuedCertificate, now: Timestamp) async throws -> (code: String, expires: Timestamp)
    {
        let code = ConsoleSecret.code()
        let digest = ConsoleSecret.digest(ConsoleSecret.normalized(code) ?? code)
        let expires = now.advanced(byNanoseconds: Self.codeSeconds * 1_000_000_000)
        try await database.write { database in
            try database.run(
                "DELETE FROM console_code WHERE operator = \(certificate.host) OR expires <= \(now.rawValue)")
            try database.run(
                """
                INSERT INTO console_code (operator, digest, serial, certificate_expires, expires)
                VALUES (\(certificate.host), \(digest), \(certificate.serial),
                    \(certificate.notAfter.timestamp.rawValue), \(expires.rawValue))
                """)
        }
        return (code, expires)
    }

    /// Spends a code for a session.
    ///
    /// - Returns: nil for a code that is none, was used, or is too old.
    func open(withCode typed: String, now: Timestamp) async throws -> ConsoleSession? {
        guard let code = ConsoleSecret.normalized(typed) else { return nil }
        let digest = ConsoleSecret.digest(code)
        let token = ConsoleSecret.token()
        return try await database.write { database in
            let found = try database.rows(
                """
                SELECT operator, serial, certificate_expires FROM console_code
                WHERE digest = \(digest) AND expires > \(now.rawValue)
                """)
            guard let row = found.first,
                try database.run("DELETE FROM console_code WHERE digest = \(digest)") == 1
            else { return nil }
            let session = ConsoleSession(token: token, name: try row.text("operator"), serial: try row.text("serial"))
            try Self.insert(session, until: try row.integer("certificate_expires"), now: now, database)
            return session
        }
    }

    /// A session for who shows the certificate.
    func open(with certificate: IssuedCertificate, now: Timestamp) async throws -> ConsoleSession {
        let session = ConsoleSession(
            token: ConsoleSecret.token(), name: certificate.host, serial: certificate.serial)
        return try await database.write { database in
            try Self.insert(session, until: certificate.notAfter.timestamp.rawValue, now: now, database)
            return session
        }
    }

    /// The session that a token stands for.
    ///
    /// - Parameter isUse: A page that refreshes itself is no use of the session.
    /// - Returns: nil when there is none, or it has ended.
    func session(_ token: String, isUse: Bool, now: Timestamp) async throws -> ConsoleSession? {
        guard token.utf8.count == 64 else { return nil }
        let digest = ConsoleSecret.digest(token)
        let idle = now.advanced(byNanoseconds: -Self.idleSeconds * 1_000_000_000)
        let found = try await database.read { database in
            try database.rows(
                """
                SELECT operator, serial, used FROM console_session
                WHERE digest = \(digest) AND expires > \(now.rawValue) AND used > \(idle.rawValue)
                """)
        }
        guard let row = found.first else { return nil }
        let unnoted = now.nanoseconds(since: Timestamp(rawValue: try row.integer("used")))
        if isUse, unnoted >= Self.noteSeconds * 1_000_000_000 {
            _ = try await database.write { database in
                try database.run("UPDATE console_session SET used = \(now.rawValue) WHERE digest = \(digest)")
            }
        }
        return ConsoleSession(token: token, name: try row.text("operator"), serial: try row.text("serial"))
    }

    /// Ends a session.
    func close(_ session: ConsoleSession) async throws {
        let digest = ConsoleSecret.digest(session.token)
        _ = try await database.write { try $0.run("DELETE FROM console_session WHERE digest = \(digest)") }
    }

    private static func insert(
        _ session: ConsoleSession, until certificateExpires: Int64, now: Timestamp, _ database: any SQLTransaction
    ) throws {
        let idle = now.advanced(byNanoseconds: -idleSeconds * 1_000_000_000)
        let expires = min(now.advanced(byNanoseconds: sessionSeconds * 1_000_000_000).rawValue, certificateExpires)
        try database.run(
            "DELETE FROM console_session WHERE expires <= \(now.rawValue) OR used <= \(idle.rawValue)")
        try database.run(
            """
            DELETE FROM console_session WHERE operator = \(session.name) AND digest NOT IN (
                SELECT digest FROM console_session WHERE operator = \(session.name)
                ORDER BY used DESC, digest LIMIT \(maximumSessions - 1))
            """)
        try database.run(
            """
            INSERT INTO console_session (digest, operator, serial, expires, used)
            VALUES (\(ConsoleSecret.digest(session.token)), \(session.name), \(session.serial), \(expires),
                \(now.rawValue))
            """)
    }
}
