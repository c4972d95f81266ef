// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// The connections that nobody uses now, and when a new one may be tried.
///
/// How many there are at most is how many threads use them. After a connection could not be made, nobody tries again for
/// a while that doubles: who asks meanwhile is refused at once, and the server is not stormed when it comes back.
final class PostgreSQLPool: Sendable {
    private struct State {
        var idle: [PostgreSQLConnection] = []
        var failures = 0
        var lastFailure: (failure: SQLFailure, until: ContinuousClock.Instant)?
        var isClosed = false
    }

    static let shortestPause = Duration.milliseconds(100)
    static let longestPause = Duration.seconds(5)

    let address: PostgreSQLAddress
    private let state = Mutex(State())

    init(_ address: PostgreSQLAddress) { self.address = address }

    /// A connection of one's own. Blocks while it is made.
    ///
    /// - Throws: ``SQLFailure`` with `.unavailable`.
    func take() throws(SQLFailure) -> PostgreSQLConnection {
        let known: Result<PostgreSQLConnection?, SQLFailure> = state.withLock { state in
            if state.isClosed { return .failure(SQLFailure(.unavailable, "\(address.name) was closed.")) }
            if let idle = state.idle.popLast() { return .success(idle) }
            if let last = state.lastFailure, ContinuousClock.now < last.until { return .failure(last.failure) }
            return .success(nil)
        }
        if let idle = try known.get() { return idle }
        do {
            let connection = try PostgreSQLConnection(address)
            state.withLock { state in
                state.failures = 0
                state.lastFailure = nil
            }
            return connection
        } catch {
            state.withLock { state in
                // Several that tried at once failed once.
                if let last = state.lastFailure, ContinuousClock.now < last.until { return }
                let pause = min(Self.longestPause, Self.shortestPause * (1 << min(state.failures, 16)))
                state.failures += 1
                state.lastFailure = (error, ContinuousClock.now + pause)
            }
            throw error
        }
    }

    /// Gives it back. When it was lost, so are the others: the server has ended.
    func give(_ connection: PostgreSQLConnection) {
        // Connections are ended outside the lock.
        let ended: [PostgreSQLConnection] = state.withLock { state in
            if connection.isIdle, !state.isClosed {
                state.idle.append(connection)
                return []
            }
            if connection.isUp, !state.isClosed { return [] }
            defer { state.idle = [] }
            return state.idle
        }
        _ = consume ended
    }

    /// Ends those that are idle, and the others when they are given back.
    func close() {
        let ended = state.withLock { state in
            defer { state.idle = [] }
            state.isClosed = true
            return state.idle
        }
        _ = consume ended
    }
}
