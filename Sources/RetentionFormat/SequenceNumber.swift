// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A position in a group's history: the number of a batch, bookmark, rewind or end of a sync. Contiguous from 1; 0 is
/// before everything.
public struct SequenceNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt64

    /// That position.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// That position.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Before everything: the state that history begins with.
    public static let none = SequenceNumber(0)
    /// More than any history has, and few enough to count on from: greater numbers on a disk are damage.
    public static let limit: UInt64 = 1 << 62

    /// - Precondition: Not the last of 64 bits. Numbers read from a disk are compared with what is expected first.
    public var next: SequenceNumber { SequenceNumber(rawValue + 1) }
    /// The position before; that of 0 is 0.
    public var previous: SequenceNumber { SequenceNumber(rawValue == 0 ? 0 : rawValue - 1) }

    /// Earlier in history.
    public static func < (left: SequenceNumber, right: SequenceNumber) -> Bool { left.rawValue < right.rawValue }

    /// The number, in decimal.
    public var description: String { "\(rawValue)" }
}

/// The number of an epoch: a stretch of history that has one set of before-images.
public struct EpochNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt64

    /// The epoch of that number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// The epoch of that number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Before the first epoch.
    public static let none = EpochNumber(0)
    /// More than any history has, and few enough to count on from: greater numbers on a disk are damage.
    public static let limit: UInt64 = 1 << 62

    /// The epoch after.
    ///
    /// - Precondition: Not the last of 64 bits. Numbers read from a disk are compared with what is expected first.
    public var next: EpochNumber { EpochNumber(rawValue + 1) }

    /// Earlier in history.
    public static func < (left: EpochNumber, right: EpochNumber) -> Bool { left.rawValue < right.rawValue }

    /// The number, in decimal.
    public var description: String { "\(rawValue)" }
}
