// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// What is told of points besides their content: where two of them may differ, and where one holds nothing.
struct PointComparisonTests {
    private static func history(seed: UInt64, maintains: Bool) throws -> StoreFixture {
        let fixture = try StoreFixture(diskCount: 2) { settings in
            settings.chunkBytes = .kibibytes(2)
            settings.epochRows = 5
        }
        var random = SeededGenerator(seed: seed)
        for round in 0..<40 {
            let mark = UInt8(round % 250 + 1)
            try fixture.batch(
                Write(sector: Int.random(in: 0..<50, using: &random), count: 4, mark: mark),
                Write(disk: 1, sector: Int.random(in: 0..<60, using: &random), count: 2, mark: mark))
            if round % 9 == 8 { try fixture.mark() }
            if round % 13 == 12, let point = fixture.states.keys.randomElement(using: &random),
                fixture.isOffered(SequenceNumber(point))
            {
                try fixture.group.orderRewind(to: SequenceNumber(point))
                fixture.rewound(to: SequenceNumber(point))
                try fixture.settle()
            }
            fixture.clock.advance(seconds: maintains ? 3600 : 1)
            while maintains, try fixture.stepper.stepMaintenance() {}
        }
        return fixture
    }

    private static func sectors(_ state: [UInt8], _ sector: Int) -> ArraySlice<UInt8> {
        state[sector * 512..<(sector + 1) * 512]
    }

    @Test(arguments: [false, true]) func `every difference between two points is told`(maintains: Bool) throws {
        let fixture = try Self.history(seed: maintains ? 3 : 4, maintains: maintains)
        let points = fixture.states.keys.sorted().filter { fixture.isOffered(SequenceNumber($0)) }
        try #require(points.count > 5)
        var told = 0
        var compared = 0
        for one in points {
            let view = try fixture.group.view(at: SequenceNumber(one))
            for other in points {
                for disk in 0..<2 {
                    let changes = try view.changes(
                        of: DiskNumber(UInt16(disk)), since: SequenceNumber(other), granule: 512)
                    let (left, right) = (fixture.states[one]?[disk] ?? [], fixture.states[other]?[disk] ?? [])
                    for sector in 0..<StoreFixture.sectors {
                        let place = UInt64(sector * 512)
                        let isTold = changes.stretch(at: place, limit: place + 512).isChanged
                        compared += 1
                        told += isTold ? 1 : 0
                        if Self.sectors(left, sector) != Self.sectors(right, sector) {
                            #expect(isTold, "sector \(sector) of disk \(disk) between \(one) and \(other)")
                        }
                    }
                    if one == other { #expect(changes == ChangedRanges(size: changes.size, granule: 512)) }
                }
            }
        }
        // It says more than there is where a sector was written as it was; it does not say everything.
        #expect(told < compared * 9 / 10)
    }

    @Test func `what is told to be zeroes is zeroes, at every point`() throws {
        let fixture = try Self.history(seed: 5, maintains: true)
        var holes = 0
        for point in fixture.states.keys.sorted() where fixture.isOffered(SequenceNumber(point)) {
            let view = try fixture.group.view(at: SequenceNumber(point))
            for number in 0..<2 {
                let disk = try #require(view.disk(DiskNumber(UInt16(number))))
                let state = try #require(fixture.states[point])[number]
                let end = UInt64(state.count)
                var position: UInt64 = 0
                while position < end {
                    let data = try disk.firstDataRange(in: position..<end)
                    let start = data?.lowerBound ?? end
                    holes += Int(start - position)
                    #expect(state[Int(position)..<Int(start)].allSatisfy { $0 == 0 }, "point \(point)")
                    position = data?.upperBound ?? end
                }
            }
        }
        #expect(holes > 0)
    }

    @Test func `points that are not there are refused, and so are disks`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 1, mark: 1))
        let view = try fixture.group.view(at: point)
        #expect(fixture.code { _ = try view.changes(of: DiskNumber(0), since: SequenceNumber(999)) } == .noSuchPoint)
        #expect(fixture.code { _ = try view.changes(of: DiskNumber(7), since: point) } == .unknownDisk)
    }
}
