// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 5.
struct ViewTests {
    @Test func `views stand still while batches, rewinds and tidying go on`() throws {
        let fixture = try StoreFixture(diskCount: 2) { settings in
            settings.chunkBytes = .kibibytes(2)
            settings.epochRows = 5
        }
        var views: [(view: PointInTimeView, expected: [[UInt8]])] = []
        var random = SeededGenerator(seed: 7)
        for round in 0..<60 {
            let mark = UInt8(round % 250 + 1)
            try fixture.batch(
                Write(sector: Int.random(in: 0..<50, using: &random), count: 10, mark: mark),
                Write(disk: 1, sector: Int.random(in: 0..<60, using: &random), count: 3, mark: mark))
            if round % 9 == 8 { try fixture.mark() }
            if round % 13 == 12, let point = fixture.states.keys.randomElement(using: &random),
                fixture.isOffered(SequenceNumber(point))
            {
                try fixture.group.orderRewind(to: SequenceNumber(point))
                fixture.rewound(to: SequenceNumber(point))
                try fixture.settle()
            }
            if round % 5 == 0 {
                let point = fixture.group.status.durable
                views.append((try fixture.group.view(at: point), fixture.latest))
            }
            fixture.clock.advance(seconds: 3600)
            while try fixture.stepper.stepMaintenance() {}
            for (view, expected) in views {
                #expect(try StoreFixture.contents(of: view, 2) == expected, "round \(round)")
            }
            if views.count > 4 { views.removeFirst() }
        }
    }

    @Test func `a view sees no half of what the applier is writing`() throws {
        let fixture = try StoreFixture { $0.chunkBytes = .kibibytes(1) }
        let point = try fixture.batch(Write(sector: 0, count: 30, mark: 1))
        let view = try fixture.group.view(at: point)
        try fixture.group.append(
            fixture.part([Write(sector: 3, count: 30, mark: 2)]), of: fixture.stamp(), isLast: true)
        _ = try fixture.stepper.stepJournal()
        while try fixture.stepper.stepApplier() {
            #expect(try StoreFixture.contents(of: view, 1) == fixture.states[point.rawValue])
        }
    }

    @Test func `a point in time cannot be written to`() throws {
        let fixture = try StoreFixture()
        let view = try fixture.group.view(at: fixture.batch(Write(sector: 1, mark: 1)))
        let disk = try #require(view.disk(DiskNumber(0)))
        #expect(view.disk(DiskNumber(1)) == nil)
        #expect(disk.size == ByteCount(StoreFixture.sectors * 512))
        let bytes = AlignedBuffer(count: 512)
        let error = #expect(throws: DeviceError.self) { try disk.write(bytes.bytes, at: .zero) }
        #expect(error?.code == .readOnly)
        #expect(throws: DeviceError.self) { try disk.writeZeroes(at: .zero, count: ByteCount(512)) }
    }

    @Test func `a point that is not applied yet cannot be viewed`() throws {
        let fixture = try StoreFixture()
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 1)]), of: fixture.stamp(), isLast: true)
        _ = try fixture.stepper.stepJournal()
        #expect(fixture.code { _ = try fixture.group.view(at: fixture.group.status.durable) } == .noSuchPoint)
    }

    @Test func `a view leaves nothing behind, also after a stop`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 1, mark: 1))
        do { _ = try fixture.contents(at: point) }
        #expect(fixture.names("view").isEmpty)
        let view = try fixture.group.view(at: point)
        #expect(fixture.names("view").count == 1)
        try fixture.reopen()
        #expect(fixture.names("view").isEmpty)
        withExtendedLifetime(view) {}
    }

    @Test func `damage to a view's own index is not taken for content`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 8, count: 4, mark: 1))
        try fixture.mark()
        try fixture.batch(Write(sector: 8, count: 4, mark: 2))
        try fixture.mark()
        let view = try fixture.group.view(at: point)
        let name = try #require(fixture.names("view").first)
        try fixture.folder.open(name).sync()
        // The lowest byte of an address: the piece moves on the disk.
        fixture.folder.damage(name, sector: 0, byte: 0)
        do {
            #expect(try StoreFixture.contents(of: view, 1) == fixture.states[point.rawValue])
        } catch let error as DeviceError {
            #expect(error.detail.contains("damaged"))
        }
    }
}
