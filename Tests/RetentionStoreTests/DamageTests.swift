// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 7: what a disk does to bytes over the years is noticed, and never comes back as content.
struct DamageTests {
    /// Three epochs, each ended by a bookmark; sector 1 is written in all of them.
    private func threeEpochs(_ fixture: StoreFixture) throws -> [SequenceNumber] {
        var points: [SequenceNumber] = []
        for mark in [UInt8(0x11), 0x22, 0x33] {
            points.append(try fixture.batch(Write(sector: 1, mark: mark)))
            points.append(try fixture.batch(Write(sector: 1, mark: mark + 1), Write(sector: 2, mark: mark + 2)))
            points.append(try fixture.mark())
        }
        return points
    }

    /// Reads every offered point: exact, or refused as damaged.
    private func checkNothingIsWrong(_ fixture: StoreFixture) throws -> Int {
        var damaged = 0
        for (number, expected) in fixture.states {
            let point = SequenceNumber(number)
            guard fixture.isOffered(point) else { continue }
            do {
                #expect(try fixture.contents(at: point) == expected, "point \(point)")
            } catch let error as RetentionError {
                #expect(error.code == .historyDamaged)
                damaged += 1
            } catch let error as DeviceError {
                #expect(error.detail.contains("damaged"))
                damaged += 1
            }
        }
        return damaged
    }

    @Test func `damage to redo is reported by the points that need it and by no other`() throws {
        let fixture = try StoreFixture()
        let points = try threeEpochs(fixture)
        #expect(try fixture.damage("redo", holding: 0x22) == 1)
        #expect(try checkNothingIsWrong(fixture) == 1)
        #expect(try fixture.contents(at: points[2]) == fixture.states[points[2].rawValue])
        #expect(try fixture.contents(at: points[5]) == fixture.states[points[5].rawValue])
    }

    @Test func `damage to before-images is reported by the points that need them`() throws {
        let fixture = try StoreFixture()
        let points = try threeEpochs(fixture)
        // What the third epoch overwrote.
        #expect(try fixture.damage("undo", holding: 0x23) == 1)
        #expect(try checkNothingIsWrong(fixture) > 0)
        #expect(try fixture.contents(at: points[8]) == fixture.states[points[8].rawValue])
    }

    @Test func `a scrub finds damage, and the points that need it are not offered any more`() throws {
        let fixture = try StoreFixture()
        let points = try threeEpochs(fixture)
        #expect(try fixture.group.scrub().damages.isEmpty)
        try fixture.damage("undo", holding: 0x23)
        let report = try fixture.group.scrub()
        #expect(report.damages.count == 1)
        #expect(report.checkedBytes > 0)
        #expect(fixture.code { try fixture.group.checkPoint(points[2]) } == .pointNotExact)
        #expect(fixture.isOffered(points[8]))
        #expect(try checkNothingIsWrong(fixture) == 0)
    }

    @Test func `a rewind that meets damage is taken back`() throws {
        let fixture = try StoreFixture()
        let points = try threeEpochs(fixture)
        try fixture.damage("undo", holding: 0x23)
        try fixture.group.orderRewind(to: points[5])
        try fixture.settle()
        #expect(fixture.group.status.failure == nil)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        try fixture.batch(Write(sector: 5, mark: 9))
        #expect(try checkNothingIsWrong(fixture) > 0)
    }

    @Test func `a damaged record in the middle of the journal is not taken for its end`() throws {
        let fixture = try StoreFixture()
        for mark in 0x41..<0x48 as Range<UInt8> { try fixture.batch(Write(sector: 1, mark: mark)) }
        #expect(try fixture.damageHeader("redo", of: 0x43))
        #expect(fixture.code { try fixture.reopen() } == .journalDamaged)
    }

    @Test func `a damaged payload that is not applied yet is reported and not applied`() throws {
        let fixture = try StoreFixture()
        for mark in 0x41..<0x45 as Range<UInt8> {
            let write = Write(sector: Int(mark - 0x40), mark: mark)
            try fixture.group.append(fixture.part([write]), of: fixture.stamp(), isLast: true)
            _ = try fixture.stepper.stepJournal()
        }
        try fixture.damage("redo", holding: 0x42)
        try fixture.reopen()
        #expect(fixture.code { try fixture.settle() } == .historyDamaged)
        #expect(fixture.disks[0].contents[2 * 512] == 0)
    }

