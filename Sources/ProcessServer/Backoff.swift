// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How long to wait before the next attempt: exponential, with jitter, and never less than a second.
public struct Backoff: Hashable, Sendable {
    /// Never more than one attempt a second.
    public static let shortest: Int64 = 1_000_000_000
    /// A receiver that comes back is found within a minute.
    public static let longest: Int64 = 60_000_000_000

    /// Failures in a row.
    public private(set) var failures = 0

    /// No failure yet.
    public init() {}

    /// An attempt failed; the nanoseconds to wait.
    ///
    /// - Parameters:
    ///   - random: Drawn evenly from 0 ..< 1; half of the delay is random, so that many senders spread.
    ///   - retryAfter: The receiver's wish in nanoseconds, which is a lower bound (up to ``longest``).
    public mutating func failed(random: Double, retryAfter: Int64 = 0) -> Int64 {
        let exponent = min(failures, 6)
        failures += 1
        let full = min(Self.longest, Self.shortest << Int64(exponent + 1))
        let half = full / 2
        let jitter = Int64(Double(half) * min(max(random, 0), 1))
        return min(Self.longest, max(Self.shortest, half + jitter, retryAfter))
    }

    /// Something was accomplished.
    public mutating func succeeded() { failures = 0 }
}
