// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Tells a client that does not read its answers from one that is slow. Pure: whoever has a clock asks it at intervals.
package struct StallWatch {
    /// Payloads that the network has not taken.
    private var waiting = 0
    /// Grows with every sign that the client reads.
    private var progress: UInt64 = 0
    private var lastLook: UInt64?

    package init() {}

    package mutating func sent() { waiting += 1 }

    package mutating func wasTaken() {
        waiting -= 1
        progress &+= 1
    }

    /// The connection's buffer has filled up, or emptied.
    package mutating func writabilityChanged() { progress &+= 1 }

    /// Whether something has waited since the look before, and nothing moved.
    ///
    /// - Parameter isFull: Whether the connection's buffer is full, or its client has to be waited for otherwise.
    package mutating func isStalled(isFull: Bool) -> Bool {
        guard waiting > 0 || isFull else {
            lastLook = nil
            return false
        }
        defer { lastLook = progress }
        return lastLook == progress
    }
}
