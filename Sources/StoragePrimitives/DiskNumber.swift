// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A disk's place in its protected group: small, fixed when the disk is bound, never reused within the group.
public struct DiskNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt16

    /// The disk of that number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// The disk of that number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// The order of the numbers.
    public static func < (left: DiskNumber, right: DiskNumber) -> Bool { left.rawValue < right.rawValue }

    /// The number, in decimal.
    public var description: String { "\(rawValue)" }

    /// Reads a plain number.
    ///
    /// - Throws: `DecodingError` for what is not a whole number of 16 bits.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt16.self)
    }

    /// Writes a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
