// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// When to try again: the interval that the server wants while all is well, twice as long after each failure up to five
/// minutes, and less by chance, so that servers that lost it together do not come back together.
package struct RetrySchedule: Hashable, Sendable {
    package static let longestSeconds = 300.0
    package private(set) var failures = 0
    private var seconds: Double

    /// - Parameter intervalSeconds: Until the server says another.
    package init(intervalSeconds: UInt64 = 10) { seconds = Double(intervalSeconds) }

    /// - Parameter nextSeconds: What the server wants; 1 to 300 of it are believed.
    package mutating func succeeded(nextSeconds: UInt64) {
        failures = 0
        seconds = min(max(Double(nextSeconds), 1), Self.longestSeconds)
    }

    /// Nothing but an operator can change it.
    package mutating func refused() { failures = 16 }

    package mutating func failed() { failures = min(failures + 1, 16) }

    /// Seconds to wait.
    ///
    /// - Parameter chance: At least 0, below 1.
    package func pause(chance: Double) -> Double {
        guard failures > 0 else { return seconds * (0.9 + 0.1 * chance) }
        let doubled = seconds * Double(1 << failures)
        return min(doubled, Self.longestSeconds) * (0.5 + 0.5 * chance)
    }
}
