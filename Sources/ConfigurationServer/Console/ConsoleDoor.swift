// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import HostCertificates
import Hummingbird
import StoragePrimitives
import Synchronization

/// Who is let in to the console, and whose request it is.
///
/// A session is a secret in a cookie that no script reads and no other site makes the browser send. What changes
/// something carries a token of the session besides, and says that it comes from a page of this console.
final class ConsoleDoor: Sendable {
    private let sessions: ConsoleSessions
    private let inventory: Inventory
    private let clock: any WallClock
    private let attempts = Mutex(
        AttemptLimiter(each: .init(burst: 10, every: 6), total: .init(burst: 100, every: 0.6)))

    /// The prefix makes browsers insist on Secure, on the path `/` and on this host. Source: RFC 6265bis, section 4.1.3.2.
    static let cookieName = "__Host-master-target-console"

    init(inventory: Inventory, clock: any WallClock) {
        sessions = ConsoleSessions(database: inventory.database)
        self.inventory = inventory
        self.clock = clock
    }

    /// A code for the operator whose certificate the connection has.
    ///
    /// - Throws: ``ConfigurationFailure`` for everybody else.
    func makeCode(_ origin: RequestOrigin) async throws -> (code: String, expires: Timestamp, name: String) {
        let now = clock.now()
        let peer = try await origin.peer(in: [.operator], inventory: inventory, now: now)
        let (code, expires) = try await sessions.makeCode(for: peer, now: now)
        return (code, expires, peer.host)
    }

    /// The operator whose certificate the connection has, if it has one that is good.
    func certificate(_ origin: RequestOrigin) async throws -> IssuedCertificate? {
        do {
            return try await origin.peer(in: [.operator], inventory: inventory, now: clock.now())
        } catch let failure as ConfigurationFailure where failure.httpStatus == 401 || failure.httpStatus == 403 {
            return nil
        }
    }

    /// Lets an operator in by certificate.
    ///
    /// - Throws: ``ConfigurationFailure`` when the connection has none that is good.
    func enter(byCertificate origin: RequestOrigin) async throws -> ConsoleSession {
        let now = clock.now()
        let peer = try await origin.peer(in: [.operator], inventory: inventory, now: now)
        return try await sessions.open(with: peer, now: now)
    }

    /// Lets an operator in by a one-time code.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.tooManyRequests`, or `.notAuthenticated` for a code that does not hold.
    func enter(withCode code: String, from origin: RequestOrigin) async throws -> ConsoleSession {
        let now = clock.now()
        guard attempts.withLock({ $0.attempt(from: origin.address, now: now) }) else {
            throw ConfigurationFailure(
                .tooManyRequests, "There were too many attempts to sign in.", remedy: "Try again in a minute.")
        }
        guard let session = try await sessions.open(withCode: code, now: now),
            try await !inventory.isRevoked(session.serial)
        else {
            throw ConfigurationFailure(
                .notAuthenticated, "This code is not good: it was used, is too old, or was mistyped.",
                remedy: "Have a new one made: mtctl site console.")
        }
        attempts.withLock { $0.succeeded(from: origin.address) }
        return session
    }

    /// The session that a request belongs to; nil for none, and for one whose operator's certificate was taken back.
    func session(of request: Request, isUse: Bool) async throws -> ConsoleSession? {
        guard let token = Self.cookie(in: request),
            let session = try await sessions.session(token, isUse: isUse, now: clock.now())
        else { return nil }
        guard try await !inventory.isRevoked(session.serial) else {
            try await sessions.close(session)
            return nil
        }
        return session
    }

    func leave(_ session: ConsoleSession) async throws { try await sessions.close(session) }

    /// Whether a request was sent by a page of this console. Every browser says where a POST comes from; one that does
    /// not, and one that says `null`, is refused. Source: RFC 6454, section 7; Fetch Standard, "Origin header".
    static func isFromConsole(_ request: Request) -> Bool {
        guard let host = request.head.authority, let origin = request.headers[.origin] else { return false }
        let site = HTTPFields.Element.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        return origin.lowercased() == "https://\(host.lowercased())" && (site ?? "same-origin") == "same-origin"
    }

    /// What the browser is to keep; nil ends it.
    static func cookie(_ session: ConsoleSession?) -> String {
        let seconds = session == nil ? 0 : ConsoleSessions.sessionSeconds
        return "\(cookieName)=\(session?.token ?? ""); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=Strict"
    }

    private static func cookie(in request: Request) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName { return String(parts[1]) }
            }
        }
        return nil
    }
}
