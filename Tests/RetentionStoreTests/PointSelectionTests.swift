// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

struct PointSelectionTests {
    /// Batches a minute apart; an application-consistent bookmark after the second.
    private struct History {
        let fixture: StoreFixture
        var points: [SequenceNumber] = []
        var times: [Timestamp] = []
        var bookmark = SequenceNumber.none

        init() throws {
            fixture = try StoreFixture()
            for mark in 1..<5 as Range<UInt8> {
                fixture.clock.advance(seconds: 60)
                times.append(fixture.clock.now())
                points.append(try fixture.batch(Write(sector: 1, mark: mark)))
                guard mark == 2 else { continue }
                let next = fixture.group.ingestPosition.accepted + 1
                let mark = Bookmark(kind: .applicationConsistent, label: "quiesced", time: fixture.clock.now())
                try fixture.group.append(mark, sourceSequence: next)
                bookmark = try fixture.settle()
            }
        }
    }

    @Test func `the latest point, processed or not`() throws {
        let history = try History()
        #expect(try history.fixture.group.resolve(.latest).sequence == history.points[3])
        try history.fixture.group.append(
            history.fixture.part([Write(sector: 2, mark: 9)]), of: history.fixture.stamp(), isLast: true)
        _ = try history.fixture.stepper.stepJournal()
        #expect(try history.fixture.group.resolve(.latest).sequence == history.points[3].next)
        #expect(try history.fixture.group.resolve(.latestProcessed).sequence == history.points[3])
    }

    @Test func `the latest application-consistent point says what would be lost`() throws {
        let history = try History()
        let point = try history.fixture.group.resolve(.latestApplicationConsistent)
        #expect(point.sequence == history.bookmark)
        #expect(point.bookmark?.label == "quiesced")
        #expect(point.note?.contains("2 changes") == true)
        try history.fixture.mark("crash-consistent")
        #expect(try history.fixture.group.resolve(.latestApplicationConsistent).sequence == history.bookmark)
    }

    @Test func `bookmarks are found by name, the newest of one name first`() throws {
        let history = try History()
        #expect(try history.fixture.group.resolve(.bookmark("quiesced")).sequence == history.bookmark)
        let again = try history.fixture.mark("quiesced")
        #expect(try history.fixture.group.resolve(.bookmark("quiesced")).sequence == again)
        let refusal = history.fixture.refusal { _ = try history.fixture.group.resolve(.bookmark("other")) }
        #expect(refusal?.code == .noSuchPoint)
    }

    @Test func `a time is the last batch not after it`() throws {
        let history = try History()
        let group = history.fixture.group
        for (point, time) in zip(history.points, history.times) {
            let expected = point == history.points[1] ? history.bookmark : point
            #expect(try group.resolve(.time(time)).sequence == expected)
            #expect(try group.resolve(.time(time.advanced(byNanoseconds: 30_000_000_000))).sequence == expected)
            #expect(try group.resolve(.time(time)).note == nil)
        }
    }

    @Test func `a time before or after history is moved to its ends, with a note`() throws {
        let history = try History()
        let group = history.fixture.group
        for _ in 0..<2 {
            let late = try group.resolve(.time(Timestamp(rawValue: .max)))
            #expect(late.sequence == group.status.durable)
            #expect(late.note?.contains("ends before") == true)
            let early = try group.resolve(.time(Timestamp(rawValue: .min)))
            #expect(early.sequence == group.status.oldestPoint)
            #expect(early.note?.contains("begins after") == true)
            // And again when the last epoch is sealed.
            try history.fixture.mark()
        }
    }

    @Test func `a rewind does not stand for every time before it`() throws {
        let history = try History()
        let fixture = history.fixture
        try fixture.group.orderRewind(to: history.points[2])
        try fixture.settle()
        #expect(try fixture.group.resolve(.time(history.times[0])).sequence == history.points[0])
        #expect(try fixture.group.resolve(.time(history.times[1])).sequence == history.bookmark)
    }

    @Test func `stretches and status tell times of the source, not the beginning of time`() throws {
        let history = try History()
        try history.fixture.group.orderRewind(to: history.points[0])
        try history.fixture.settle()
        let day = Timestamp.seconds(86_400)
        for stretch in history.fixture.group.stretches() {
            #expect(stretch.firstTime > day, "\(stretch.kind) from \(stretch.first)")
            #expect(stretch.lastTime > day, "\(stretch.kind) from \(stretch.first)")
        }
        #expect(try #require(history.fixture.group.status.oldestTime) > day)
        #expect(try history.fixture.group.resolve(.latest).time > day)
    }

    @Test func `before the first sync there is no point, and within one there is none`() throws {
        let fixture = try StoreFixture(isSynced: false)
        for selector in [
            PointSelector.latest, .latestProcessed, .latestApplicationConsistent, .time(.seconds(5)), .sequence(0),
            .sequence(7),
        ] {
            let code = fixture.code { _ = try fixture.group.resolve(selector) }
            #expect(code == .noSuchPoint || code == .pointNotExact)
        }
        #expect(fixture.group.stretches().isEmpty)
        #expect(fixture.group.status.oldestPoint == nil)
    }

    @Test func `labels are cut between characters and survive a restart`() throws {
        let label = String(repeating: "é", count: 400)
        #expect(Bookmark(kind: .crashConsistent, label: label, time: .seconds(1)).label.utf8.count == 512)
        let fixture = try StoreFixture()
        let point = try fixture.mark(label)
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.reopen(crashes: true)
        let found = try fixture.group.resolve(.bookmark(String(repeating: "é", count: 256)))
        #expect(found.sequence == point)
        #expect(fixture.group.stretches().flatMap(\.bookmarks).count == 1)
    }
}
