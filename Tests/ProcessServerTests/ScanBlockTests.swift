// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import ProcessServer
import Testing

@Suite struct ScanBlockTests {
    static let block = ScanBlock.byteCount
    static let size = 10 * ScanBlock.byteCount + 512

    static let table: [(from: UInt64, end: UInt64, SourceStretch.Content, expected: SourceStretch)] = [
        (0, block, .data, SourceStretch(end: block, content: .data)),
        (0, 1, .data, SourceStretch(end: block, content: .data)),
        (0, block + 1, .data, SourceStretch(end: 2 * block, content: .data)),
        (0, block - 1, .zeroes, SourceStretch(end: block, content: .data)),
        (0, block, .zeroes, SourceStretch(end: block, content: .zeroes)),
        (0, 3 * block + 5, .zeroes, SourceStretch(end: 3 * block, content: .zeroes)),
        (0, 3 * block + 5, .unchanged, SourceStretch(end: 3 * block, content: .unchanged)),
        (10 * block, size, .zeroes, SourceStretch(end: size, content: .zeroes)),
        (10 * block, size - 1, .zeroes, SourceStretch(end: size, content: .data)),
        (10 * block, .max, .unchanged, SourceStretch(end: size, content: .unchanged)),
        (9 * block, 10 * block + 1, .data, SourceStretch(end: size, content: .data)),
    ]

    @Test(arguments: table.indices) func `stretches become whole blocks`(index: Int) {
        let (from, end, content, expected) = Self.table[index]
        let stretch = SourceStretch(end: end, content: content)
        #expect(ScanBlock.aligned(stretch, from: from, size: Self.size) == expected)
    }

    @Test func `allocation and dirty bitmap are laid over one another`() throws {
        let zero: NBDExtentFlags = [.isHole, .isZero]
        let stretches = try NBDStretches(
            start: 100,
            allocation: [NBDExtent(length: 50, flags: []), NBDExtent(length: 50, flags: zero)],
            dirty: [
                NBDExtent(length: 20, flags: .isDirty), NBDExtent(length: 60, flags: []),
                NBDExtent(length: 100, flags: .isDirty),
            ])
        let changes = stretches.stretch(in: 100..<1000, changesOnly: true)
        #expect(changes == SourceStretch(end: 120, content: .data))
        #expect(stretches.stretch(in: 120..<1000, changesOnly: true) == SourceStretch(end: 180, content: .unchanged))
        #expect(stretches.stretch(in: 180..<1000, changesOnly: true) == SourceStretch(end: 200, content: .zeroes))
        #expect(stretches.stretch(in: 200..<1000, changesOnly: true) == nil)
        #expect(stretches.stretch(in: 100..<1000, changesOnly: false) == SourceStretch(end: 150, content: .data))
        #expect(stretches.stretch(in: 110..<130, changesOnly: false) == SourceStretch(end: 130, content: .data))
        #expect(stretches.stretch(in: 99..<130, changesOnly: false) == nil)
        #expect(try NBDStretches(start: 0, allocation: nil, dirty: nil).stretch(in: 0..<1, changesOnly: true) == nil)
        #expect(throws: NBDError.self) {
            try NBDStretches(start: .max, allocation: [NBDExtent(length: 1, flags: [])], dirty: nil)
        }
    }
}
