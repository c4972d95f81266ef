// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct BatchRowTests {
    static let sample: BatchRow = {
        var row = BatchRow(
            sequence: SequenceNumber(1), sourceSequence: 2, firstTime: Timestamp(rawValue: 3),
            lastTime: Timestamp(rawValue: 4),
            received: Timestamp(rawValue: 5), redoEnd: 6, accuracy: .notGuaranteed, kind: .rewind)
        row.rewindTarget = SequenceNumber(7)
        return row
    }()

    static let golden = hex(
        """
        0100000000000000  // sequence
        0200000000000000  // source sequence
        0300000000000000  // first time
        0400000000000000  // last time
        0500000000000000  // received
        06000000          // redo end
        02                // accuracy: not guaranteed
        0300              // kind: rewind
        00                // zero
        0700000000000000  // rewind target
        """)

    static func decode(_ bytes: [UInt8]) throws(FormatError) -> BatchRow {
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try BatchRow(decoding: &reader)
    }

    @Test func `a row is these bytes`() throws {
        var bytes: [UInt8] = []
        Self.sample.encode(into: &bytes)
        #expect(bytes == Self.golden)
        #expect(bytes.count == BatchRow.encodedSize)
        #expect(try Self.decode(bytes) == Self.sample)
    }

    @Test func `a row cut short anywhere is refused`() {
        for length in 0..<Self.golden.count {
            #expect(throws: FormatError.truncated) { _ = try Self.decode(Array(Self.golden.prefix(length))) }
        }
    }

    @Test func `every bit that means something is refused or another row`() {
        for bit in 0..<Self.golden.count * 8 where bit / 8 != 47 {
            #expect((try? Self.decode(flipped(Self.golden, bit: bit))) != Self.sample, "bit \(bit)")
        }
    }
}
