// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 6: history fits, gets coarser before it gets shorter, and its last points stay.
struct RetentionLimitTests {
    /// Epochs of one large batch each, until the volume has no more room for the journal.
    private func fill(_ fixture: StoreFixture, limit: Int = 200) throws {
        for round in 0..<limit {
            fixture.clock.advance(seconds: 60)
            let write = Write(sector: 0, count: 60, mark: UInt8(round % 250 + 1))
            try fixture.group.append(fixture.part([write]), of: fixture.stamp(), isLast: true)
            fixture.expect(write)
            if round % 2 == 1 { try fixture.group.mark("mark \(round)") }
            try fixture.settle()
            if fixture.group.status.blocked != nil { return }
        }
    }

    @Test func `a full volume stops intake without failing, and intake goes on when there is room`() throws {
        let fixture = try StoreFixture { $0.reserve = .kibibytes(1024) }
        fixture.folder.setCapacity(fixture.folder.usedBytes + 14 * (256 << 10))
        try fill(fixture)
        #expect(fixture.group.status.blocked?.code == .retentionFull)
        #expect(fixture.group.status.failure == nil)
        #expect(fixture.group.status.pendingOperations > 0)
        fixture.folder.setCapacity(.max)
        try fixture.settle()
        #expect(fixture.group.status.blocked == nil)
        #expect(fixture.group.status.pendingOperations == 0)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `room that comes from elsewhere lets the applier go on too`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 0, count: 60, mark: 1))
        try fixture.mark()
        try fixture.group.append(
            fixture.part([Write(sector: 0, count: 60, mark: 2)]), of: fixture.stamp(), isLast: true)
        fixture.expect(Write(sector: 0, count: 60, mark: 2))
        _ = try fixture.stepper.stepJournal()
        fixture.folder.setCapacity(fixture.folder.usedBytes)
        while try fixture.stepper.stepApplier() {}
        #expect(fixture.group.status.blocked?.code == .retentionFull)
        #expect(fixture.group.status.failure == nil)
        fixture.folder.setCapacity(.max)
        try fixture.settle()
        #expect(fixture.group.status.blocked == nil)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    /// One batch, and the wait until it is durable.
    private func ingest(_ fixture: StoreFixture, round: Int) throws {
        fixture.clock.advance(seconds: 2)
        let source = fixture.group.ingestPosition.accepted + 1
        let write = Write(sector: 0, count: 60, mark: UInt8(round % 250 + 1))
        try fixture.group.append(fixture.part([write]), of: fixture.stamp(source), isLast: true)
        fixture.expect(write)
        if round % 3 == 1 { try fixture.group.mark("mark \(round)") }
        let isDone = fixture.events.wait { fixture.events.durable >= source || fixture.group.status.failure != nil }
        try #require(isDone, "nothing happens any more")
        try #require(fixture.group.status.failure == nil)
    }

    @Test(arguments: 0..<6)
    func `a volume of any size that is full makes room for itself`(extra: Int) throws {
        let fixture = try StoreFixture { $0.reserve = .kibibytes(1024) }
        fixture.folder.setCapacity(fixture.folder.usedBytes + UInt64(12 * (256 << 10) + extra * 45_056))
        fixture.group.start()
        for round in 0..<80 { try ingest(fixture, round: round) }
        try fixture.group.drain()
        fixture.group.close()
        #expect(fixture.disks[0].contents == fixture.latest[0])
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(fixture.isOffered(fixture.group.status.durable))
        #expect(fixture.group.stretches().count > 1)
    }

    @Test func `one request for room does not cost all of history`() throws {
        let fixture = try StoreFixture { $0.reserve = .kibibytes(1024) }
        fixture.folder.setCapacity(fixture.folder.usedBytes + 24 * (256 << 10))
        try fill(fixture)
        try #require(fixture.group.status.blocked != nil)
        let epochs = fixture.group.status.epochs
        #expect(epochs > 6)
        // As an applier that runs while the journal has not come round yet.
        for _ in 0..<100 { guard try fixture.stepper.stepMaintenance() else { break } }
        #expect(fixture.group.status.epochs > epochs / 2)
    }

    @Test func `history gets coarser before it gets shorter`() throws {
        let fixture = try StoreFixture { $0.quota = .mebibytes(4) }
        try fill(fixture, limit: 120)
        let oldest = fixture.group.status.oldestPoint
        let before = fixture.group.stretches()
        #expect(before.contains { $0.kind == .changes && $0.isEveryBatch })
        #expect(try fixture.stepper.stepMaintenance())
        #expect(fixture.group.status.oldestPoint == oldest)
        let after = fixture.group.stretches()
        #expect(after.count == before.count)
        #expect(after.filter(\.isEveryBatch).count < before.filter(\.isEveryBatch).count)
        // Bookmarks are ends of epochs: they stay.
        #expect(after.flatMap(\.bookmarks) == before.flatMap(\.bookmarks))
        #expect(try fixture.wrongPoints() == [])
        while try fixture.stepper.stepMaintenance() {}
        #expect(fixture.group.status.usedBytes <= .mebibytes(4))
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `no pressure takes the last points`() throws {
        let fixture = try StoreFixture { $0.quota = .kibibytes(1) }
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.mark()
        try fixture.batch(Write(sector: 1, mark: 2))
        fixture.clock.advance(seconds: 1_000_000)
        while try fixture.stepper.stepMaintenance() {}
        #expect(fixture.group.status.oldestPoint != nil)
        #expect(fixture.isOffered(fixture.group.status.durable))
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `what is older than the window goes, what is younger stays`() throws {
        let fixture = try StoreFixture { $0.windowSeconds = 3600 }
        var points: [SequenceNumber] = []
        for mark in 1..<10 as Range<UInt8> {
            points.append(try fixture.batch(Write(sector: 1, mark: mark)))
            try fixture.mark()
            fixture.clock.advance(seconds: 1000)
        }
        while try fixture.stepper.stepMaintenance() {}
        #expect(points.map { fixture.isOffered($0) } == [false, false, false, false, false, true, true, true, true])
        #expect(try fixture.wrongPoints() == [])
        try fixture.reopen()
        #expect(points.map { fixture.isOffered($0) } == [false, false, false, false, false, true, true, true, true])
    }

    @Test func `a clock that jumps ahead does not cost history`() throws {
        let fixture = try StoreFixture { $0.windowSeconds = 3600 }
        var points: [SequenceNumber] = []
        for mark in 1..<5 as Range<UInt8> {
            points.append(try fixture.batch(Write(sector: 1, mark: mark)))
            try fixture.mark()
            fixture.clock.advance(seconds: 60)
        }
        fixture.clock.advance(seconds: 400 * 24 * 3600)
        while try fixture.stepper.stepMaintenance() {}
        #expect(points.allSatisfy { fixture.isOffered($0) })
    }

    @Test func `damage in old history does not stop the group when room is made`() throws {
        let fixture = try StoreFixture()
        for mark in 1..<8 as Range<UInt8> {
            // No bookmarks: such epochs are merged.
            try fixture.batch(Write(sector: 0, count: 60, mark: mark))
            fixture.clock.advance(seconds: 60)
            try fixture.group.orderRewind(to: fixture.group.status.durable)
            try fixture.settle()
        }
        #expect(try fixture.damage("undo", holding: 3) > 0)
        fixture.settings.quota = .kibibytes(1)
        try fixture.reopen()
        #expect(throws: Never.self) { while try fixture.stepper.stepMaintenance() {} }
        #expect(fixture.group.status.failure == nil)
    }

    @Test func `a quota holds under load that never pauses`() throws {
        let fixture = try StoreFixture { settings in
            settings.quota = .mebibytes(4)
            settings.epochBytes = .kibibytes(128)
        }
        fixture.group.start()
        defer { fixture.group.close() }
        for round in 0..<300 { try ingest(fixture, round: round) }
        #expect(fixture.group.status.usedBytes < .mebibytes(8))
    }
}
