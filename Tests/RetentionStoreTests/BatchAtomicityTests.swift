// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// Promise 2: never half a batch.
struct BatchAtomicityTests {
    @Test func `a batch whose last part is missing is not there after a stop`() throws {
        let fixture = try StoreFixture()
        let before = fixture.group.status.durable
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 1)]), of: fixture.stamp(), isLast: false)
        try fixture.settle()
        #expect(fixture.group.status.durable == before)
        try fixture.reopen()
        #expect(fixture.group.status.durable == before)
        try fixture.batch(Write(sector: 2, mark: 2))
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test func `a batch in parts is one point, and larger than what is kept in memory`() throws {
        let fixture = try StoreFixture { settings in
            settings.openBatchBytes = .kibibytes(2)
            settings.chunkBytes = .kibibytes(1)
        }
        let before = fixture.group.status.durable
        for index in 0..<16 {
            let write = Write(sector: index * 4, count: 3, mark: UInt8(index + 1))
            try fixture.group.append(fixture.part([write]), of: fixture.stamp(1), isLast: index == 15)
            fixture.expect(write)
            _ = try fixture.stepper.stepJournal()
        }
        #expect(try fixture.settle() == before.next)
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
        let released = fixture.events.all.reduce(0) { sum, event in
            if case .released(let bytes) = event { sum + bytes } else { sum }
        }
        #expect(released == 16 * 3 * 512)
    }

    @Test func `parts sent again are never mixed with those that were given up`() throws {
        // In one commit: a part given up (A), then its batch sent again in two parts (B, C), C on a block of its own.
        for seed in 0..<160 as Range<UInt64> {
            let fixture = try StoreFixture(seed: seed)
            let before = fixture.group.status.durable
            let source = fixture.group.ingestPosition.accepted + 1
            // 512 of header and 512 of data; then 512 of header and 2,560 of data: both end at 4,096.
            try fixture.group.append(
                fixture.part([Write(sector: 40, mark: 0xA1)]), of: fixture.stamp(source), isLast: false)
            fixture.group.abandonOpenBatch()
            try fixture.group.append(
                fixture.part([Write(sector: 1, count: 5, mark: 0xB1)]), of: fixture.stamp(source), isLast: false)
            try fixture.group.append(
                fixture.part([Write(sector: 10, count: 7, mark: 0xC1)]), of: fixture.stamp(source), isLast: true)
            fixture.expect(Write(sector: 1, count: 5, mark: 0xB1), Write(sector: 10, count: 7, mark: 0xC1))
            // The power goes while they are being synced; what reaches the platter is up to the seed.
            var faults = SimulatedPower.Faults()
            faults.cutAfter = 4
            fixture.power.set(faults)
            _ = try? fixture.stepper.stepJournal()
            try fixture.reopen(crashes: true)
            try fixture.settle()
            guard fixture.group.status.durable > before else { continue }
            #expect(fixture.disks[0].contents == fixture.latest[0], "seed \(seed): half a batch is there")
        }
    }

    @Test(arguments: [false, true])
    func `parts that were applied early and given up do not stay on the disks`(isSentAgain: Bool) throws {
        let fixture = try StoreFixture { settings in
            settings.openBatchBytes = .kibibytes(1)
            settings.chunkBytes = .kibibytes(2)
        }
        try fixture.batch(Write(sector: 0, count: 40, mark: 0x11))
        let source = fixture.group.ingestPosition.accepted + 1
        for sector in [0, 8, 16] {
            let part = fixture.part([Write(sector: sector, count: 8, mark: 0xAA)])
            try fixture.group.append(part, of: fixture.stamp(source), isLast: false)
        }
        while try fixture.stepper.stepJournal() || fixture.stepper.stepApplier() {}
        // The session ends; what was applied has not been put back when the agent is stopped.
        fixture.group.abandonOpenBatch()
        if isSentAgain {
            let write = Write(sector: 30, mark: 0xBB)
            try fixture.group.append(fixture.part([write]), of: fixture.stamp(source), isLast: true)
            fixture.expect(write)
        }
        while try fixture.stepper.stepJournal() {}
        try fixture.reopen()
        try fixture.settle()
        #expect(fixture.disks[0].contents == fixture.latest[0])
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `no view shows parts that were given up and are not put back yet`() throws {
        let fixture = try StoreFixture { settings in
            settings.openBatchBytes = .kibibytes(1)
            settings.epochSeconds = 60
        }
        let point = try fixture.batch(Write(sector: 0, count: 40, mark: 0x11))
        let source = fixture.group.ingestPosition.accepted + 1
        try fixture.group.append(
            fixture.part([Write(sector: 0, count: 8, mark: 0xAA)]), of: fixture.stamp(source), isLast: false)
        while try fixture.stepper.stepJournal() || fixture.stepper.stepApplier() {}
        // Its successor is the first of another epoch.
        fixture.clock.advance(seconds: 100)
        fixture.group.abandonOpenBatch()
        try fixture.group.append(
            fixture.part([Write(sector: 50, mark: 0xBB)]), of: fixture.stamp(source), isLast: true)
        while try fixture.stepper.stepJournal() {}
        #expect(try fixture.contents(at: point) == fixture.states[point.rawValue])
        while try fixture.stepper.stepApplier() {
            #expect(try fixture.contents(at: point) == fixture.states[point.rawValue])
        }
    }

    @Test func `a rewind in the middle of a batch does not leave its second half`() throws {
        let fixture = try StoreFixture()
        let point = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.batch(Write(sector: 1, mark: 2))
        let source = fixture.group.ingestPosition.accepted + 1
        try fixture.group.append(fixture.part([Write(sector: 5, mark: 5)]), of: fixture.stamp(source), isLast: false)
        do {
            try fixture.group.orderRewind(to: point)
        } catch {
            // To refuse it is as good.
            #expect(error.code == .batchOpen)
            return
        }
        fixture.rewound(to: point)
        do {
            try fixture.group.append(fixture.part([Write(sector: 6, mark: 6)]), of: fixture.stamp(source), isLast: true)
        } catch {
            try fixture.settle()
            #expect(fixture.disks[0].contents == fixture.latest[0])
            return
        }
        try fixture.settle()
        let shown = fixture.disks[0].contents
        #expect((shown[5 * 512] == 5) == (shown[6 * 512] == 6), "half a batch is there")
    }
}
