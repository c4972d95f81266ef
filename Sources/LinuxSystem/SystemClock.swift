// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// The machine's wall clock.
public struct SystemClock: WallClock {
    /// The one clock of the machine.
    public init() {}

    /// The machine's time, which jumps when it is set. Source: man 3 clock_gettime, CLOCK_REALTIME.
    public func now() -> Timestamp {
        var time = timespec()
        // SAFETY: CLOCK_REALTIME always exists; the call only fills the structure.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp.seconds(Int64(time.tv_sec)).advanced(byNanoseconds: Int64(time.tv_nsec))
    }
}
