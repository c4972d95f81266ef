// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct RecordHeaderTests {
    static let seed: UInt64 = 0x5EED
    static let sample: RecordHeader = {
        var header = RecordHeader(kind: .batch, sequence: 7, epoch: EpochNumber(2))
        header.isLast = true
        header.accuracy = .approximate
        header.part = 1
        header.sourceSequence = 6
        header.durable = 5
        header.applied = 4
        header.firstTime = Timestamp(rawValue: 10)
        header.lastTime = Timestamp(rawValue: 11)
        header.received = Timestamp(rawValue: 12)
        header.previous = 0x0123_4567_89AB_CDEF
        header.extents = [
            Extent(disk: DiskNumber(1), sector: 0x100, sectorCount: 2, content: .data(Checksum(rawValue: 0xC0FFEE))),
            Extent(disk: DiskNumber(2), sector: 0x200, sectorCount: 0x1_0000, content: .zeroes),
        ]
        header.body = [0xAA, 0xBB, 0xCC]
        header.headerLength = 512
        header.recordLength = 512 + 1024
        return header
    }()

    static let golden = hex(
        """
        4d545243          // magic MTRC
        00020000          // header length 512
        00060000          // record length 1536
        0100              // kind: batch
        01                // flags: last part
        01                // accuracy: approximate
        02000000          // extents
        01000000          // part
        0700000000000000  // sequence
        0600000000000000  // source sequence
        0200000000000000  // epoch
        0500000000000000  // durable
        0400000000000000  // applied
        0a00000000000000  // first time
        0b00000000000000  // last time
        0c00000000000000  // received
        03000000          // body length
        efcdab8967452301  // header checksum of the record before
        00000000 00000000 00000000 00000000 00000000
        cda9332b9e6be753  // checksum of the header with this field zero
        0100 0000 02000000 0001000000000000 eeffc00000000000  // extent: data
        0200 0100 00000100 0002000000000000 0000000000000000  // extent: zeroes
        aabbcc            // body
        """, paddedTo: 512)

    static func encode(_ header: RecordHeader, seed: UInt64 = seed) -> [UInt8] {
        var buffer = AlignedBuffer(count: header.headerLength)
        var span = buffer.mutableBytes
        header.encode(into: &span, seed: seed)
        return copy(buffer, header.headerLength)
    }

    /// With a checksum that fits.
    static func signed(_ bytes: [UInt8]) -> [UInt8] {
        let zeroed = patched(bytes, at: 120, UInt64(0))
        return unsafe patched(zeroed, at: 120, Checksum(of: zeroed.span.bytes, seed: seed).rawValue)
    }

    @Test func `a header is these bytes`() throws {
        #expect(Self.encode(Self.sample) == Self.golden)
        let decoded = try unsafe RecordHeader(decoding: Self.golden.span.bytes, seed: Self.seed)
        #expect(Self.encode(decoded) == Self.golden)
        #expect(decoded.extents == Self.sample.extents)
        #expect(decoded.body == Self.sample.body)
        #expect(decoded.previous == Self.sample.previous)
        #expect(Self.golden[120..<128].reversed().reduce(0) { $0 << 8 | UInt64($1) } == decoded.checksum)
        #expect(Self.sample.payloadBytes == 1024)
        #expect(unsafe RecordHeader.headerLength(of: Self.golden.span.bytes) == 512)
    }

    @Test(arguments: [RecordKind.batch, .bookmark, .rewind, .syncBegin, .syncEnd, .beforeImages])
    func `what is encoded is decoded`(kind: RecordKind) throws {
        var header = RecordHeader(kind: kind, sequence: SequenceNumber.limit, epoch: EpochNumber(EpochNumber.limit))
        header.isLast = false
        header.accuracy = .notGuaranteed
        header.body = (0..<RecordHeader.maximumBody).map { UInt8(truncatingIfNeeded: $0) }
        header.extents = (0..<RecordHeader.maximumExtents).map {
            Extent(disk: DiskNumber(.max - 1), sector: UInt64($0), sectorCount: .max, content: .zeroes)
        }
        header.headerLength = (header.unpaddedLength + 511) & ~511
        header.recordLength = header.headerLength
        #expect(header.headerLength <= RecordHeader.maximumHeaderLength)
        let bytes = Self.encode(header)
        let decoded = try unsafe RecordHeader(decoding: bytes.span.bytes, seed: Self.seed)
        #expect(Self.encode(decoded) == bytes)
        #expect(decoded.kind == kind)
        #expect(decoded.extents == header.extents)
        #expect(decoded.body == header.body)
    }

    @Test func `a header cut short anywhere is refused`() {
        for length in 0..<Self.golden.count {
            let short = Array(Self.golden.prefix(length))
            #expect(throws: FormatError.self, "length \(length)") {
                _ = try unsafe RecordHeader(decoding: short.span.bytes, seed: Self.seed)
            }
        }
    }

    @Test func `every bit is noticed when it flips`() {
        for bit in 0..<Self.golden.count * 8 {
            let bytes = flipped(Self.golden, bit: bit)
            #expect(throws: FormatError.self, "bit \(bit)") {
                _ = try unsafe RecordHeader(decoding: bytes.span.bytes, seed: Self.seed)
            }
        }
    }

    @Test func `a record of another file is none`() {
        #expect(throws: FormatError.damaged) {
            _ = try unsafe RecordHeader(decoding: Self.golden.span.bytes, seed: Self.seed + 1)
        }
    }

    /// Fields that a checksum does not keep from being hostile.
    @Test(arguments: [
        (4, UInt64(0)), (4, 127), (4, 513), (4, UInt64(UInt32.max)),  // header length
        (8, UInt64(0)), (8, 1024), (8, 1537), (8, UInt64(UInt32.max)),  // record length
        (16, UInt64(UInt32.max)), (16, UInt64(RecordHeader.maximumExtents + 1)), (16, 100),  // extents
        (88, UInt64(UInt32.max)), (88, UInt64(RecordHeader.maximumBody + 1)), (88, 400),  // body
        (132, UInt64(0)), (132, 2049), (132, UInt64(UInt32.max)),  // sectors of an extent
    ])
    func `a count that cannot be is refused although the checksum is right`(offset: Int, value: UInt64) {
        let bytes = Self.signed(patched(Self.golden, at: offset, UInt32(truncatingIfNeeded: value)))
        #expect(throws: FormatError.self) { _ = try unsafe RecordHeader(decoding: bytes.span.bytes, seed: Self.seed) }
    }

    @Test(arguments: [UInt64.max, DiskAddress.sectorLimit, DiskAddress.sectorLimit - 1])
    func `an extent past what a disk can have is refused although the checksum is right`(sector: UInt64) {
        for extent in 0..<2 {
            let bytes = Self.signed(patched(Self.golden, at: 128 + 24 * extent + 8, sector))
            #expect(throws: FormatError.self) {
                _ = try unsafe RecordHeader(decoding: bytes.span.bytes, seed: Self.seed)
            }
        }
    }

    @Test(arguments: [24, 40])
    func `a number that has no next one is refused although the checksum is right`(offset: Int) {
        let bytes = Self.signed(patched(Self.golden, at: offset, UInt64.max))
        #expect(throws: FormatError.self) { _ = try unsafe RecordHeader(decoding: bytes.span.bytes, seed: Self.seed) }
    }

    @Test func `a kind or an accuracy that there is not is refused`() {
        let kind = Self.signed(patched(Self.golden, at: 12, UInt16(7)))
        #expect(throws: FormatError.invalid("record kind 7")) {
            _ = try unsafe RecordHeader(decoding: kind.span.bytes, seed: Self.seed)
        }
        let accuracy = Self.signed(patched(Self.golden, at: 15, UInt8(3)))
        #expect(throws: FormatError.invalid("accuracy 3")) {
            _ = try unsafe RecordHeader(decoding: accuracy.span.bytes, seed: Self.seed)
        }
    }
}
