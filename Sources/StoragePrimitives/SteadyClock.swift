// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Time that only goes forward, for intervals and rates: the machine's, or a test's.
public protocol SteadyClock: Sendable {
    /// Nanoseconds since some moment.
    func nanoseconds() -> Int64
}
