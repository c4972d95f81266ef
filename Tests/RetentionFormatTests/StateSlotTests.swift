// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct StateSlotTests {
    static let sample = StateSlot(
        generation: 9, group: GroupID(high: 1, low: 2), durable: SequenceNumber(30), applied: SequenceNumber(20),
        discarded: SequenceNumber(10), partial: EpochNumber(31), undoEpoch: EpochNumber(31), undoRecords: 6)

    static let golden = hex(
        """
        4d54535441544553  // magic MTSTATES
        0100 000000000000 // version
        0900000000000000  // generation
        0100000000000000  // group, high half
        0200000000000000  // group, low half
        1e00000000000000  // durable
        1400000000000000  // applied
        0a00000000000000  // discarded
        1f00000000000000  // partial
        1f00000000000000  // undo epoch
        0600000000000000  // undo records
        9d23259fd269a89f  // checksum of bytes 0 to 87
        """, paddedTo: StateSlot.size)

    @Test func `a slot is these bytes`() throws {
        var buffer = AlignedBuffer(count: StateSlot.size)
        var span = buffer.mutableBytes
        Self.sample.encode(into: &span)
        #expect(copy(buffer, StateSlot.size) == Self.golden)
        #expect(try unsafe StateSlot(decoding: Self.golden.span.bytes) == Self.sample)
    }

    @Test func `a slot cut short anywhere is refused`() {
        for length in 0..<StateSlot.size {
            let short = Array(Self.golden.prefix(length))
            #expect(throws: FormatError.truncated) { _ = try unsafe StateSlot(decoding: short.span.bytes) }
        }
    }

    @Test func `every bit that means something is noticed when it flips`() {
        for bit in 0..<96 * 8 {
            let bytes = flipped(Self.golden, bit: bit)
            #expect(throws: FormatError.self, "bit \(bit)") { _ = try unsafe StateSlot(decoding: bytes.span.bytes) }
        }
    }

    private func signed(_ bytes: [UInt8]) -> [UInt8] {
        let checked = Array(bytes.prefix(88))
        return patched(bytes, at: 88, unsafe Checksum(of: checked.span.bytes).rawValue)
    }

    @Test func `a newer version is refused by its number, one that rotted as damaged`() {
        let newer = patched(Self.golden, at: 8, UInt16(2))
        #expect(throws: FormatError.damaged) { _ = try unsafe StateSlot(decoding: newer.span.bytes) }
        let signed = signed(newer)
        #expect(throws: FormatError.unknownVersion(2)) { _ = try unsafe StateSlot(decoding: signed.span.bytes) }
    }

    @Test(arguments: [16, 40, 48, 56, 64, 72, 80])
    func `a number that has no next one is refused although the checksum is right`(offset: Int) {
        let bytes = signed(patched(Self.golden, at: offset, UInt64.max))
        #expect(throws: FormatError.self) { _ = try unsafe StateSlot(decoding: bytes.span.bytes) }
    }
}
