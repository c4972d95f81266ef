// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A number of bytes, never negative.
public struct ByteCount: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// Bytes.
    public let rawValue: UInt64

    /// That many bytes.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// That many bytes.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// That many bytes; a negative number counts as none.
    public init(_ count: Int) { self.rawValue = UInt64(clamping: count) }

    /// No bytes.
    public static let zero = ByteCount(rawValue: 0)
    /// Units of 1,024 bytes.
    ///
    /// - Parameter count: Below 2^54.
    public static func kibibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 10) }
    /// Units of 1,048,576 bytes.
    ///
    /// - Parameter count: Below 2^44.
    public static func mebibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 20) }
    /// Units of 1,073,741,824 bytes.
    ///
    /// - Parameter count: Below 2^34.
    public static func gibibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 30) }

    /// The count as an `Int`; counts beyond `Int.max` are clamped, which no device reaches.
    public var int: Int { Int(clamping: rawValue) }

    /// Fewer bytes.
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.rawValue < right.rawValue }

    /// Saturates: a sum of counts is for limits and reports, where "at least this much" is the right answer.
    public static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        let (sum, overflow) = left.rawValue.addingReportingOverflow(right.rawValue)
        return ByteCount(overflow ? UInt64.max : sum)
    }

    /// Stops at zero.
    public static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue > right.rawValue ? left.rawValue - right.rawValue : 0)
    }

    /// Adds, and saturates as `+` does.
    public static func += (left: inout ByteCount, right: ByteCount) { left = left + right }
    /// Subtracts, and stops at zero as `-` does.
    public static func -= (left: inout ByteCount, right: ByteCount) { left = left - right }

    /// Reads a plain number.
    ///
    /// - Throws: `DecodingError` for what is not a whole number from 0 on.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt64.self)
    }

    /// Writes a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension ByteCount: CustomStringConvertible {
    /// In IEC units with one decimal, as people read sizes: `1.5 GiB`.
    public var description: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = 0
        var whole = rawValue
        var tenths: UInt64 = 0
        while whole >= 1024, unit < units.count - 1 {
            tenths = (whole % 1024) * 10 / 1024
            whole /= 1024
            unit += 1
        }
        return tenths == 0 ? "\(whole) \(units[unit])" : "\(whole).\(tenths) \(units[unit])"
    }
}
