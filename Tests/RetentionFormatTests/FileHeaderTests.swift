// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct FileHeaderTests {
    static let sample: FileHeader = {
        var header = FileHeader(
            kind: .epoch, file: FileNumber(0x0A0B),
            group: GroupID(high: 0x1122_3344_5566_7788, low: 0x99AA_BBCC_DDEE_FF00),
            first: 5, epoch: EpochNumber(3), created: Timestamp.seconds(1), length: 0x1_0000)
        header.tableBytes = 4096
        header.contentBytes = 300
        header.tableChecksum = Checksum(rawValue: 0x0102_0304_0506_0708)
        return header
    }()

    static let golden = hex(
        """
        4d54484953543031  // magic MTHIST01
        0100              // version 1
        0300              // kind: epoch
        0b0a0000          // file
        8877665544332211  // group, high half
        00ffeeddccbbaa99  // group, low half
        0500000000000000  // first sequence
        0300000000000000  // epoch
        00ca9a3b00000000  // created: one second
        0000010000000000  // length
        0010000000000000  // page table
        2c01000000000000  // content
        0807060504030201  // checksum of the page table
        518b81854ba3e390  // checksum of bytes 0 to 87
        """, paddedTo: FileHeader.size)

    static func encode(_ header: FileHeader) -> [UInt8] {
        var buffer = AlignedBuffer(count: FileHeader.size)
        var span = buffer.mutableBytes
        header.encode(into: &span)
        return copy(buffer, FileHeader.size)
    }

    @Test func `a header is these bytes`() throws {
        #expect(Self.encode(Self.sample) == Self.golden)
        #expect(try unsafe FileHeader(decoding: Self.golden.span.bytes) == Self.sample)
    }

    @Test(arguments: [FileHeader.Kind.redo, .undo, .epoch])
    func `what is encoded is decoded`(kind: FileHeader.Kind) throws {
        let header = FileHeader(
            kind: kind, file: FileNumber(.max), group: GroupID(high: .max, low: 0), first: SequenceNumber.limit,
            epoch: EpochNumber(EpochNumber.limit),
            created: Timestamp(rawValue: .min), length: .max)
        let bytes = Self.encode(header)
        #expect(try unsafe FileHeader(decoding: bytes.span.bytes) == header)
    }

    @Test func `a header cut short anywhere is refused`() {
        for length in 0..<FileHeader.size {
            let short = Array(Self.golden.prefix(length))
            #expect(throws: FormatError.truncated, "length \(length)") {
                _ = try unsafe FileHeader(decoding: short.span.bytes)
            }
        }
    }

    @Test func `every bit that means something is noticed when it flips`() {
        for bit in 0..<96 * 8 {
            let bytes = flipped(Self.golden, bit: bit)
            #expect(throws: FormatError.self, "bit \(bit)") { _ = try unsafe FileHeader(decoding: bytes.span.bytes) }
        }
    }

    @Test func `a later version is told apart from damage`() {
        let bytes = patched(Self.golden, at: 8, UInt16(2))
        #expect(throws: FormatError.unknownVersion(2)) { _ = try unsafe FileHeader(decoding: bytes.span.bytes) }
    }

    @Test func `a kind that there is not is refused although the checksum is right`() {
        var bytes = patched(Self.golden, at: 10, UInt16(9))
        let seed = Self.sample.group.seed(file: Self.sample.file)
        let checksum = unsafe Checksum(of: bytes.span.bytes.extracting(0..<88), seed: seed)
        bytes = patched(bytes, at: 88, checksum.rawValue)
        #expect(throws: FormatError.invalid("file kind 9")) { _ = try unsafe FileHeader(decoding: bytes.span.bytes) }
    }

    @Test func `each file of each group has a seed of its own`() {
        var seeds = Set<UInt64>()
        for high in 0..<4 as Range<UInt64> {
            for low in 0..<4 as Range<UInt64> {
                for file in 0..<64 as Range<UInt32> {
                    seeds.insert(GroupID(high: high, low: low).seed(file: FileNumber(file)))
                }
            }
        }
        #expect(seeds.count == 4 * 4 * 64)
    }
}
