// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

/// Numbers on the retention volume that check and cannot be: refused by name, never a trap.
struct HostileHistoryTests {
    /// A group with a sealed epoch of two batches, both of which are points.
    private func sealed() throws -> (StoreFixture, name: String, inside: SequenceNumber) {
        let fixture = try StoreFixture()
        let inside = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.batch(Write(sector: 1, count: 4, mark: 2))
        try fixture.mark()
        return (fixture, try #require(fixture.names("epoch").max()), inside)
    }

    @Test(arguments: [UInt32.max, 3])
    func `a point that claims more redo than its epoch has is refused`(redoEnd: UInt32) throws {
        let (fixture, name, inside) = try sealed()
        var forged = try EpochForgery(fixture, name)
        #expect(try forged.summary().redoCount == 2)
        forged.put(redoEnd, at: forged.batches + 40)
        try forged.sign()
        try fixture.reopen()
        #expect(fixture.code { _ = try fixture.contents(at: inside) } == .historyDamaged)
    }

    @Test func `redo that falls from one point to the next is refused`() throws {
        let (fixture, name, inside) = try sealed()
        var forged = try EpochForgery(fixture, name)
        forged.put(UInt32(2), at: forged.batches + 40)
        forged.put(UInt32(1), at: forged.batches + BatchRow.encodedSize + 40)
        try forged.sign()
        try fixture.reopen()
        #expect(fixture.code { _ = try fixture.contents(at: inside) } == .historyDamaged)
    }

    /// Offsets in the summary, and what is put there: number, merged from, first, last, resume offset, bookmark.
    private static let hostile: [(Int, UInt64)] = [
        (0, UInt64.max), (0, UInt64.max - 1), (8, UInt64.max), (24, 0), (24, UInt64.max), (32, UInt64.max),
        (32, UInt64.max - 1), (80, UInt64.max), (80, UInt64.max - 511), (80, 1), (160, 0), (160, UInt64.max),
    ]

    @Test(arguments: hostile)
    func `a summary that no history has is refused, and does not trap a rebuild`(offset: Int, value: UInt64) throws {
        let (fixture, name, _) = try sealed()
        var forged = try EpochForgery(fixture, name)
        let isBookmark = offset >= 160
        forged.put(value, at: 4 + (isBookmark ? 160 + 4 * (try forged.summary().undoFiles.count) : offset))
        try forged.sign()
        #expect(fixture.code { try fixture.reopen() } == .historyDamaged)
        let report = try RetentionGroup.rebuild(
            in: fixture.folder, acceptLoss: true, segmentSize: fixture.settings.segmentSize, clock: fixture.clock)
        #expect(report.remade > 0)
        try fixture.reopen()
        try fixture.settle()
        #expect(try fixture.wrongPoints() == [])
    }

    @Test(arguments: [UInt64(64), 1 << 40])
    func `a before-image past the end of its disk is refused`(sector: UInt64) throws {
        let (fixture, name, inside) = try sealed()
        var forged = try EpochForgery(fixture, name)
        let summary = try forged.summary()
        let undo =
            forged.batches + Int(summary.batchCount) * BatchRow.encodedSize
            + Int(summary.redoCount + summary.undoCount - 1) * StoredExtent.encodedSize
        forged.put(sector, at: undo)
        try forged.sign()
        try fixture.reopen()
        #expect(fixture.code { _ = try fixture.contents(at: inside.previous) } == .historyDamaged)
    }

    @Test func `sums of hostile sizes do not trap`() throws {
        let (fixture, name, _) = try sealed()
        var forged = try EpochForgery(fixture, name)
        forged.put(UInt64.max, at: 4 + 96)
        forged.put(UInt64.max, at: 4 + 104)
        try forged.sign()
        try fixture.reopen()
        #expect(throws: Never.self) { _ = try fixture.group.scrub() }
    }

    @Test func `file numbers that are used up stop the group and say so`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.folder.create("free-ffffffff")
        try fixture.reopen()
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 1)]), of: fixture.stamp(), isLast: true)
        let refusal = fixture.refusal { _ = try fixture.stepper.stepJournal() }
        #expect(refusal?.code == .retentionFailed)
        #expect(refusal?.message.contains("used up") == true)
    }

    @Test(arguments: ["redo-+0000001", "redo-0000000A", "redo-1", "redo-", "-", "redo-00000001-"])
    func `a name that only looks like a history file's is left alone`(name: String) throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        _ = try fixture.folder.create(name)
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.folder.allNames.contains(name))
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a batch of more writes than are kept in memory is refused, and the next one is not`() throws {
        let fixture = try StoreFixture { $0.batchRows = 8 }
        let five = (0..<5).map { Write(sector: $0, mark: 0) }
        let stamp = fixture.stamp()
        try fixture.group.append(fixture.part(five), of: stamp, isLast: false)
        let refusal = fixture.refusal { try fixture.group.append(fixture.part(five), of: stamp, isLast: true) }
        #expect(refusal?.code == .batchTooLarge)
        #expect(refusal?.message.contains("more than 8 writes") == true)
        fixture.group.abandonOpenBatch()
        try fixture.settle()
        for _ in 0..<8 { try fixture.group.append(fixture.part([]), of: fixture.stamp(), isLast: false) }
        #expect(
            fixture.code { try fixture.group.append(fixture.part([]), of: fixture.stamp(), isLast: false) }
                == .batchTooLarge)
        fixture.group.abandonOpenBatch()
        try fixture.batch(Write(sector: 3, mark: 7))
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }
}
