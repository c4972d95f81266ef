// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct EpochSummaryTests {
    static let sample: EpochSummary = {
        var summary = EpochSummary(number: EpochNumber(5), kind: .changes, firstSequence: SequenceNumber(10))
        summary.mergedFrom = EpochNumber(4)
        summary.lastSequence = SequenceNumber(12)
        summary.lastSourceSequence = 11
        summary.firstTime = Timestamp(rawValue: 1)
        summary.lastTime = Timestamp(rawValue: 2)
        summary.firstReceived = Timestamp(rawValue: 3)
        summary.lastReceived = Timestamp(rawValue: 4)
        summary.firstRedoFile = FileNumber(6)
        summary.resumeFile = FileNumber(7)
        summary.resumeOffset = 0x8000
        summary.redoBytes = ByteCount(0x9000)
        summary.undoBytes = ByteCount(0xA000)
        summary.batchCount = 3
        summary.redoCount = 2
        summary.undoCount = 1
        summary.undoFiles = [FileNumber(0x11), FileNumber(0x12)]
        summary.bookmarks = [
            EpochSummary.Mark(sequence: SequenceNumber(12), time: Timestamp(rawValue: 2), kind: 1, label: "hé")
        ]
        summary.unsynced = [DiskNumber(3)]
        summary.isConsistent = false
        summary.accuracy = .approximate
        summary.accuracyBefore = .notGuaranteed
        summary.leastAccuracy = .notGuaranteed
        return summary
    }()

    static let golden = hex(
        """
        0500000000000000  // number
        0400000000000000  // merged from
        0100              // kind: changes
        a400              // flags: not consistent, approximate, not guaranteed before and within
        06000000          // first redo file
        0a00000000000000  // first sequence
        0c00000000000000  // last sequence
        0b00000000000000  // last source sequence
        0100000000000000  // first time
        0200000000000000  // last time
        0300000000000000  // first received
        0400000000000000  // last received
        0080000000000000  // resume offset
        07000000          // resume file
        02000000          // undo files
        0090000000000000  // redo bytes
        00a0000000000000  // undo bytes
        03000000          // batches
        02000000          // redo rows
        01000000          // undo rows
        01000000          // bookmarks
        0000000000000000 0000000000000000 0000000000000000 0000000000000000
        11000000 12000000 // undo files
        0c00000000000000  // bookmark: sequence
        0200000000000000  // bookmark: time
        01                // bookmark: application-consistent
        0300 68c3a9       // bookmark: label
        0100 0300         // disks not in sync
        """)

    static func decode(_ bytes: [UInt8]) throws(FormatError) -> EpochSummary {
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try EpochSummary(decoding: &reader)
    }

    @Test func `a summary is these bytes`() throws {
        var bytes: [UInt8] = []
        Self.sample.encode(into: &bytes)
        #expect(bytes == Self.golden)
        #expect(try Self.decode(bytes) == Self.sample)
    }

    @Test func `a summary cut short anywhere is refused`() {
        for length in 0..<Self.golden.count {
            #expect(throws: FormatError.truncated, "length \(length)") {
                _ = try Self.decode(Array(Self.golden.prefix(length)))
            }
        }
    }

    @Test func `every bit that means something is refused or another summary`() {
        for bit in 0..<Self.golden.count * 8 where !(128..<160).contains(bit / 8) {
            #expect((try? Self.decode(flipped(Self.golden, bit: bit))) != Self.sample, "bit \(bit)")
        }
    }

    @Test(arguments: [92, 124])
    func `hostile counts are refused before anything is allocated for them`(offset: Int) {
        for count in [UInt32.max, (1 << 20) + 1] as [UInt32] {
            #expect(throws: FormatError.self) { _ = try Self.decode(patched(Self.golden, at: offset, count)) }
        }
        #expect(throws: FormatError.truncated) {
            _ = try Self.decode(patched(Self.golden, at: offset, UInt32(1 << 20)))
        }
    }

    @Test func `numbers that have no next one are refused`() {
        for offset in [0, 32] {
            #expect(throws: FormatError.self) { _ = try Self.decode(patched(Self.golden, at: offset, UInt64.max)) }
        }
    }

    @Test(arguments: [
        (0, UInt64(1) << 63), (8, 6), (24, 0), (32, UInt64.max - 1),  // number, merged from, first, last
        (80, UInt64.max - 511), (80, 0x8001), (80, 2 << 40),  // resume offset
        (168, 13), (168, 9), (168, UInt64.max),  // a bookmark before its epoch, or after it
    ])
    func `a number that would be counted on from is refused`(offset: Int, value: UInt64) {
        #expect(throws: FormatError.self) { _ = try Self.decode(patched(Self.golden, at: offset, value)) }
    }

    @Test func `a summary that ends before it begins is refused, and one of nothing is not`() throws {
        var summary = Self.sample
        summary.bookmarks = []
        var bytes: [UInt8] = []
        summary.encode(into: &bytes)
        #expect(throws: FormatError.self) { _ = try Self.decode(patched(bytes, at: 32, UInt64(8))) }
        #expect(try Self.decode(patched(bytes, at: 32, UInt64(9))).lastSequence == SequenceNumber(9))
    }

    @Test func `a bookmark's id stands after its kind, and only where it has one`() throws {
        var summary = Self.sample
        let id = BookmarkID(high: 0x0102_0304_0506_4708, low: 0x890a_0b0c_0d0e_0f10)
        summary.bookmarks.append(
            EpochSummary.Mark(
                sequence: SequenceNumber(12), time: Timestamp(rawValue: 2), kind: 1, label: "id", id: id))
        var bytes: [UInt8] = []
        summary.encode(into: &bytes)
        var plain: [UInt8] = []
        Self.sample.encode(into: &plain)
        #expect(bytes.count == plain.count + 19 + 2 + BookmarkID.encodedSize)
        var reader = unsafe ByteReader(bytes.span.bytes)
        #expect(try EpochSummary(decoding: &reader) == summary)
        for count in plain.count - 10..<bytes.count {
            let cut = Array(bytes.prefix(count))
            var reader = unsafe ByteReader(cut.span.bytes)
            #expect(throws: FormatError.self) { _ = try EpochSummary(decoding: &reader) }
        }
    }
}
