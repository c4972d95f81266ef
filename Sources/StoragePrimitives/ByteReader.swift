// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Takes integers and bytes off the front of a span, in order. The one place where on-disk integers are put together.
///
/// Every read answers nil past the end: bytes from outside cannot trap.
@frozen
public struct ByteReader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    @usableFromInline var position = 0

    /// A reader at the start of a span, which it borrows.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Bytes not taken yet.
    @inlinable public var remaining: Int { bytes.byteCount - position }

    /// Bytes taken so far.
    @inlinable public var offset: Int { position }

    /// The next integer, stored little-endian; nil, and nothing is taken, where fewer bytes are left than it has.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func little<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T? {
        let size = T.bitWidth / 8
        guard remaining >= size else { return nil }
        // SAFETY: an integer has no invalid bit patterns, and the bounds were checked.
        let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: T.self)
        position += size
        return T(littleEndian: value)
    }

    /// The next integer, stored big-endian; nil, and nothing is taken, where fewer bytes are left than it has.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func big<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T? {
        little(T.self).map { T(bigEndian: T(littleEndian: $0)) }
    }

    /// Passes over `count` bytes; false, and nothing is taken, where fewer are left or `count` is negative.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, remaining >= count else { return false }
        position += count
        return true
    }

    /// `count` bytes, or nil, and nothing is taken, where fewer are left or `count` is negative.
    @_lifetime(self: copy self)
    public mutating func bytes(count: Int) -> [UInt8]? {
        guard count >= 0, remaining >= count else { return nil }
        var taken: [UInt8] = []
        taken.reserveCapacity(count)
        for index in position..<position + count {
            // SAFETY: the bounds were checked.
            taken.append(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self))
        }
        position += count
        return taken
    }

    /// `count` bytes as UTF-8, or nil past the end or where they are not valid UTF-8.
    @_lifetime(self: copy self)
    public mutating func string(byteCount count: Int) -> String? {
        guard count >= 0, remaining >= count else { return nil }
        var units: [UInt8] = []
        units.reserveCapacity(count)
        for index in position..<position + count {
            // SAFETY: the bounds were checked.
            units.append(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self))
        }
        position += count
        return String(validating: units, as: UTF8.self)
    }
}
