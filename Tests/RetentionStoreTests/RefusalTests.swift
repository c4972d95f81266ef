// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// What is refused is refused whole: nothing of it is journaled, and what is right goes on.
struct RefusalTests {
    private func extent(_ fixture: StoreFixture, disk: UInt16 = 0, sector: UInt64, count: UInt32) -> BatchPart {
        var builder = PartBuilder(pool: fixture.pool)
        builder.addZeroes(disk: DiskNumber(disk), sector: sector, sectorCount: count)
        return builder.take()
    }

    @Test(arguments: [
        (UInt16(7), UInt64(0), UInt32(1), RetentionError.Code.unknownDisk), (0, 0, 0, .emptyExtent),
        (0, 64, 1, .outOfRange), (0, 63, 2, .outOfRange), (0, .max, 1, .outOfRange), (0, .max - 1, .max, .outOfRange),
    ])
    func `a write that the disk cannot take is refused`(
        disk: UInt16, sector: UInt64, count: UInt32, code: RetentionError.Code
    ) throws {
        let fixture = try StoreFixture()
        let before = fixture.group.status.durable
        let part = extent(fixture, disk: disk, sector: sector, count: count)
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(), isLast: true) } == code)
        #expect(try fixture.settle() == before)
        #expect(try fixture.batch(Write(sector: 1, mark: 1)) == before.next)
    }

    @Test func `a write between two blocks of its disk is refused`() throws {
        let power = SimulatedPower(seed: 1)
        let folder = SimulatedFolder(power: power)
        let disk = SimulatedDisk(name: "disk", size: ByteCount(64 * 512), power: power)
        var manifest = Self.manifest
        manifest.disks = [Self.disk(blocks: 4096)]
        let group = try RetentionGroup.create(
            in: folder, manifest: manifest,
            disks: [GroupDisk(number: DiskNumber(0), size: disk.size, logicalBlockSize: 4096, target: disk)],
            settings: RetentionSettings(), clock: TestClock())
        try group.beginSync(DiskNumber(0), kind: .initial)
        for (sector, count) in [(UInt64(1), UInt32(8)), (0, 4), (8, 9)] {
            var builder = PartBuilder(pool: BufferPool(retaining: .zero))
            builder.addZeroes(disk: DiskNumber(0), sector: sector, sectorCount: count)
            let error = #expect(throws: RetentionError.self) { try group.appendSync(builder.take()) }
            #expect(error?.code == .misaligned)
        }
    }

    static let manifest = GroupManifest(
        id: .init(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), name: "group",
        created: Timestamp.seconds(1), lifecycle: "created")

    static func disk(blocks: Int) -> GroupManifest.Disk {
        GroupManifest.Disk(
            number: DiskNumber(0), sourceID: "disk", size: ByteCount(64 * 512), logicalBlockSize: blocks, target: "disk"
        )
    }

    @Test func `batches come in order, each once`() throws {
        let fixture = try StoreFixture()
        try fixture.batch(Write(sector: 1, mark: 1))
        let part = fixture.part([Write(sector: 2, mark: 2)])
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(1), isLast: true) } == .sequenceRepeat)
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(0), isLast: true) } == .sequenceRepeat)
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(3), isLast: true) } == .sequenceGap)
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(.max), isLast: true) } == .sequenceGap)
        let bookmark = Bookmark(kind: .crashConsistent, label: "x", time: fixture.clock.now())
        #expect(fixture.code { try fixture.group.append(bookmark, sourceSequence: 1) } == .sequenceRepeat)
        #expect(fixture.code { try fixture.group.append(bookmark, sourceSequence: 3) } == .sequenceGap)
        try fixture.group.append(bookmark, sourceSequence: 2)
        #expect(fixture.group.ingestPosition.accepted == 2)
    }

    @Test func `neither bookmark nor sync comes between the parts of a batch`() throws {
        let fixture = try StoreFixture()
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 1)]), of: fixture.stamp(), isLast: false)
        #expect(fixture.code { try fixture.group.mark("x") } == .batchOpen)
        #expect(fixture.code { try fixture.group.beginSync(DiskNumber(0), kind: .resync) } == .batchOpen)
        fixture.group.abandonOpenBatch()
        #expect(fixture.code { try fixture.group.mark("x") } == nil)
    }

    @Test func `while a disk is not in sync only its sync is taken`() throws {
        let fixture = try StoreFixture(diskCount: 2, isSynced: false)
        let part = fixture.part([Write(sector: 1, mark: 1)])
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(1), isLast: true) } == .syncOpen)
        #expect(fixture.code { try fixture.group.mark("x") } == .syncOpen)
        #expect(fixture.code { try fixture.group.orderRewind(to: SequenceNumber(0)) } == .syncOpen)
        #expect(fixture.code { try fixture.group.appendSync(part) } == .noSyncOpen)
        #expect(
            fixture.code {
                try fixture.group.endSync(DiskNumber(0), time: fixture.clock.now(), sourceSequence: 0, accuracy: .exact)
            }
                == .noSyncOpen)
        #expect(fixture.code { try fixture.group.beginSync(DiskNumber(9), kind: .initial) } == .unknownDisk)
        try fixture.group.beginSync(DiskNumber(0), kind: .initial)
        #expect(fixture.code { try fixture.group.appendSync(part) } == nil)
        let other = fixture.part([Write(disk: 1, sector: 1, mark: 1)])
        #expect(fixture.code { try fixture.group.appendSync(other) } == .noSyncOpen)
    }

    @Test func `a closed group takes nothing`() throws {
        let fixture = try StoreFixture()
        fixture.group.close()
        let part = fixture.part([Write(sector: 1, mark: 1)])
        #expect(fixture.code { try fixture.group.append(part, of: fixture.stamp(), isLast: true) } == .closed)
        #expect(fixture.code { try fixture.group.mark("x") } == .closed)
        #expect(fixture.code { try fixture.group.beginSync(DiskNumber(0), kind: .resync) } == .closed)
        #expect(fixture.code { try fixture.group.orderRewind(to: SequenceNumber(2)) } == .closed)
    }

    @Test func `digests are given of what the disk has`() throws {
        let fixture = try StoreFixture()
        let refusals = EventLog()
        for (disk, sectors, granularity) in [
            (UInt16(9), UInt64(0)..<8, 4096), (0, 0..<0, 4096), (0, 60..<65, 4096), (0, 0..<8, 100), (0, 0..<8, 0),
            (0, 0..<8, 2 << 20), (0, 0..<UInt64.max, 4096),
        ] as [(UInt16, Range<UInt64>, Int)] {
            fixture.group.digest(DiskNumber(disk), sectors: sectors, granularity: granularity, seed: 1) { result in
                if case .failure(let error) = result { refusals.observer(.failed(error)) }
            }
        }
        #expect(refusals.all.count == 7)
    }

    @Test(arguments: [(32, 512, "less than"), (64, 256, "blocks")])
    func `a target that does not fit is not bound`(sectors: Int, blocks: Int, words: String) throws {
        let power = SimulatedPower(seed: 1)
        let disk = SimulatedDisk(name: "disk", size: ByteCount(sectors * 512), power: power)
        var manifest = Self.manifest
        manifest.disks = [Self.disk(blocks: blocks)]
        let error = #expect(throws: RetentionError.self) {
            _ = try RetentionGroup.create(
                in: SimulatedFolder(power: power), manifest: manifest,
                disks: [
                    GroupDisk(number: DiskNumber(0), size: ByteCount(64 * 512), logicalBlockSize: blocks, target: disk)
                ],
                settings: RetentionSettings(), clock: TestClock())
        }
        #expect(error?.code == .targetMismatch)
        #expect(error?.message.contains(words) == true)
    }

    @Test func `a group has all of its disks or is not opened`() throws {
        let fixture = try StoreFixture(diskCount: 2)
        for disks in [[0], [0, 0], [0, 1, 2]] {
            let bound = disks.map { number in
                GroupDisk(
                    number: DiskNumber(UInt16(number)), size: ByteCount(64 * 512), logicalBlockSize: 512,
                    target: fixture.disks[min(number, 1)])
            }
            #expect(
                fixture.code {
                    _ = try RetentionGroup.open(
                        in: fixture.folder, disks: bound, settings: fixture.settings, clock: fixture.clock)
                } == .targetMismatch)
        }
    }

    @Test func `a folder holds one group, and one without a manifest holds none`() throws {
        let fixture = try StoreFixture()
        #expect(
            fixture.code {
                _ = try RetentionGroup.create(
                    in: fixture.folder, manifest: fixture.group.manifest, disks: [], settings: fixture.settings,
                    clock: fixture.clock)
            } == .notAccepting)
        #expect(
            fixture.code {
                _ = try RetentionGroup.open(
                    in: SimulatedFolder(power: fixture.power), disks: [], settings: fixture.settings,
                    clock: fixture.clock)
            } == .notAGroup)
    }

    @Test func `making a group that a loss of power cut short can be done again`() throws {
        for cut in 0..<12 {
            let power = SimulatedPower(seed: UInt64(cut))
            let folder = SimulatedFolder(power: power)
            let disk = SimulatedDisk(name: "disk", size: ByteCount(64 * 512), power: power)
            var manifest = Self.manifest
            manifest.disks = [Self.disk(blocks: 512)]
            let disks = [GroupDisk(number: DiskNumber(0), size: disk.size, logicalBlockSize: 512, target: disk)]
            var faults = SimulatedPower.Faults()
            faults.cutAfter = cut
            power.set(faults)
            _ = try? RetentionGroup.create(
                in: folder, manifest: manifest, disks: disks, settings: RetentionSettings(), clock: TestClock())
            folder.crash()
            power.restore()
            if try folder.contents(of: GroupManifest.fileName, limit: 1 << 20) == nil {
                #expect(throws: Never.self, "cut after \(cut)") {
                    _ = try RetentionGroup.create(
                        in: folder, manifest: manifest, disks: disks, settings: RetentionSettings(), clock: TestClock())
                }
            } else {
                #expect(throws: Never.self, "cut after \(cut)") {
                    _ = try RetentionGroup.open(
                        in: folder, disks: disks, settings: RetentionSettings(), clock: TestClock())
                }
            }
        }
    }
}
