// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Testing

struct ChangedRangesTests {
    /// Stretches of the whole disk, as offsets with their states.
    private func stretches(_ ranges: ChangedRanges) -> [(Range<UInt64>, Bool)] {
        var found: [(Range<UInt64>, Bool)] = []
        var position: UInt64 = 0
        while position < ranges.size {
            let (isChanged, end) = ranges.stretch(at: position, limit: ranges.size)
            found.append((position..<end, isChanged))
            position = end
        }
        return found
    }

    @Test(
        arguments: [
            (0..<0, []),
            (0..<1, [0..<10]),
            (9..<11, [0..<20]),
            (10..<20, [10..<20]),
            (95..<200, []),
            (94..<95, [90..<95]),
            (95..<96, []),
            (0..<UInt64.max, [0..<95]),
        ] as [(Range<UInt64>, [Range<UInt64>])])
    func `a range is told by whole granules, up to the end of the disk`(
        range: Range<UInt64>, expected: [Range<UInt64>]
    ) {
        var ranges = ChangedRanges(size: 95, granule: 10)
        ranges.insert(range)
        #expect(stretches(ranges).filter(\.1).map(\.0) == expected)
        #expect(stretches(ranges).reduce(0) { $0 + $1.0.count } == 95)
    }

    @Test func `stretches end where they are asked to`() {
        var ranges = ChangedRanges(size: 1 << 20)
        ranges.insert(0..<1)
        #expect(ranges.stretch(at: 5, limit: 9) == (true, 9))
        #expect(ranges.stretch(at: 5, limit: 1 << 20) == (true, ChangedRanges.granule))
        #expect(ranges.stretch(at: ChangedRanges.granule, limit: 1 << 20) == (false, 1 << 20))
    }

    @Test func `granules beyond a word are apart`() {
        var ranges = ChangedRanges(size: 1000, granule: 1)
        for place in [63, 64, 127, 128, 999] as [UInt64] { ranges.insert(place..<place + 1) }
        #expect(stretches(ranges).filter(\.1).map(\.0) == [63..<65, 127..<129, 999..<1000])
    }
}
