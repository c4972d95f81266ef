// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A clock that stands until it is moved.
final class TestClock: WallClock {
    private let time = Mutex(Timestamp.seconds(1_000_000))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
}
