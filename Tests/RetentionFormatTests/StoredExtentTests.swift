// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct StoredExtentTests {
    static let sample = StoredExtent(
        address: DiskAddress(disk: DiskNumber(3), sector: 0x1234), checksum: 0x1122_3344_5566_7788, sectorCount: 8,
        file: FileNumber(0x21), block: 0x10, flags: 0)

    static let golden = hex(
        """
        3412000000000300  // address: disk 3, sector 0x1234
        8877665544332211  // checksum
        08000000          // sectors
        21000000          // file
        10000000          // block
        00000000          // flags
        """)

    static func decode(_ bytes: [UInt8]) throws(FormatError) -> StoredExtent {
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try StoredExtent(decoding: &reader)
    }

    @Test func `a row is these bytes`() throws {
        var bytes: [UInt8] = []
        Self.sample.encode(into: &bytes)
        #expect(bytes == Self.golden)
        #expect(bytes.count == StoredExtent.encodedSize)
        #expect(try Self.decode(Self.golden) == Self.sample)
        #expect(Self.sample.payloadOffset == 0x2000)
        #expect(Self.sample.end == DiskAddress(disk: DiskNumber(3), sector: 0x123C))
    }

    @Test func `an extent is kept with its place, and zeroes have none`() {
        let data = StoredExtent(
            Extent(disk: DiskNumber(1), sector: 2, sectorCount: 3, content: .data(Checksum(rawValue: 4))),
            file: FileNumber(5), payloadOffset: 6 * 512)
        #expect(
            data
                == StoredExtent(
                    address: DiskAddress(disk: DiskNumber(1), sector: 2), checksum: 4, sectorCount: 3,
                    file: FileNumber(5), block: 6, flags: 0))
        let zeroes = StoredExtent(
            Extent(disk: DiskNumber(1), sector: 2, sectorCount: 3, content: .zeroes), file: FileNumber(5),
            payloadOffset: 512)
        #expect(zeroes.isZeroes)
        #expect(zeroes.file == FileNumber(0))
    }

    @Test func `a row cut short anywhere is refused`() {
        for length in 0..<Self.golden.count {
            #expect(throws: FormatError.truncated) { _ = try Self.decode(Array(Self.golden.prefix(length))) }
        }
    }

    @Test func `every bit that flips is refused or another row`() {
        for bit in 0..<Self.golden.count * 8 {
            #expect((try? Self.decode(flipped(Self.golden, bit: bit))) != Self.sample, "bit \(bit)")
        }
    }

    @Test(arguments: [(UInt32(0), UInt32(0)), (0, 2049), (0, .max), (1, 0)])
    func `a row of no length or more than an extent has is refused`(flags: UInt32, sectors: UInt32) {
        let bytes = patched(patched(Self.golden, at: 28, flags), at: 16, sectors)
        #expect(throws: FormatError.self) { _ = try Self.decode(bytes) }
    }

    @Test func `the last row of the last disk, whose end is no address, is refused`() {
        let bytes = patched(Self.golden, at: 0, UInt64(UInt16.max) << 48 | (DiskAddress.sectorLimit - 8))
        #expect(throws: FormatError.self) { _ = try Self.decode(bytes) }
    }

    @Test func `a row that would pass into the next disk is refused`() {
        let bytes = patched(Self.golden, at: 0, UInt64(3) << 48 | (DiskAddress.sectorLimit - 7))
        #expect(throws: FormatError.self) { _ = try Self.decode(bytes) }
        let last = patched(Self.golden, at: 0, UInt64(3) << 48 | (DiskAddress.sectorLimit - 8))
        #expect(throws: Never.self) { _ = try Self.decode(last) }
    }
}
