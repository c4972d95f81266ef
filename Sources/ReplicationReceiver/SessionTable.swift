// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import Synchronization

/// Which session feeds which group: one each. A newer sender takes over when the older session has let go.
final class SessionTable: Sendable {
    /// A session as the table sees it.
    struct Entry: Sendable {
        let id: UInt64
        let fencingToken: UInt64
        /// Ends the session with a reason; from any thread.
        let end: @Sendable (ReasonCode, String) -> Void
        /// Sends a frame of the receiver's own accord; from any thread.
        let tell: @Sendable (Frame) -> Void
        /// Asks the sender for a comparison; the events come on the session's event loop.
        let compare: @Sendable (Frame.VerifyRequest, @escaping @Sendable (ComparisonEvent) -> Void) -> Void
        /// Completes when the session no longer touches its group.
        let detached: EventLoopFuture<Void>
    }

    enum Claim: Sendable {
        case free
        /// The group is this session's when the older one is detached.
        case after(EventLoopFuture<Void>)
        case stale(token: UInt64)
        case full
    }

    private struct Feed {
        weak var group: (any ReplicationGroup)?
        let feed: GroupFeed
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var feeds: [String: Feed] = [:]
        var nextID: UInt64 = 1
    }

    private let table = Mutex(Table())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func makeID() -> UInt64 {
        table.withLock { table in
            defer { table.nextID += 1 }
            return table.nextID
        }
    }

    func claim(_ group: String, for entry: Entry) -> Claim {
        let (claim, older): (Claim, Entry?) = table.withLock { table in
            if let older = table.entries[group] {
                guard older.fencingToken <= entry.fencingToken else { return (.stale(token: older.fencingToken), nil) }
                table.entries[group] = entry
                return (.after(older.detached), older)
            }
            guard table.entries.count < limit else { return (.full, nil) }
            table.entries[group] = entry
            return (.free, nil)
        }
        older?.end(
            .superseded, "Another session took over group \(group) with its fencing token \(entry.fencingToken).")
        return claim
    }

    /// The session has let go; where another took over already, that one stays.
    func release(_ group: String, id: UInt64) {
        table.withLock { table in
            if table.entries[group]?.id == id { table.entries[group] = nil }
        }
    }

    /// The feed of a group: the same one as long as the group is open.
    func feed(_ name: String, _ group: any ReplicationGroup) -> GroupFeed {
        table.withLock { table in
            if let known = table.feeds[name], known.group === group { return known.feed }
            let feed = GroupFeed()
            table.feeds[name] = Feed(group: group, feed: feed)
            return feed
        }
    }

    /// Session that feeds the group, if any.
    func session(of group: String) -> Entry? { table.withLock { $0.entries[group] } }
}
