// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A moment: nanoseconds since 1970-01-01T00:00:00Z. Comes in as an argument wherever logic needs the time.
public struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; negative before.
    public let rawValue: Int64

    /// The moment that many nanoseconds after 1970 began.
    public init(rawValue: Int64) { self.rawValue = rawValue }
    /// The moment that many nanoseconds after 1970 began.
    public init(nanoseconds: Int64) { self.rawValue = nanoseconds }

    /// The moment that many seconds after 1970 began; saturates.
    public static func seconds(_ seconds: Int64) -> Timestamp {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return Timestamp(rawValue: overflow ? (seconds < 0 ? .min : .max) : value)
    }

    /// Earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.rawValue < right.rawValue }

    /// Saturates: times come from peers.
    public func advanced(byNanoseconds nanoseconds: Int64) -> Timestamp {
        let (value, overflow) = rawValue.addingReportingOverflow(nanoseconds)
        return Timestamp(rawValue: overflow ? (nanoseconds < 0 ? .min : .max) : value)
    }

    /// Nanoseconds from `earlier` to here; saturates.
    public func nanoseconds(since earlier: Timestamp) -> Int64 {
        let (value, overflow) = rawValue.subtractingReportingOverflow(earlier.rawValue)
        return overflow ? (rawValue < earlier.rawValue ? .min : .max) : value
    }

    /// Reads nanoseconds as a plain number.
    ///
    /// - Throws: `DecodingError` for what is not a whole number of 64 bits.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes nanoseconds as a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Where the time comes from: the machine's clock, or a test's.
public protocol WallClock: Sendable {
    func now() -> Timestamp
}
