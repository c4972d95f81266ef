// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives

// Promise 7: whatever a retention volume does to what it holds, a point is exact or is refused.
extension Simulation {
    /// Codes with which damage is told.
    private static let toldDamage: Set<RetentionError.Code> = [
        .historyDamaged, .journalDamaged, .unknownVersion, .pointNotExact, .noSuchPoint,
    ]

    /// Opens a copy of the group whose volume has rotted, or returns what was not asked for. The group itself goes on.
    func compareDamagedCopy() throws {
        let power = SimulatedPower(seed: random.next())
        let folder = SimulatedFolder(copying: self.folder, power: power)
        let disks = self.disks.map { SimulatedDisk(copying: $0, power: power) }
        let isRot = random.oneIn(2)
        if isRot { rot(folder) }
        let copy: RetentionGroup
        do {
            copy = try RetentionGroup.open(in: folder, disks: Self.bound(disks), settings: settings, clock: clock)
        } catch {
            guard isRot, Self.toldDamage.contains(error.code) else {
                throw fail("a copy cannot be opened: \(error.code): \(error)")
            }
            return log("damage told at the start: \(error)")
        }
        let durable = copy.status.durable
        guard durable <= model.last else { throw fail("a damaged copy has \(durable), which nobody submitted") }
        if !isRot {
            // Reads go astray once it is open: what a start believes of a tail is another matter.
            var faults = SimulatedPower.Faults()
            faults.misdirectedReadOneIn = Int.random(in: 1...6, using: &random)
            power.set(faults)
        }
        try comparePoints(of: copy, isDamageKnown: false)
        power.restore()
        do throws(RetentionError) {
            _ = try copy.scrub()
        } catch {
            guard Self.toldDamage.contains(error.code) else { throw fail("a scrub ends with \(error)") }
        }
        // What is damaged is known now, and is not offered.
        try comparePoints(of: copy, isDamageKnown: true)
        try drain(copy, disks, durable: durable)
    }

    /// A few bytes anywhere in what was written of the volume's files.
    private func rot(_ folder: SimulatedFolder) {
        let isState = random.oneIn(6)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            // Both the state file and what it vouches for is more than one fault.
            let names = folder.allNames.filter {
                !$0.hasPrefix("free-") && !$0.hasPrefix("view-") && ($0 == "state") == isState
            }
            guard let name = names.randomElement(using: &random) else { return }
            let sectors = folder.sectorCount(of: name)
            guard sectors > 0 else { continue }
            // Segments are empty at their end.
            let limit = random.oneIn(2) ? sectors : min(sectors, 64)
            let sector = Int.random(in: 0..<limit, using: &random)
            log("rot in \(name), sector \(sector)")
            folder.damage(name, sector: sector, byte: Int.random(in: 0..<(random.oneIn(2) ? 512 : 128), using: &random))
        }
    }

    private func comparePoints(of copy: RetentionGroup, isDamageKnown: Bool) throws {
        let status = copy.status
        for number in 0...status.durable.rawValue where number <= status.applied.rawValue {
            let point = SequenceNumber(number)
            do throws(RetentionError) {
                try copy.checkPoint(point)
            } catch {
                continue
            }
            do {
                try compare(try copy.view(at: point), at: point)
            } catch let error as RetentionError {
                guard !isDamageKnown, Self.toldDamage.contains(error.code) || error.code == .retentionFailed else {
                    throw fail("point \(point) is offered although it is damaged: \(error)")
                }
            } catch let error as SimulationFailure {
                // A read that says what is damaged is as good.
                guard !isDamageKnown, error.message.contains("cannot be read"), error.message.contains("damaged") else {
                    throw error
                }
            }
        }
    }

    /// The latest point comes to the disks, or the group says why not.
    private func drain(_ copy: RetentionGroup, _ disks: [SimulatedDisk], durable: SequenceNumber) throws {
        let engines = GroupStepper(copy)
        do throws(RetentionError) {
            while try engines.stepApplier() {}
        } catch {
            guard Self.toldDamage.contains(error.code) else { throw fail("a damaged copy ends with \(error)") }
            return log("damage told while applying: \(error)")
        }
        let step = model.steps[Int(durable.rawValue)]
        guard step.isPoint, copy.status.applied == durable, copy.status.queuedItems == 0, copy.rewindFailure == nil,
            copy.status.blocked == nil
        else { return }
        for (index, disk) in disks.enumerated() where disk.contents != step.disks[index] {
            throw fail("disk \(index) of a damaged copy does not show its latest point, \(durable)")
        }
    }
}
