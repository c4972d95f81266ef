// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import StoragePrimitives

/// What the kernel thinks of its own clock. Source: man 2 adjtimex.
public struct KernelClock: Hashable, Sendable {
    /// Whether a time service keeps it: `STA_UNSYNC` is not set.
    public let isSynchronized: Bool
    /// Microseconds that it may be wrong by, as the time service says: `maxerror`. The kernel counts it up meanwhile.
    public let largestError: Int64

    /// A clock in that state.
    public init(isSynchronized: Bool, largestError: Int64) {
        self.isSynchronized = isSynchronized
        self.largestError = largestError
    }

    /// Asks the kernel; changes nothing.
    public init() throws(DeviceError) {
        var (isSynchronized, largestError) = (false, 0)
        // SAFETY: the call fills the two variables, which are its own for as long as it lasts.
        guard unsafe CLinux_readClock(&isSynchronized, &largestError) == 0 else {
            throw systemError("adjtimex", "the kernel's clock")
        }
        self.init(isSynchronized: isSynchronized, largestError: Int64(largestError))
    }
}
