// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Synchronization
import Testing

struct PressureTests {
    @Test func `the backlog is what was taken in and is not on the disks, and as old as its oldest change`() throws {
        let fixture = try StoreFixture()
        #expect(fixture.group.pressure.backlogBytes == 0)
        #expect(fixture.group.pressure.backlogNanoseconds == 0)
        for mark in UInt8(1)...2 {
            try fixture.group.append(
                fixture.part([Write(sector: 1, mark: mark)]), of: fixture.stamp(), isLast: true)
            _ = try fixture.stepper.stepJournal()
            fixture.clock.advance(seconds: 7)
        }
        let pressure = fixture.group.pressure
        #expect(pressure.backlogBytes == 1024)
        #expect(pressure.backlogNanoseconds == 14_000_000_000)
        #expect(pressure.blocked == nil)
        _ = try fixture.settle()
        #expect(fixture.group.pressure.backlogBytes == 0)
        #expect(fixture.group.pressure.backlogNanoseconds == 0)
    }

    @Test func `a disk that is named twice is refused with a name`() throws {
        let fixture = try StoreFixture(diskCount: 2)
        let disks = fixture.disks.enumerated().map { index, disk in
            GroupDisk(number: DiskNumber(UInt16(index)), size: disk.size, logicalBlockSize: 512, target: disk)
        }
        func refusal(_ disks: [GroupDisk]) -> RetentionError? {
            fixture.refusal {
                _ = try RetentionGroup.open(
                    in: fixture.folder, disks: disks, settings: fixture.settings, clock: fixture.clock)
            }
        }
        #expect(refusal([disks[0], disks[0]])?.code == .targetMismatch)
        #expect(
            refusal([disks[0], disks[0], disks[1]])?.message.contains("Disk 0 of group group was given twice") == true)
        var manifest = fixture.group.manifest
        manifest.disks.append(manifest.disks[1])
        try manifest.write(to: fixture.folder)
        // Before, this was a trap.
        let twice = refusal([disks[0], disks[1], disks[1]])
        #expect(twice?.code == .manifestDamaged)
        #expect(twice?.message.contains("names disk 1 twice") == true)
    }
}
