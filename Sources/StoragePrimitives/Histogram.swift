// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How many values were how large: counts by upper bounds, with the sum of all.
public struct Histogram: Hashable, Sendable {
    /// Upper bounds in ascending order; a value that is a bound lies below it. What is above the last is counted too.
    public let bounds: [Double]
    /// Values in each bucket, one more than there are bounds.
    private var counts: [UInt64]
    /// The sum of all values.
    public private(set) var sum = 0.0

    /// Bounds for how long a disk takes, in seconds: from 100 µs, less than any takes, to 10 s.
    public static let seconds = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Nothing was counted yet.
    ///
    /// - Parameter bounds: Finite, in ascending order.
    public init(bounds: [Double] = seconds) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "the bounds of a histogram ascend")
        precondition(bounds.allSatisfy(\.isFinite), "the bound that is infinite is there by itself")
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    /// Counts a value; one that is no number is not counted.
    public mutating func add(_ value: Double) {
        guard !value.isNaN else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// How many values were counted.
    public var count: UInt64 { counts.reduce(0, +) }

    /// How many values were not above each bound, infinity last.
    public var cumulative: [(bound: Double, count: UInt64)] {
        var total: UInt64 = 0
        return zip(bounds + [.infinity], counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }
}
