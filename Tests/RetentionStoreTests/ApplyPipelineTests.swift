// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Two chunks under way at once, and the promises all the same.
struct ApplyPipelineTests {
    /// Queues a batch that makes a chunk of its own.
    private func queue(_ fixture: StoreFixture, _ writes: Write...) throws {
        try fixture.group.append(fixture.part(writes), of: fixture.stamp(), isLast: true)
        for write in writes { fixture.expect(write) }
        while try fixture.stepper.stepJournal() {}
    }

    @Test func `while a chunk is written the next one is captured, and none counts before its own flush`() throws {
        let fixture = try StoreFixture { $0.chunkExtents = 1 }
        let before = fixture.group.status
        try queue(fixture, Write(sector: 0, count: 4, mark: 1))
        try queue(fixture, Write(sector: 8, count: 4, mark: 2))
        try queue(fixture, Write(sector: 2, count: 8, mark: 3))
        // Enough that the third does not wait for more.
        try queue(fixture, Write(sector: 2, count: 8, mark: 4))
        func captured() -> UInt64 {
            (fixture.group.status.counters.capturedBytes - before.counters.capturedBytes) / 512
        }
        func applied() -> UInt64 { fixture.group.status.applied.rawValue - before.applied.rawValue }
        func written() -> UInt64 { (fixture.group.status.counters.writtenBytes - before.counters.writtenBytes) / 512 }
        // Begin, capture, sync: the first chunk alone.
        for _ in 0..<3 { _ = try fixture.stepper.stepApplier() }
        #expect((captured(), written(), applied()) == (4, 0, 0))
        // It is written, and flushed, while the second is captured and its log is synced.
        _ = try fixture.stepper.stepApplier()
        #expect((captured(), written(), applied()) == (4, 4, 0))
        _ = try fixture.stepper.stepApplier()
        #expect((captured(), written(), applied()) == (8, 4, 1))
        // The third has four sectors left that neither of the others touched.
        for _ in 0..<2 { _ = try fixture.stepper.stepApplier() }
        #expect((captured(), written(), applied()) == (12, 8, 2))
        try fixture.settle()
        #expect((captured(), written(), applied()) == (12, 24, 4))
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test func `a trickle is gathered while a chunk is under way`() throws {
        let fixture = try StoreFixture()
        let before = fixture.group.status.counters.chunks
        try queue(fixture, Write(sector: 0, mark: 1))
        for _ in 0..<3 { _ = try fixture.stepper.stepApplier() }
        for mark in 2..<10 as Range<UInt8> {
            try queue(fixture, Write(sector: Int(mark), mark: mark))
            if mark % 4 == 0 { _ = try fixture.stepper.stepApplier() }
        }
        try fixture.settle()
        #expect(fixture.group.status.counters.chunks == before + 2)
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test(arguments: 0..<60)
    func `power that goes while two chunks are under way leaves every point right`(cut: Int) throws {
        let fixture = try StoreFixture(seed: UInt64(cut), diskCount: 2, teamSeed: UInt64(cut) &* 7) {
            $0.chunkExtents = 3
        }
        // Every point is known only when the engines have rested: the first ones do, the rest overlap.
        for mark in 1..<5 as Range<UInt8> { try fixture.batch(Write(sector: Int(mark) * 3, count: 6, mark: mark)) }
        for mark in 5..<14 as Range<UInt8> {
            try queue(
                fixture, Write(sector: Int(mark) * 2, count: 9, mark: mark), Write(disk: 1, sector: 3, mark: mark))
            if mark == 9 { try fixture.group.mark("nine") }
        }
        while try fixture.stepper.stepJournal() {}
        let durable = fixture.group.status.durable
        var faults = SimulatedPower.Faults()
        faults.cutAfter = cut * 2
        fixture.power.set(faults)
        // Whether it gets to the end does not matter.
        _ = try? fixture.settle()
        try fixture.reopen(crashes: true)
        #expect(fixture.group.status.durable == durable)
        try fixture.settle()
        for (index, disk) in fixture.disks.enumerated() { #expect(disk.contents == fixture.latest[index]) }
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a chunk for whose before-images there is no room waits, and the one before it is applied`() throws {
        let fixture = try StoreFixture {
            $0.chunkExtents = 1
            $0.segmentSize = .kibibytes(64)
        }
        var first = 0
        // Until the next before-image needs a new segment.
        while fixture.group.status.blocked == nil {
            try #require(first < 40)
            try fixture.batch(Write(sector: 0, count: 40, mark: UInt8(first + 1)))
            try fixture.mark()
            fixture.folder.setCapacity(.max)
            try queue(fixture, Write(sector: 0, count: 40, mark: 100), Write(sector: 0, count: 40, mark: 101))
            try queue(fixture, Write(sector: 44, count: 20, mark: 102))
            try queue(fixture, Write(sector: 40, count: 24, mark: 103))
            let applied = fixture.group.status.applied
            for _ in 0..<3 { _ = try fixture.stepper.stepApplier() }
            fixture.folder.setCapacity(fixture.folder.usedBytes)
            while try fixture.stepper.stepApplier() {}
            if fixture.group.status.blocked != nil { #expect(fixture.group.status.applied > applied) }
            first += 1
        }
        #expect(fixture.group.status.blocked?.code == .retentionFull)
        #expect(fixture.group.status.failure == nil)
        fixture.folder.setCapacity(.max)
        try fixture.settle()
        #expect(fixture.group.status.blocked == nil)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test(arguments: [0, 1, 2, 3])
    func `what is only in the journal any more is applied from there`(seed: UInt64) throws {
        let fixture = try StoreFixture(seed: seed, diskCount: 2, teamSeed: seed) { $0.chunkExtents = 7 }
        for mark in 1..<30 as Range<UInt8> {
            try queue(
                fixture, Write(sector: Int(mark) * 2, count: 2, mark: mark),
                Write(disk: 1, sector: Int(mark) % 11 * 4, count: 5, mark: mark % 5 == 0 ? 0 : mark))
        }
        try fixture.reopen(crashes: true)
        #expect(fixture.group.status.applied < fixture.group.status.durable)
        try fixture.settle()
        for (index, disk) in fixture.disks.enumerated() { #expect(disk.contents == fixture.latest[index]) }
    }

    @Test func `damage to what is only in the journal is found before anything of its chunk is written`() throws {
        let fixture = try StoreFixture { $0.chunkExtents = 1 }
        for mark in [7, 8, 9] as [UInt8] { try queue(fixture, Write(sector: Int(mark), count: 2, mark: mark)) }
        try fixture.reopen(crashes: true)
        #expect(try fixture.damage("redo", holding: 8) > 0)
        #expect(fixture.code { try fixture.settle() } == .historyDamaged)
        let contents = fixture.disks[0].contents
        #expect(!contents.contains(8) && !contents.contains(9))
    }
}
