// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionStore
import StoragePrimitives
import Testing

/// Promise 6 at each segment, and the order in which history is given up.
struct QuotaTests {
    private static let segment = ByteCount.kibibytes(256)

    private func submit(_ fixture: StoreFixture, _ mark: UInt8) throws {
        let write = Write(sector: 0, count: 60, mark: mark)
        try fixture.group.append(fixture.part([write]), of: fixture.stamp(), isLast: true)
        fixture.expect(write)
    }

    @Test func `the journal starts no segment beyond the quota, and goes on when there is room`() throws {
        let quota = ByteCount.kibibytes(768)
        let fixture = try StoreFixture { $0.quota = quota }
        for mark in 1...60 as ClosedRange<UInt8> {
            try submit(fixture, mark)
            while try fixture.stepper.stepJournal() {}
            #expect(fixture.group.status.usedBytes <= quota + Self.segment)
        }
        #expect(fixture.group.status.blocked?.code == .retentionFull)
        #expect(fixture.group.status.blocked?.message.contains("its quota is 768 KiB") == true)
        // The epoch never ends by itself: it is ended to make room.
        for _ in 0..<10_000 where fixture.group.status.pendingOperations > 0 {
            try fixture.settle()
            _ = try fixture.stepper.stepMaintenance()
        }
        try fixture.settle()
        #expect(fixture.group.status.pendingOperations == 0)
        #expect(fixture.group.status.blocked == nil)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a group whose epochs never end by themselves keeps its quota under load`() throws {
        let fixture = try StoreFixture { $0.quota = .mebibytes(1) }
        fixture.group.start()
        defer { fixture.group.close() }
        for round in 0..<150 {
            let source = fixture.group.ingestPosition.accepted + 1
            try submit(fixture, UInt8(round % 250 + 1))
            let isDone = fixture.events.wait { fixture.events.durable >= source || fixture.group.status.failure != nil }
            try #require(isDone, "nothing happens any more")
            // A segment; and a segment of before-images and an epoch's file, which making room takes.
            #expect(fixture.group.status.usedBytes <= .mebibytes(1) + Self.segment + Self.segment + Self.segment)
        }
        try fixture.group.drain()
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test func `whoever makes room wakes the journal that waits for it`() throws {
        let fixture = try StoreFixture { $0.reserve = .kibibytes(1024) }
        fixture.folder.setCapacity(fixture.folder.usedBytes + 14 * (256 << 10))
        for round in 0..<200 where fixture.group.status.blocked == nil {
            try submit(fixture, UInt8(round % 250 + 1))
            if round % 2 == 1 { try fixture.group.mark("mark \(round)") }
            try fixture.settle()
        }
        try #require(fixture.group.status.blocked != nil)
        _ = fixture.stepper.isJournalCalled
        // As an applier that began to tidy before the journal found no room.
        try #require(try fixture.stepper.stepMaintenance())
        #expect(fixture.group.status.blocked == nil)
        #expect(fixture.stepper.isJournalCalled)
    }

    @Test(arguments: [2, 5])
    func `neighbours hours apart are merged before the oldest is dropped`(hours: Int64) throws {
        let fixture = try StoreFixture { $0.windowSeconds = 1_000_000 }
        for mark in 1..<7 as Range<UInt8> {
            // More than a segment; a rewind ends an epoch and leaves no bookmark.
            for more in 0..<10 as Range<UInt8> {
                try fixture.batch(Write(sector: 0, count: 60, mark: mark + more * 10))
            }
            try fixture.group.orderRewind(to: fixture.group.status.durable)
            try fixture.settle()
            fixture.clock.advance(seconds: hours * 3600)
        }
        fixture.settings.quota = .kibibytes(1)
        try fixture.reopen()
        let oldest = fixture.group.status.oldestPoint
        let before = fixture.group.status.epochs
        var least = before
        while try fixture.stepper.stepMaintenance(), fixture.group.status.oldestPoint == oldest {
            least = min(least, fixture.group.status.epochs)
            #expect(try fixture.wrongPoints() == [])
        }
        // The two of each round within an hour, which makes six; then rounds with each other.
        #expect(least <= before - 8)
    }
}
