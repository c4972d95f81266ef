// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Shares the data that may be in flight among the sessions: memory stays bounded however many there are.
final class CreditBudget: Sendable {
    private let left: Mutex<Int>
    private let most: Int
    private let least: Int

    init(_ settings: ReceiverSettings) {
        left = Mutex(settings.totalCredit.int)
        least = settings.minimumCredit.int
        most = max(settings.sessionCredit.int, least)
    }

    /// A session's share: what is left, up to its most, and never below its least.
    func take() -> Int {
        left.withLock { left in
            let share = max(least, min(most, left))
            left -= share
            return share
        }
    }

    func giveBack(_ share: Int) { left.withLock { $0 += share } }
}
