// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 7, the other half: what can be made again is, and what cannot is given up only when that is accepted.
struct RebuildTests {
    /// Epochs of one batch each, all sealed; what they redo fills some segments.
    private func sealed(_ fixture: StoreFixture, _ count: UInt8) throws -> [SequenceNumber] {
        var points: [SequenceNumber] = []
        for mark in 1...count {
            points.append(try fixture.batch(Write(sector: 0, count: 60, mark: mark)))
            points.append(try fixture.batch(Write(sector: 3, count: 60, mark: mark + 100)))
            try fixture.mark("mark \(mark)")
        }
        return points
    }

    /// Lets redo go until only the last segments are left.
    private func dropRedo(_ fixture: StoreFixture) throws {
        fixture.settings.quota = .kibibytes(1)
        try fixture.reopen()
        while fixture.names("redo").count > 2 { try #require(try fixture.stepper.stepMaintenance()) }
        fixture.settings.quota = nil
    }

    private func rebuild(_ fixture: StoreFixture, acceptLoss: Bool = false) throws -> RebuildReport {
        try RetentionGroup.rebuild(
            in: fixture.folder, acceptLoss: acceptLoss, segmentSize: fixture.settings.segmentSize, clock: fixture.clock)
    }

    private func damage(_ fixture: StoreFixture, _ epoch: String, header: Bool) {
        // The first page of the content, or the header.
        fixture.folder.damage(epoch, sector: header ? 0 : 16, byte: 30)
    }

    /// Opens the group again; every point that was offered before is still, and shows what it showed.
    private func expectWhole(_ fixture: StoreFixture, _ points: [SequenceNumber]) throws {
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(points.allSatisfy { fixture.isOffered($0) })
        #expect(try fixture.wrongPoints() == [])
        try fixture.batch(Write(sector: 1, mark: 0xEE))
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test func `nothing is done to what is whole`() throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 3)
        let names = fixture.folder.allNames
        #expect(try rebuild(fixture) == RebuildReport())
        #expect(fixture.folder.allNames == names)
        try expectWhole(fixture, points)
    }

    @Test(arguments: 0..<4, [false, true])
    func `any epoch file that the journal tells is made again`(index: Int, header: Bool) throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 3)
        let epoch = fixture.names("epoch").sorted()[index]
        damage(fixture, epoch, header: header)
        #expect(fixture.code { try fixture.reopen() } == .historyDamaged)
        let report = try rebuild(fixture)
        #expect(report.damaged.first == epoch)
        #expect(report.remade > 0)
        #expect(report.lostBefore == .none)
        try expectWhole(fixture, points)
    }

    @Test func `all of them are made again, also when none is left`() throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 3)
        for epoch in fixture.names("epoch") { damage(fixture, epoch, header: true) }
        #expect(try rebuild(fixture).remade == 4)
        try expectWhole(fixture, points)
    }

    @Test func `an epoch file that is missing is made again`() throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 3)
        try fixture.folder.remove(fixture.names("epoch").sorted()[2])
        #expect(fixture.code { try fixture.reopen() } == .historyDamaged)
        let report = try rebuild(fixture)
        #expect(report.damaged.count == 1)
        #expect(report.remade == 1)
        try expectWhole(fixture, points)
    }

    @Test(arguments: [false, true])
    func `the only account of an epoch goes only when that is accepted`(header: Bool) throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 20)
        try dropRedo(fixture)
        let epochs = fixture.names("epoch").sorted()
        damage(fixture, epochs[2], header: header)
        let names = fixture.folder.allNames
        #expect(fixture.code { _ = try rebuild(fixture) } == .historyDamaged)
        #expect(fixture.folder.allNames == names)
        let report = try rebuild(fixture, acceptLoss: true)
        #expect(report.lostBefore > .none)
        try expectWhole(fixture, Array(points.suffix(6)))
        #expect(!points.contains { $0 < report.lostBefore && fixture.isOffered($0) })
    }

    @Test func `a late epoch is made again although the redo of early ones is gone`() throws {
        let fixture = try StoreFixture()
        let points = try sealed(fixture, 20)
        try dropRedo(fixture)
        try fixture.reopen()
        let offered = points.filter { fixture.isOffered($0) }
        damage(fixture, try #require(fixture.names("epoch").max()), header: false)
        #expect(try rebuild(fixture).lostBefore == .none)
        try expectWhole(fixture, offered)
    }

    @Test func `when the journal goes on from nothing that is left, nothing is changed`() throws {
        let fixture = try StoreFixture()
        _ = try sealed(fixture, 20)
        try dropRedo(fixture)
        for epoch in fixture.names("epoch") { damage(fixture, epoch, header: false) }
        let names = fixture.folder.allNames
        let refusal = fixture.refusal { _ = try rebuild(fixture, acceptLoss: true) }
        #expect(refusal?.code == .historyDamaged)
        #expect(refusal?.message.contains("Nothing was changed") == true)
        #expect(fixture.folder.allNames == names)
    }
}
