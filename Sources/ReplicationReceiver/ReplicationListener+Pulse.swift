// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import Synchronization

extension ReplicationListener {
    /// Asks every event loop that sessions run on; `answer` is called when all have answered, and never when one hangs.
    public func pulse(_ answer: @escaping @Sendable () -> Void) {
        let loops = Array(eventLoops.makeIterator())
        let waiting = Waiting(loops.count)
        for loop in loops {
            loop.execute { if waiting.isLast() { answer() } }
        }
    }

    /// Counts answers down.
    private final class Waiting: Sendable {
        private let count: Mutex<Int>

        init(_ count: Int) { self.count = Mutex(count) }

        func isLast() -> Bool {
            count.withLock { count in
                count -= 1
                return count == 0
            }
        }
    }
}
