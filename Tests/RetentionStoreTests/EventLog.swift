// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionStore
import Synchronization

/// What a group told its session.
final class EventLog: Sendable {
    private let events = Mutex<[RetentionEvent]>([])
    private let bell = Doorbell()

    var observer: @Sendable (RetentionEvent) -> Void {
        { [self] event in
            events.withLock { $0.append(event) }
            bell.ring()
        }
    }

    var all: [RetentionEvent] { events.withLock { $0 } }
    func clear() { events.withLock { $0 = [] } }

    /// The sender's last number that is durable.
    var durable: UInt64 {
        all.reduce(0) { last, event in if case .durable(let source) = event { max(last, source) } else { last } }
    }

    /// Waits on the group's own events until a condition holds; false when none comes for ten seconds.
    func wait(until condition: () -> Bool) -> Bool {
        while !condition() {
            guard bell.wait(nanoseconds: 10_000_000_000) else { return condition() }
        }
        return true
    }
}
