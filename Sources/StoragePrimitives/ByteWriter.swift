// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Puts integers and bytes into a span, in order: ``ByteReader``'s counterpart.
///
/// - Precondition: What is written fits; sizes are computed by the encoder beforehand.
public struct ByteWriter: ~Copyable, ~Escapable {
    private var bytes: MutableRawSpan

    /// Bytes put so far.
    public private(set) var offset = 0

    /// A writer at the start of a span, which it has to itself.
    @_lifetime(copy bytes)
    public init(_ bytes: consuming MutableRawSpan) { self.bytes = bytes }

    /// Puts an integer, little-endian.
    @_lifetime(self: copy self)
    public mutating func little<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
        offset += T.bitWidth / 8
    }

    /// Puts an integer, big-endian.
    @_lifetime(self: copy self)
    public mutating func big<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
        offset += T.bitWidth / 8
    }

    /// Puts bytes as they are.
    @_lifetime(self: copy self)
    public mutating func raw(_ source: RawSpan) {
        bytes.replace(at: offset, with: source)
        offset += source.byteCount
    }

    /// Zeroes up to `end`, a position from the start.
    @_lifetime(self: copy self)
    public mutating func pad(to end: Int) {
        bytes.zero(at: offset, count: end - offset)
        offset = end
    }
}
