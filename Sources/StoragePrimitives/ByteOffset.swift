// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A position in bytes from the start of a device or a file.
public struct ByteOffset: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// Bytes from the start.
    public let rawValue: UInt64

    /// That many bytes from the start.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// That many bytes from the start.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The start.
    public static let zero = ByteOffset(rawValue: 0)

    /// Nearer to the start.
    public static func < (left: ByteOffset, right: ByteOffset) -> Bool { left.rawValue < right.rawValue }

    /// - Precondition: The sum fits; offsets from outside are checked with ``advanced(checkedBy:)`` first.
    public static func + (left: ByteOffset, right: ByteCount) -> ByteOffset {
        ByteOffset(left.rawValue + right.rawValue)
    }

    /// The offset `count` bytes further, or nil where that is past what 64 bits hold.
    public func advanced(checkedBy count: ByteCount) -> ByteOffset? {
        let (sum, overflow) = rawValue.addingReportingOverflow(count.rawValue)
        return overflow ? nil : ByteOffset(sum)
    }
}

extension ByteOffset: CustomStringConvertible {
    /// The number of bytes, in decimal.
    public var description: String { "\(rawValue)" }
}
