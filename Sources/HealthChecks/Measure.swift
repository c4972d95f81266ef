// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A figure that a check looked at, for monitoring systems.
public struct Measure: Hashable, Sendable, Codable {
    /// What the figure counts, as performance data spell it.
    public enum Unit: String, Hashable, Sendable, Codable {
        case percent = "%"
        case seconds = "s"
        case bytes = "B"
        case count = ""
    }

    /// What is measured; unique in its check.
    public let label: String
    /// How much; finite.
    public let value: Double
    /// In what.
    public let unit: Unit
    /// Beyond (or, where less is worse, below) this it is a warning.
    public let warning: Double?
    /// Beyond (or below) this it is critical.
    public let critical: Double?

    /// A figure; one that is not finite, which JSON and monitoring systems have no word for, becomes 0.
    public init(_ label: String, _ value: Double, _ unit: Unit, warning: Double? = nil, critical: Double? = nil) {
        self.label = label
        self.value = value.isFinite ? value : 0
        self.unit = unit
        self.warning = warning
        self.critical = critical
    }
}
