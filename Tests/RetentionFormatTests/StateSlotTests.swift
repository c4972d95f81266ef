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
        4d54535441544531  // magic MTSTATE1
        0900000000000000  // generation
        0100000000000000  // group, high half
        0200000000000000  // group, low half
        1e00000000000000  // durable
        1400000000000000  // applied
        0a00000000000000  // discarded
        1f00000000000000  // partial
        1f00000000000000  // undo epoch
        0600000000000000  // undo records
        a999c49e2984d86a  // checksum of bytes 0 to 79
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
        for bit in 0..<88 * 8 {
            let bytes = flipped(Self.golden, bit: bit)
            #expect(throws: FormatError.self, "bit \(bit)") { _ = try unsafe StateSlot(decoding: bytes.span.bytes) }
        }
    }
}
