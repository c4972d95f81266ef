// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A token bucket over bytes: what is sent in any second is at most the limit and one burst.
public struct RateLimiter: Hashable, Sendable {
    /// Bytes a second.
    public let bytesPerSecond: UInt64
    /// Bytes that may go at once after a pause: a tenth of a second's worth, and at least one Write.
    public let burst: UInt64

    /// Bytes that may go now; negative while a debt is paid off.
    private var available: Double
    private var last: Int64?

    /// - Parameter bytesPerSecond: 1 or more.
    public init(bytesPerSecond: UInt64) {
        precondition(bytesPerSecond > 0, "a rate limit of zero would never send anything")
        self.bytesPerSecond = bytesPerSecond
        burst = max(bytesPerSecond / 10, 256 << 10)
        available = Double(burst)
    }

    /// Takes `bytes` at the time `now` (nanoseconds of a steady clock), and says how long to wait before sending them.
    public mutating func take(_ bytes: Int, now: Int64) -> Int64 {
        let elapsed = max(0, now - (last ?? now))
        last = max(now, last ?? now)
        available = min(Double(burst), available + Double(elapsed) / 1e9 * Double(bytesPerSecond))
        available -= Double(bytes)
        guard available < 0 else { return 0 }
        return Int64((-available / Double(bytesPerSecond) * 1e9).rounded(.up))
    }
}
