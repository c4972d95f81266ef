// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives
import Synchronization

/// What the receiver has done since it started.
public struct ReceiverStatus: Hashable, Sendable {
    /// One session that is open.
    public struct Session: Hashable, Sendable {
        /// The number that both ends log.
        public let id: UInt64
        /// The group that it feeds.
        public let group: String
        /// The host id of the sender.
        public let host: String
        /// The token that the sender came with.
        public let fencingToken: UInt64
        /// What came in it.
        public let counters: Counters
        /// Why its sender has to wait now, or nil.
        public let throttle: Frame.Throttle?
    }

    /// What came, as numbers that only grow.
    public struct Counters: Hashable, Sendable {
        /// Bytes that came from the network, after decryption.
        public var receivedBytes = ByteCount.zero
        /// Bytes of data, after decompression.
        public var dataBytes = ByteCount.zero
        /// Batches that were taken.
        public var batches: UInt64 = 0
        /// Bookmarks that were taken.
        public var bookmarks: UInt64 = 0

        /// Nothing came yet.
        public init() {}

        mutating func add(_ other: Counters) {
            receivedBytes += other.receivedBytes
            dataBytes += other.dataBytes
            batches &+= other.batches  // Counters for people: they may start again.
            bookmarks &+= other.bookmarks
        }
    }

    /// Sessions that are open, by id.
    public var sessions: [Session] = []
    /// Connections that are open, whether or not they are sessions.
    public var connections = 0
    /// Sessions ever opened.
    public var openedSessions: UInt64 = 0
    /// Connections and Hellos that were refused.
    public var refusals: UInt64 = 0
    /// What came in all sessions, open and ended.
    public var totals = Counters()
    /// Why the last session ended that did not end in order, or the last refusal.
    public var lastError: ProtocolError?

    /// Nothing happened yet.
    public init() {}

    /// Adds what another receiver counted; what is open is this one's.
    public mutating func addTotals(_ other: ReceiverStatus) {
        openedSessions &+= other.openedSessions  // Counters for people: they may start again.
        refusals &+= other.refusals
        totals.add(other.totals)
    }
}

/// Keeps ``ReceiverStatus`` while many sessions write to it; each once for a read from its socket, not for a frame.
final class StatusBoard: Sendable {
    private struct Board {
        var sessions: [UInt64: (hello: Frame.Hello, counters: ReceiverStatus.Counters, throttle: Frame.Throttle?)] = [:]
        var status = ReceiverStatus()
    }

    private let board = Mutex(Board())

    var status: ReceiverStatus {
        board.withLock { board in
            var status = board.status
            status.sessions = board.sessions.keys.sorted().compactMap { id in
                board.sessions[id].map { entry in
                    ReceiverStatus.Session(
                        id: id, group: entry.hello.group, host: entry.hello.host,
                        fencingToken: entry.hello.fencingToken, counters: entry.counters, throttle: entry.throttle)
                }
            }
            return status
        }
    }

    /// Counts a connection unless there are `limit` already.
    func connect(limit: Int) -> Bool {
        board.withLock { board in
            guard board.status.connections < limit else {
                board.status.refusals &+= 1
                return false
            }
            board.status.connections += 1
            return true
        }
    }

    func disconnected() { board.withLock { $0.status.connections -= 1 } }

    func opened(_ id: UInt64, _ hello: Frame.Hello) {
        board.withLock { board in
            board.sessions[id] = (hello, ReceiverStatus.Counters(), nil)
            board.status.openedSessions &+= 1
        }
    }

    /// The sender was told to wait, or (nil) that it need not any more.
    func throttled(_ throttle: Frame.Throttle?, session: UInt64) {
        board.withLock { $0.sessions[session]?.throttle = throttle }
    }

    func closed(_ id: UInt64) { board.withLock { $0.sessions[id] = nil } }

    func count(_ counters: ReceiverStatus.Counters, of session: UInt64) {
        board.withLock { board in
            board.sessions[session]?.counters.add(counters)
            board.status.totals.add(counters)
        }
    }

    func failed(_ error: ProtocolError) { board.withLock { $0.status.lastError = error } }

    func refused(_ error: ProtocolError) {
        board.withLock { board in
            board.status.refusals &+= 1
            board.status.lastError = error
        }
    }
}
