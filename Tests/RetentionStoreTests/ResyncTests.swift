// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Synchronization
import Testing

struct ResyncTests {
    @Test func `an initial sync with nothing to keep is neither journaled nor captured`() throws {
        let fixture = try StoreFixture()
        try fixture.syncAll(mark: 5)
        let first = try StoreFixture(isSynced: false)
        try first.syncAll(mark: 5)
        #expect(first.group.status.counters.capturedBytes == 0)
        #expect(first.group.status.counters.receivedBytes == 0)
        #expect(fixture.group.status.counters.capturedBytes > 0)
        #expect(first.disks[0].contents == first.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a sync that was cut short offers no point, and begins again`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.mark()
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        try fixture.group.appendSync(fixture.part([Write(sector: 0, count: 30, mark: 9)]))
        _ = try fixture.stepper.stepJournal()
        while try fixture.stepper.stepApplier() {}
        try fixture.reopen(crashes: true)
        #expect(fixture.group.ingestPosition.unsynced == [DiskNumber(0)])
        #expect(fixture.code { _ = try fixture.group.resolve(.latest) } == .pointNotExact)
        #expect(try fixture.contents(at: point) == fixture.states[point.rawValue])
        try fixture.syncAll(mark: 7)
        #expect(fixture.group.ingestPosition.unsynced == [])
        #expect(try fixture.wrongPoints() == [])
        try fixture.group.orderRewind(to: point)
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.states[point.rawValue]?[0])
    }

    @Test func `the last point before a resync is offered while it goes on`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        let last = try fixture.batch(Write(sector: 1, mark: 2))
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        try fixture.group.appendSync(fixture.part([Write(sector: 0, count: 30, mark: 9)]))
        _ = try fixture.stepper.stepJournal()
        while try fixture.stepper.stepApplier() {}
        #expect(fixture.isOffered(last))
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a resync keeps what it overwrites when only one epoch has points`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.batch(Write(sector: 1, mark: 2))
        fixture.clock.advance(seconds: 48 * 3600)
        try fixture.batch(Write(sector: 1, mark: 3))
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        _ = try fixture.stepper.stepJournal()
        while try fixture.stepper.stepApplier() {}
        while try fixture.stepper.stepMaintenance() {}
        try fixture.group.appendSync(fixture.part([Write(sector: 0, count: 30, mark: 9)]))
        _ = try fixture.stepper.stepJournal()
        while try fixture.stepper.stepApplier() {}
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `age does not take the last points while disks are out of sync`() throws {
        let fixture = try StoreFixture(diskCount: 2)
        let point = try fixture.batch(Write(sector: 1, mark: 1), Write(disk: 1, sector: 1, mark: 1))
        try fixture.mark()
        // Both disks have to be synced; one is, then the source is away for two days.
        for disk in 0..<2 as Range<UInt16> { try fixture.group.beginSync(DiskNumber(disk), kind: .resync) }
        _ = try fixture.stepper.stepJournal()
        try fixture.reopen()
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        try fixture.group.endSync(DiskNumber(0), time: fixture.clock.now(), sourceSequence: 1, accuracy: .exact)
        while try fixture.stepper.stepJournal() || fixture.stepper.stepApplier() {}
        let view = try fixture.group.view(at: point)
        fixture.clock.advance(seconds: 48 * 3600)
        while try fixture.stepper.stepMaintenance() {}
        #expect(fixture.isOffered(point), "no point is left")
        try fixture.group.beginSync(DiskNumber(1), kind: .resync)
        try fixture.group.appendSync(fixture.part([Write(disk: 1, sector: 0, count: 30, mark: 9)]))
        while try fixture.stepper.stepJournal() || fixture.stepper.stepApplier() {}
        #expect(
            try StoreFixture.contents(of: view, 2) == fixture.states[point.rawValue], "a view that was open has changed"
        )
    }

    @Test func `digests are those of the disk with everything on it that was taken in before`() throws {
        let fixture = try StoreFixture()
        try fixture.group.append(fixture.part([Write(sector: 0, count: 8, mark: 3)]), of: fixture.stamp(), isLast: true)
        fixture.expect(Write(sector: 0, count: 8, mark: 3))
        _ = try fixture.stepper.stepJournal()
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        let answer = Mutex<[RangeDigest]>([])
        let bell = Doorbell()
        fixture.group.digest(DiskNumber(0), sectors: 0..<8, granularity: 4096, seed: 5) { result in
            if case .success(let digests) = result { answer.withLock { $0 = digests } }
            bell.ring()
        }
        // Whoever does not wait for the applier has answered by then.
        let isEarly = bell.wait(nanoseconds: 100_000_000)
        try fixture.settle()
        if !isEarly { bell.wait() }
        let expected = [UInt8](repeating: 3, count: 4096)
        #expect(answer.withLock { $0 } == [unsafe RangeDigest(of: expected.span.bytes, seed: 5)])
    }
}
