// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The machine's steady time, which also counts while it sleeps.
public struct MachineSteadyClock: SteadyClock {
    private let start = ContinuousClock.now

    /// A clock that starts at 0 now.
    public init() {}

    /// Nanoseconds since the clock was made.
    public func nanoseconds() -> Int64 {
        let elapsed = (ContinuousClock.now - start).components
        return elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    }
}
