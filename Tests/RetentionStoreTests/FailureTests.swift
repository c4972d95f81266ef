// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 8, and what fails beside it.
struct FailureTests {
    @Test func `a failed sync is final until the group is opened again`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        let acknowledged = fixture.events.durable
        var faults = SimulatedPower.Faults()
        faults.syncFailureOneIn = 1
        fixture.power.set(faults)
        try fixture.group.append(fixture.part([Write(sector: 2, mark: 2)]), of: fixture.stamp(), isLast: true)
        #expect(fixture.code { _ = try fixture.stepper.stepJournal() } == .retentionFailed)
        fixture.power.restore()
        #expect(fixture.group.status.failure?.code == .retentionFailed)
        #expect(fixture.group.ingestPosition.failure?.code == .retentionFailed)
        #expect(fixture.events.durable == acknowledged)
        #expect(
            fixture.events.all.contains {
                if case .failed(let error) = $0 { error.code == .retentionFailed } else { false }
            })
        // The volume is well again: that changes nothing.
        let part = fixture.part([Write(sector: 3, mark: 3)])
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(), isLast: true) } == .retentionFailed)
        #expect(try fixture.stepper.stepApplier() == false)
        try fixture.reopen()
        #expect(fixture.group.ingestPosition.durable >= acknowledged)
        try fixture.settle()
        #expect(fixture.group.status.failure == nil)
    }

    @Test func `a failed flush of a target is final, and nothing counts as applied`() throws {
        let fixture = try StoreFixture()
        let before = fixture.group.status.applied
        try fixture.group.append(fixture.part([Write(sector: 2, mark: 2)]), of: fixture.stamp(), isLast: true)
        fixture.expect(Write(sector: 2, mark: 2))
        _ = try fixture.stepper.stepJournal()
        // Idle, capture, sync of the undo log, write; the flush is next.
        for _ in 0..<4 { _ = try fixture.stepper.stepApplier() }
        var faults = SimulatedPower.Faults()
        faults.syncFailureOneIn = 1
        fixture.power.set(faults)
        #expect(fixture.code { _ = try fixture.stepper.stepApplier() } == .targetFailed)
        #expect(fixture.group.status.applied == before)
        #expect(fixture.group.status.durable == before.next)
        try fixture.reopen(crashes: true)
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a target that cannot be written to fails the group by name and loses nothing`() throws {
        let fixture = try StoreFixture()
        try fixture.group.append(fixture.part([Write(sector: 2, mark: 2)]), of: fixture.stamp(), isLast: true)
        fixture.expect(Write(sector: 2, mark: 2))
        _ = try fixture.stepper.stepJournal()
        var faults = SimulatedPower.Faults()
        faults.writeFailureOneIn = 1
        for _ in 0..<3 { _ = try fixture.stepper.stepApplier() }
        fixture.power.set(faults)
        let refusal = fixture.refusal { try fixture.settle() }
        #expect(refusal?.code == .targetFailed)
        #expect(refusal?.message.contains("disk0") == true)
        fixture.power.restore()
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test(arguments: 0..<24)
    func `a rewind that power cuts short is carried out when the group is opened again`(cut: Int) throws {
        let fixture = try StoreFixture(diskCount: 2) { $0.chunkBytes = .kibibytes(1) }
        let point = try fixture.batch(Write(sector: 1, count: 8, mark: 1), Write(disk: 1, sector: 3, count: 4, mark: 2))
        try fixture.mark()
        try fixture.batch(Write(sector: 0, count: 20, mark: 3), Write(disk: 1, sector: 0, count: 20, mark: 4))
        try fixture.group.orderRewind(to: point)
        _ = try fixture.stepper.stepJournal()
        let order = fixture.group.status.durable
        fixture.rewound(to: point)
        var faults = SimulatedPower.Faults()
        faults.cutAfter = cut * 2
        fixture.power.set(faults)
        // Whether it gets to the end does not matter.
        _ = try? fixture.settle()
        try fixture.reopen(crashes: true)
        #expect(fixture.group.status.durable == order)
        try fixture.settle()
        for (index, disk) in fixture.disks.enumerated() { #expect(disk.contents == fixture.latest[index]) }
        #expect(try fixture.wrongPoints() == [])
        // And can be rewound.
        try fixture.group.orderRewind(to: order.previous)
        fixture.rewound(to: order.previous)
        try fixture.settle()
        for (index, disk) in fixture.disks.enumerated() { #expect(disk.contents == fixture.latest[index]) }
    }
}
