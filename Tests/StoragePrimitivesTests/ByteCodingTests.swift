// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Testing

struct ByteCodingTests {
    private static let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

    @Test func `integers are read in both orders`() {
        var reader = unsafe ByteReader(Self.bytes.span.bytes)
        // Read first: an expectation cannot take what must not escape.
        let (first, second, third) = (reader.little(UInt16.self), reader.big(UInt16.self), reader.little(UInt32.self))
        #expect(first == 0x0201)
        #expect(second == 0x0304)
        #expect(third == 0x0807_0605)
        let (offset, remaining) = (reader.offset, reader.remaining)
        #expect(offset == 8)
        #expect(remaining == 3)
    }

    @Test(arguments: 0..<8)
    func `a read past the end answers nil and takes nothing`(length: Int) {
        let short = Array(Self.bytes.prefix(length))
        var reader = unsafe ByteReader(short.span.bytes)
        let integers = [reader.little(UInt64.self), reader.big(UInt64.self)]
        let skips = [reader.skip(length + 1), reader.skip(-1)]
        let strings = [
            reader.string(byteCount: length + 1), reader.string(byteCount: -1), reader.string(byteCount: .max),
        ]
        let offset = reader.offset
        let isWhole = reader.skip(length)
        let remaining = reader.remaining
        #expect(integers == [nil, nil])
        #expect(skips == [false, false])
        #expect(strings == [nil, nil, nil])
        #expect(offset == 0)
        #expect(isWhole)
        #expect(remaining == 0)
    }

    @Test func `a string has to be UTF-8`() {
        let good = Array("é".utf8)
        var reader = unsafe ByteReader(good.span.bytes)
        let text = reader.string(byteCount: 2)
        #expect(text == "é")
        let bad: [UInt8] = [0xC3, 0x28]
        var other = unsafe ByteReader(bad.span.bytes)
        let none = other.string(byteCount: 2)
        #expect(none == nil)
    }

    @Test func `what is written in order is what stands there`() {
        var buffer = AlignedBuffer(count: 32)
        var span = buffer.mutableBytes
        var writer = ByteWriter(span._mutatingExtracting(0..<20))
        writer.little(UInt32(0x0403_0201))
        writer.big(UInt16(0x0506))
        unsafe writer.raw([UInt8](arrayLiteral: 7, 8).span.bytes)
        writer.pad(to: 12)
        writer.little(Int64(-1))
        let offset = writer.offset
        #expect(offset == 20)
        #expect(
            copy(buffer) == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 8)
                + [UInt8](repeating: 0, count: 12))
    }

    @Test func `integers are appended in little-endian order`() {
        var bytes: [UInt8] = [9]
        bytes.appendLittle(UInt16(0x0201))
        bytes.appendLittle(Int64(-2))
        bytes.appendLittle(UInt8(3))
        #expect(bytes == [9, 1, 2, 0xFE, 255, 255, 255, 255, 255, 255, 255, 3])
    }
}

/// All of a buffer.
func copy(_ buffer: borrowing AlignedBuffer) -> [UInt8] {
    buffer.withBytes(0..<buffer.count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
}
