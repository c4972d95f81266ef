// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A protected group's identity: a UUID's 128 bits, in every file of its history.
public struct GroupID: Hashable, Sendable {
    /// The first eight bytes of the UUID, big-endian.
    public let high: UInt64
    /// The last eight bytes of the UUID, big-endian.
    public let low: UInt64

    /// The group of that UUID.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The seed of the header checksums in one file: what is left of another file, or of another group's, in a recycled
    /// segment never passes for a record of this one.
    public func seed(file: FileNumber) -> UInt64 {
        // Mixing, not arithmetic: wrapping is meant.
        var value = (UInt64(file.rawValue) &+ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        value ^= value >> 31
        return (value ^ high) &* 0x94D0_49BB_1331_11EB ^ low
    }
}

/// A file of a group's history. Numbers only grow and are never used twice in a group.
public struct FileNumber: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number.
    public let rawValue: UInt32

    /// The file of that number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The file of that number.
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Made earlier.
    public static func < (left: FileNumber, right: FileNumber) -> Bool { left.rawValue < right.rawValue }
}
