// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// One question to a thread, and whether it was answered.
final class Round: Sendable {
    private let answered = Mutex(false)
    var isAnswered: Bool { answered.withLock { $0 } }
    func answer() { answered.withLock { $0 = true } }
}
