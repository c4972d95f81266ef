// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import RetentionStore
import StoragePrimitives
import Synchronization

/// Carries what the store's threads report to a session's event loop: many reports, one task, one set of frames.
final class StoreMailbox: Sendable {
    /// What came since the last time it was emptied.
    struct Letters: Sendable {
        var durable: UInt64?
        var applied: UInt64?
        var releasedBytes = 0
        var syncsDurable: [DiskNumber] = []
        /// Answers to comparisons by ticket.
        var comparisons: [UInt64: Result<[RangeDigest], RetentionError>] = [:]
        var failure: RetentionError?
    }

    private struct Box {
        var letters = Letters()
        var isScheduled = false
    }

    private let box = Mutex(Box())
    private let eventLoop: any EventLoop
    private let deliver: @Sendable () -> Void

    /// - Parameter deliver: Called on `eventLoop`; empties the box.
    init(eventLoop: any EventLoop, deliver: @escaping @Sendable () -> Void) {
        self.eventLoop = eventLoop
        self.deliver = deliver
    }

    func post(_ event: RetentionEvent) {
        put { letters in
            switch event {
            case .durable(let sequence): letters.durable = max(letters.durable ?? 0, sequence)
            case .applied(let sequence): letters.applied = max(letters.applied ?? 0, sequence)
            case .released(let bytes): letters.releasedBytes += bytes
            case .syncDurable(let disk): letters.syncsDurable.append(disk)
            case .failed(let error): letters.failure = letters.failure ?? error
            }
        }
    }

    func post(comparison ticket: UInt64, _ result: Result<[RangeDigest], RetentionError>) {
        put { $0.comparisons[ticket] = result }
    }

    func empty() -> Letters {
        box.withLock { box in
            defer { box = Box() }
            return box.letters
        }
    }

    private func put(_ write: (inout Letters) -> Void) {
        let mustSchedule = box.withLock { box in
            write(&box.letters)
            defer { box.isScheduled = true }
            return !box.isScheduled
        }
        if mustSchedule { eventLoop.execute(deliver) }
    }
}