    @Test func `damage in a batch of several parts is not taken for the journal's end`() throws {
        let fixture = try StoreFixture()
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 0x51)]), of: fixture.stamp(), isLast: false)
        _ = try fixture.stepper.stepJournal()
        try fixture.group.append(fixture.part([Write(sector: 2, mark: 0x52)]), of: fixture.stamp(), isLast: true)
        _ = try fixture.stepper.stepJournal()
        // Its record says that the batch was durable.
        try fixture.group.append(fixture.part([Write(sector: 3, mark: 0x53)]), of: fixture.stamp(), isLast: true)
        _ = try fixture.stepper.stepJournal()
        #expect(try fixture.damageHeader("redo", of: 0x52))
        #expect(fixture.code { try fixture.reopen() } == .journalDamaged)
    }

    @Test func `damage before an empty segment is not taken for the journal's end`() throws {
        let fixture = try StoreFixture()
        for mark in 0x61..<0x65 as Range<UInt8> { try fixture.batch(Write(sector: 1, mark: mark)) }
        // What a loss of power leaves between the naming of a segment and its first record: everything before was
        // synced.
        try fixture.beginSegment()
        #expect(try fixture.damageHeader("redo", of: 0x63))
        do {
            try fixture.reopen()
            #expect(fixture.group.ingestPosition.durable >= fixture.events.durable, "acknowledged batches are gone")
        } catch let error as RetentionError {
            #expect(error.code == .journalDamaged)
        }
    }

    @Test func `a damaged epoch file is named together with its remedy, and a rebuild puts it right`() throws {
        let fixture = try StoreFixture()
        let points = try threeEpochs(fixture)
        let files = fixture.names("epoch")
        #expect(files.count == 4)
        for sector in [0, 8, 16] {
            fixture.folder.damage(files[2], sector: sector, byte: 3)
            let refusal = fixture.refusal { try fixture.reopen() }
            #expect(refusal?.code == .historyDamaged)
            #expect(refusal?.message.contains(files[2]) == true)
            #expect(refusal?.message.contains("mtctl retention rebuild") == true)
            fixture.folder.damage(files[2], sector: sector, byte: 3)
            try fixture.reopen()
        }
        fixture.folder.damage(files[2], sector: 16, byte: 3)
        _ = try RetentionGroup.rebuild(
            in: fixture.folder, acceptLoss: false, segmentSize: fixture.settings.segmentSize, clock: fixture.clock)
        try fixture.reopen()
        try fixture.settle()
        #expect(points.allSatisfy { fixture.isOffered($0) })
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `an epoch file that is missing is noticed`() throws {
        let fixture = try StoreFixture()
        _ = try threeEpochs(fixture)
        try fixture.folder.remove(fixture.names("epoch")[2])
        let refusal = fixture.refusal { try fixture.reopen() }
        #expect(refusal?.code == .historyDamaged)
        #expect(refusal?.message.contains("mtctl retention rebuild") == true)
    }

    @Test func `a journal that is gone is not an empty one`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.stepper.writeSlot()
        for name in fixture.names("redo") { try fixture.folder.remove(name) }
        #expect(fixture.code { try fixture.reopen() } == .journalDamaged)
    }

    @Test func `the last before-image of a stopped group is not lost without a word`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 1, mark: 0x71))
        try fixture.mark()
        try fixture.batch(Write(sector: 1, mark: 0x72))
        fixture.group.close()
        // What the last chunk overwrote: its epoch is not sealed.
        #expect(try fixture.damageHeader("undo", of: 0x71))
        do {
            try fixture.reopen()
            #expect(try fixture.wrongPoints() == [], "point \(point) shows what came after it")
        } catch let error as RetentionError {
            #expect(error.code == .journalDamaged || error.code == .historyDamaged)
        }
    }
}

extension StoreFixture {
    /// Makes the journal's next segment, with nothing in it.
    func beginSegment() throws {
        let number = FileNumber(folder.allNames.compactMap { UInt32($0.suffix(8), radix: 16) }.reduce(0, max) + 1)
        let digits = String(number.rawValue, radix: 16)
        let file = try folder.create("redo-" + String(repeating: "0", count: 8 - digits.count) + digits)
        try file.allocate(settings.segmentSize)
        var buffer = AlignedBuffer(count: FileHeader.size)
        var span = buffer.mutableBytes
        FileHeader(
            kind: .redo, file: number, group: group.manifest.groupID, first: group.status.durable.next.rawValue,
            epoch: EpochNumber(2), created: clock.now(), length: settings.segmentSize.rawValue
        ).encode(into: &span)
        try file.write(buffer.bytes, at: .zero)
        try file.sync()
        try folder.sync()
    }
}
