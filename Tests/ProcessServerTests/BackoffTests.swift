// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import Testing

@Suite struct BackoffTests {
    static let second: Int64 = 1_000_000_000

    /// Failures before, random, retry-after in seconds; expected delay in milliseconds.
    static let table: [(failures: Int, random: Double, retryAfter: Int64, milliseconds: Int64)] = [
        (0, 0.0, 0, 1000), (0, 0.5, 0, 1500), (0, 0.999999999, 0, 1999),
        (1, 0.0, 0, 2000), (1, 0.5, 0, 3000),
        (2, 0.0, 0, 4000), (3, 0.0, 0, 8000), (4, 0.0, 0, 16_000), (5, 0.0, 0, 30_000), (5, 0.5, 0, 45_000),
        (6, 0.0, 0, 30_000), (1000, 0.5, 0, 45_000),
        (0, 0.0, 5, 5000), (0, 0.0, 3600, 60_000), (3, 0.0, 5, 8000),
        (0, -1, 0, 1000), (0, 2, 0, 2000), (0, 0, -5, 1000),
    ]

    @Test(arguments: table.indices) func `delays grow and stay within bounds`(index: Int) {
        let row = Self.table[index]
        var backoff = Backoff()
        for _ in 0..<row.failures { _ = backoff.failed(random: 0) }
        let delay = backoff.failed(random: row.random, retryAfter: row.retryAfter * Self.second)
        #expect(delay / 1_000_000 == row.milliseconds)
        #expect(delay >= Backoff.shortest && delay <= Backoff.longest)
    }

    @Test func `a session begins the row anew`() {
        var backoff = Backoff()
        for _ in 0..<10 { _ = backoff.failed(random: 0) }
        backoff.succeeded()
        #expect(backoff.failed(random: 0) == Backoff.shortest)
    }
}
