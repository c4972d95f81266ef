// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// When the next pass starts and how much of the sources it has to read.
///
/// Passes are wanted on a grid of `interval`. A pass that takes longer than that swallows the grid points it missed:
/// what changed meanwhile is folded into the one that follows, and nothing piles up.
public struct PassPlanner: Hashable, Sendable {
    /// When the next pass starts.
    public struct Plan: Hashable, Sendable {
        /// Nanoseconds to wait.
        public let wait: Int64
        /// Passes that were due while the last one ran, and are folded into this one.
        public let folded: Int

        /// A plan.
        public init(wait: Int64, folded: Int) {
            self.wait = wait
            self.folded = folded
        }
    }

    /// Nanoseconds from the start of one pass to the start of the next.
    public let interval: Int64
    /// After this many passes by change maps alone, one reads everything; 0: never.
    public let fullScanEvery: Int

    private var passesByMap = 0

    /// A planner before the first pass; negative numbers count as 0.
    public init(interval: Int64, fullScanEvery: Int) {
        self.interval = max(interval, 0)
        self.fullScanEvery = max(fullScanEvery, 0)
    }

    /// - Parameters:
    ///   - lastStart: When the last pass started, in nanoseconds of a steady clock; nil before the first.
    ///   - isRequested: Whether the operator asked for a bookmark now.
    public func next(lastStart: Int64?, now: Int64, isRequested: Bool = false) -> Plan {
        guard let lastStart, interval > 0 else { return Plan(wait: 0, folded: 0) }
        let elapsed = max(0, now - lastStart)
        guard elapsed < interval else { return Plan(wait: 0, folded: Int(elapsed / interval) - 1) }
        return Plan(wait: isRequested ? 0 : interval - elapsed, folded: 0)
    }

    /// Whether the next pass may believe the sources' change maps.
    ///
    /// - Parameter isMapTrusted: Whether the maps are known to reach back to the last confirmed pass.
    public mutating func mayUseChangeMaps(isMapTrusted: Bool) -> Bool {
        guard isMapTrusted, fullScanEvery == 0 || passesByMap < fullScanEvery else {
            passesByMap = 0
            return false
        }
        passesByMap += 1
        return true
    }
}
