// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// A point is labelled no surer than what its disks show is known to be.
struct AccuracyTests {
    private func accuracy(_ fixture: StoreFixture, _ point: SequenceNumber) throws -> Accuracy {
        try fixture.group.resolve(.sequence(point.rawValue)).accuracy
    }

    @Test func `a bookmark is as sure as the batch that it names, and has its time`() throws {
        let fixture = try StoreFixture()
        let time = fixture.clock.now()
        try fixture.batch(Write(sector: 1, mark: 1), accuracy: .approximate)
        fixture.clock.advance(seconds: 60)
        let mark = try fixture.mark("fuzzy")
        #expect(try accuracy(fixture, mark) == .approximate)
        #expect(try fixture.group.resolve(.bookmark("fuzzy")).time == time)
        try fixture.batch(Write(sector: 1, mark: 2))
        #expect(try accuracy(fixture, try fixture.mark()) == .exact)
        try fixture.reopen(crashes: true)
        #expect(try accuracy(fixture, mark) == .approximate)
        // The first of an epoch inherits from the last of the one before, also after a start.
        try fixture.batch(Write(sector: 1, mark: 3), accuracy: .notGuaranteed)
        try fixture.reopen(crashes: true)
        #expect(try accuracy(fixture, try fixture.mark()) == .notGuaranteed)
    }

    @Test(arguments: Accuracy.allCases) func `the end of a sync is as sure as its sender says`(
        expected: Accuracy
    ) throws {
        let fixture = try StoreFixture()
        try fixture.syncAll(mark: 7, accuracy: expected)
        #expect(try fixture.group.resolve(.latest).accuracy == expected)
        #expect(fixture.group.stretches().last?.accuracy == expected)
        try fixture.reopen()
        #expect(try fixture.group.resolve(.latest).accuracy == expected)
    }

    @Test func `after a rewind the disks are as sure as the point that they show`() throws {
        let fixture = try StoreFixture()
        let fuzzy = try fixture.batch(Write(sector: 1, mark: 1), accuracy: .approximate)
        let exact = try fixture.batch(Write(sector: 1, mark: 2))
        try fixture.group.orderRewind(to: fuzzy)
        try fixture.settle()
        #expect(try fixture.group.resolve(.latest).accuracy == .approximate)
        try fixture.group.orderRewind(to: exact)
        try fixture.settle()
        #expect(try fixture.group.resolve(.latest).accuracy == .exact)
    }

    @Test func `a stretch tells the least of its points, and an end its own`() throws {
        let fixture = try StoreFixture()
        try fixture.mark("begin")
        try fixture.batch(Write(sector: 1, mark: 1), accuracy: .notGuaranteed)
        try fixture.batch(Write(sector: 1, mark: 2), accuracy: .approximate)
        try fixture.mark("end")
        for _ in 0..<2 {
            let stretch = try #require(fixture.group.stretches().last { $0.bookmarks.map(\.label) == ["end"] })
            #expect(stretch.leastAccuracy == .notGuaranteed)
            #expect(stretch.accuracy == .approximate)
            try fixture.reopen()
        }
    }

    @Test func `merged epochs keep the accuracy of their ends`() throws {
        let fixture = try StoreFixture()
        var expected: [SequenceNumber: Accuracy] = [:]
        for round in 1..<8 as Range<UInt8> {
            let accuracy: Accuracy = round % 2 == 0 ? .approximate : .exact
            try fixture.batch(Write(sector: 0, count: 60, mark: round), accuracy: accuracy)
            fixture.clock.advance(seconds: 60)
            // It ends the epoch, and keeps none from being merged, as a bookmark would.
            try fixture.group.orderRewind(to: fixture.group.status.durable)
            expected[try fixture.settle()] = accuracy
        }
        fixture.settings.quota = .kibibytes(1)
        try fixture.reopen()
        let before = fixture.group.status.epochs
        while try fixture.stepper.stepMaintenance() {}
        #expect(fixture.group.status.epochs < before)
        let offered = expected.keys.filter { fixture.isOffered($0) }
        #expect(!offered.isEmpty)
        for point in offered { #expect(try accuracy(fixture, point) == expected[point]) }
    }
}
