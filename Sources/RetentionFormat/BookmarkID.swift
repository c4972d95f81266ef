// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A bookmark's identity: the 128 bits of the UUID that its sender gave it.
public struct BookmarkID: Hashable, Sendable {
    /// Bytes of an encoded id: ``high``, then ``low``.
    public static let encodedSize = 16

    /// The first eight bytes of the UUID, big-endian.
    public let high: UInt64
    /// The last eight bytes of the UUID, big-endian.
    public let low: UInt64

    /// The id of those halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The bit of a kind's byte that says that an id follows it: in the body of a bookmark's record and in the summary
    /// of an epoch. Without it nothing follows, as in what was written before bookmarks had ids.
    public static let flag: UInt8 = 0x80

    /// The UUID as text (RFC 9562, section 4), in lower case.
    public var description: String {
        func digits(_ value: UInt64, _ bytes: Range<Int>) -> String {
            bytes.map { index in
                let byte = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * index))
                return (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }
        return [digits(high, 0..<4), digits(high, 4..<6), digits(high, 6..<8), digits(low, 0..<2), digits(low, 2..<8)]
            .joined(separator: "-")
    }
}

extension BookmarkID: CustomStringConvertible {}
