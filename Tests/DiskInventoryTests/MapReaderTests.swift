// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import RetentionSimulation
import StoragePrimitives
import Synchronization
import Testing

/// What a survey makes of maps by reading through their paths, and what becomes of a map that is written to.
struct MapReaderTests {
    private final class TestClock: WallClock {
        private let time = Mutex(Timestamp.seconds(1_000))
        func now() -> Timestamp { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000) } }
    }

    private struct StillClock: SteadyClock {
        func nanoseconds() -> Int64 { 0 }
    }

    /// A machine with a map over sdb and sdc, and the disks behind these names.
    private final class Bed {
        let clock = TestClock()
        let source: RecordedDiskSource
        let inventory: DiskInventory
        let disks: [String: any BlockDevice]
        let opened = OpenCount()
        private let tree: RecordedTree

        final class OpenCount: Sendable {
            let count = Mutex(0)
        }

        init(_ sdb: any BlockDevice, _ sdc: any BlockDevice) throws {
            tree = try RecordedTree()
            let disks = ["/dev/sdb": sdb, "/dev/sdc": sdc]
            self.disks = disks
            source = RecordedDiskSource(Bed.machine())
            let reader = MapReader(clock: clock) { [opened] devnode throws(DeviceError) in
                opened.count.withLock { $0 += 1 }
                guard let disk = disks[devnode] else {
                    throw DeviceError(.notFound, operation: "open", object: devnode)
                }
                return disk
            }
            inventory = try DiskInventory(
                source: source, state: try DirectoryFolder(path: tree.root), clock: clock, reader: reader)
        }

        static func machine(isOffline: Bool = false, joined: [String] = ["sdb", "sdc"]) -> DiskScan {
            let paths = ["sdb": "0:0:1:0", "sdc": "1:0:1:0"].sorted { $0.key < $1.key }.map { name, address in
                disk(name, first, address: address) {
                    $0.holders = joined.contains(name) ? ["dm-0"] : []
                    $0.isOffline = name == "sdc" && isOffline
                }
            }
            return DiskInventoryTests.machine(paths + [map("dm-0", over: joined)])
        }

        func findings(bound: Set<DiskIdentity> = []) throws -> [DiskFinding] {
            try inventory.survey(bound: bound).findings
        }

        var timesRead: Int { opened.count.withLock { $0 } / 2 }
    }

    private func simulated() -> SimulatedDisk {
        SimulatedDisk(name: "disk", size: .mebibytes(64), power: SimulatedPower(seed: 1))
    }

    private func write(_ value: UInt8, to disk: any BlockDevice, at offset: UInt64) throws {
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        span.storeBytes(of: value, toByteOffset: 0, as: UInt8.self)
        try disk.write(buffer.bytes, at: ByteOffset(offset))
    }

    @Test func `a survey finds a map over two disks, by what they read`() throws {
        let bed = try Bed(SameBytes(1), SameBytes(2))
        let finding = try #require(try bed.findings().first)
        #expect(finding.kind == .mixedMap)
        #expect(finding.stopsGroup)
        #expect(finding.identities == [identity(first)])
        #expect(finding.devices == ["dm-0", "sdb", "sdc"])
        #expect(finding.message.contains("sdb and sdc read different bytes at 0"))
        #expect(finding.remedy.contains("detach the other"))
    }

    @Test func `what was read counts for a minute, while the paths are the same`() throws {
        let bed = try Bed(SameBytes(1), SameBytes(1))
        #expect(try bed.findings().isEmpty)
        #expect(try bed.findings().isEmpty)
        #expect(bed.timesRead == 1)
        bed.clock.advance(seconds: 60)
        #expect(try bed.findings().isEmpty)
        #expect(bed.timesRead == 2)
        bed.source.replace(with: Bed.machine(isOffline: true))
        let survey = try bed.inventory.survey(bound: [])
        #expect(survey.findings.isEmpty)
        // A path that is down is not waited for.
        #expect(survey.proofs["dm-0"]?.unread.map(\.path) == ["sdc"])
        bed.source.replace(with: Bed.machine())
        #expect(try bed.inventory.survey(bound: []).proofs["dm-0"]?.paths == ["sdb", "sdc"])
    }

    @Test func `a path that has just come up is no duplicate of its map, and one that stays beside it is`() throws {
        let bed = try Bed(SameBytes(1), SameBytes(1))
        #expect(try bed.findings(bound: [identity(first)]).isEmpty)
        bed.source.replace(with: Bed.machine(joined: ["sdb"]))
        #expect(try bed.findings(bound: [identity(first)]).isEmpty)
        bed.clock.advance(seconds: 14)
        #expect(try bed.findings(bound: [identity(first)]).isEmpty)
        bed.clock.advance(seconds: 1)
        #expect(try bed.findings(bound: [identity(first)]).map(\.kind) == [.duplicateIdentity])
        bed.source.replace(with: Bed.machine())
        #expect(try bed.findings(bound: [identity(first)]).isEmpty)
    }

    @Test func `blank clones are told apart by the first flush after the first write`() throws {
        let (one, other) = (simulated(), simulated())
        let bed = try Bed(one, other)
        let scan = try bed.inventory.survey(bound: [identity(first)])
        #expect(scan.findings.isEmpty)
        #expect(scan.proofs["dm-0"]?.isBlank == true)
        // The map writes by its first path.
        let target = bed.inventory.watched(one, of: identity(first), in: scan.scan, steady: StillClock())
        try target.flush()
        try write(9, to: target, at: 12_345 * 4096)
        for _ in 0..<2 {
            let error = #expect(throws: DeviceError.self) { try target.flush() }
            #expect(error?.detail.contains("read different bytes at \(12_345 * 4096)") == true)
        }
        #expect(try bed.findings(bound: [identity(first)]).map(\.kind) == [.mixedMap])
    }

    @Test func `one disk by two paths passes the comparison, which is then made no more`() throws {
        let disk = simulated()
        let bed = try Bed(disk, disk)
        let scan = try bed.inventory.survey(bound: [identity(first)]).scan
        let target = bed.inventory.watched(disk, of: identity(first), in: scan, steady: StillClock())
        try write(9, to: target, at: 8192)
        try target.flush()
        let after = bed.timesRead
        #expect(after == 2)
        try write(10, to: target, at: 8192)
        try target.flush()
        #expect(bed.timesRead == after)
    }

    @Test func `with a path down the comparison stays open, and writes go on`() throws {
        let disk = simulated()
        let bed = try Bed(disk, SameBytes(nil))
        let scan = try bed.inventory.survey(bound: [identity(first)]).scan
        let target = bed.inventory.watched(disk, of: identity(first), in: scan, steady: MachineSteadyClock())
        try write(9, to: target, at: 8192)
        try target.flush()
        try target.flush()
        #expect(bed.timesRead == 2)
    }

    @Test func `what is no map is written to as it is`() throws {
        let bed = try Bed(SameBytes(1), SameBytes(1))
        let alone = SameBytes(3)
        let scan = machine([disk("sdb", second)])
        #expect(bed.inventory.watched(alone, of: identity(second), in: scan, steady: StillClock()) === alone)
    }
}
