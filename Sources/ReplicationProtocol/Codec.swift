// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How a Write's payload travels.
public enum Codec: UInt8, Sendable, CaseIterable {
    case none = 0
    case lz4 = 1
}

/// The codecs that one end can decode, besides none.
public struct CodecSet: OptionSet, Hashable, Sendable {
    /// A bit for each codec.
    public let rawValue: UInt16

    /// The set with those bits; bits that are not known stay as they are and mean nothing here.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Bit 0: ``Codec/lz4``.
    public static let lz4 = CodecSet(rawValue: 1 << 0)

    /// Whether payloads of `codec` may be sent.
    public func allows(_ codec: Codec) -> Bool {
        switch codec {
        case .none: true
        case .lz4: contains(.lz4)
        }
    }
}
