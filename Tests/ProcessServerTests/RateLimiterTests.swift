// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import Testing

@Suite struct RateLimiterTests {
    @Test func `a burst goes at once and the rest waits its time`() {
        var limiter = RateLimiter(bytesPerSecond: 10 << 20)
        #expect(limiter.burst == 1 << 20)
        #expect(limiter.take(1 << 20, now: 0) == 0)
        #expect(limiter.take(1 << 20, now: 0) == 100_000_000)
        #expect(limiter.take(1 << 20, now: 100_000_000) == 100_000_000)
    }

    @Test func `a pause earns no more than a burst`() {
        var limiter = RateLimiter(bytesPerSecond: 10 << 20)
        _ = limiter.take(1, now: 0)
        #expect(limiter.take(1 << 20, now: 3_600_000_000_000) == 0)
        #expect(limiter.take(10 << 20, now: 3_600_000_000_000) == 1_000_000_000)
    }

    @Test func `a slow limit still lets a Write through`() {
        var limiter = RateLimiter(bytesPerSecond: 1)
        #expect(limiter.take(256 << 10, now: 0) == 0)
        #expect(limiter.take(1, now: 0) == 1_000_000_000)
    }

    @Test func `a clock that goes back earns nothing`() {
        var limiter = RateLimiter(bytesPerSecond: 10 << 20)
        #expect(limiter.take(1 << 20, now: 1_000_000_000) == 0)
        #expect(limiter.take(1 << 20, now: 0) == 100_000_000)
    }

    @Test func `the rate over a minute is the limit`() {
        var limiter = RateLimiter(bytesPerSecond: 50 << 20)
        var now: Int64 = 0
        var sent = 0
        while now < 60_000_000_000 {
            now += limiter.take(256 << 10, now: now)
            sent += 256 << 10
        }
        let wanted = 60 * (50 << 20)
        #expect(sent >= wanted && sent < wanted + (6 << 20))
    }
}
