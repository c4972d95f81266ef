// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives

/// Sectors to write, all of one byte's value; 0 goes as zeroes.
struct Write {
    var disk: UInt16 = 0
    var sector: Int
    var count = 1
    var mark: UInt8
}

/// A group over simulated disks whose engines go when a test says so, and what its disks have to show at each number.
final class StoreFixture {
    static let sectors = 64

    let power: SimulatedPower
    let folder: SimulatedFolder
    let disks: [SimulatedDisk]
    let clock = TestClock()
    let pool = BufferPool(retaining: .mebibytes(2))
    let events = EventLog()
    var settings = RetentionSettings()
    private let team: any IOTeam
    private(set) var group: RetentionGroup
    private(set) var stepper: GroupStepper
    private(set) var latest: [[UInt8]]
    private(set) var states: [UInt64: [[UInt8]]] = [:]

    init(
        seed: UInt64 = 1, diskCount: Int = 1, isSynced: Bool = true, teamSeed: UInt64? = nil,
        hook: HookedFolder.Hook? = nil,
        adjust: (inout RetentionSettings) -> Void = { _ in }
    ) throws {
        let power = SimulatedPower(seed: seed)
        self.power = power
        team = if let teamSeed { SimulatedTeam(seed: teamSeed, power: power) } else { SerialTeam() }
        folder = SimulatedFolder(power: power)
        disks = (0..<diskCount).map {
            SimulatedDisk(name: "disk\($0)", size: ByteCount(Self.sectors * 512), power: power)
        }
        latest = [[UInt8]](repeating: [UInt8](repeating: 0, count: Self.sectors * 512), count: diskCount)
        settings.segmentSize = .kibibytes(256)
        settings.reserve = .zero
        settings.epochSeconds = 1_000_000
        adjust(&settings)
        var manifest = GroupManifest(
            id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), name: "group",
            created: clock.now(),
            lifecycle: "created")
        manifest.disks = (0..<diskCount).map {
            GroupManifest.Disk(
                number: DiskNumber(UInt16($0)), sourceID: "disk\($0)", size: ByteCount(Self.sectors * 512),
                logicalBlockSize: 512, target: "disk\($0)")
        }
        let opened: any StoreFolder = if let hook { HookedFolder(folder, hook: hook) } else { folder }
        group = try RetentionGroup.create(
            in: opened, manifest: manifest, disks: Self.bound(disks), settings: settings, clock: clock)
        stepper = GroupStepper(group, team: team)
        group.observe(events.observer)
        if isSynced { try syncAll() }
    }

    private static func bound(_ disks: [SimulatedDisk]) -> [GroupDisk] {
        disks.enumerated().map { index, disk in
            GroupDisk(number: DiskNumber(UInt16(index)), size: disk.size, logicalBlockSize: 512, target: disk)
        }
    }

    /// Opens the group again, as after a stop; after a loss of power when `crashes`.
    func reopen(crashes: Bool = false) throws {
        if crashes {
            for disk in disks { disk.crash() }
            folder.crash()
        }
        power.restore()
        group = try RetentionGroup.open(in: folder, disks: Self.bound(disks), settings: settings, clock: clock)
        stepper = GroupStepper(group, team: team)
        group.observe(events.observer)
    }

    // MARK: What a sender does

    func part(_ writes: [Write]) -> BatchPart {
        var builder = PartBuilder(pool: pool)
        for write in writes {
            let disk = DiskNumber(write.disk)
            guard write.mark != 0 else {
                builder.addZeroes(disk: disk, sector: UInt64(write.sector), sectorCount: UInt32(write.count))
                continue
            }
            let bytes = [UInt8](repeating: write.mark, count: write.count * 512)
            unsafe builder.beginData(
                disk: disk, sector: UInt64(write.sector), sectorCount: UInt32(write.count),
                checksum: Checksum(of: bytes.span.bytes))
            unsafe builder.fill(bytes.span.bytes)
            _ = builder.endData()
        }
        return builder.take()
    }

    func stamp(_ source: UInt64? = nil, accuracy: Accuracy = .exact) -> BatchStamp {
        BatchStamp(
            sourceSequence: source ?? group.ingestPosition.accepted + 1, firstTime: clock.now(), lastTime: clock.now(),
            accuracy: accuracy)
    }

    private func show(_ writes: [Write]) {
        for write in writes {
            latest[Int(write.disk)].replaceSubrange(
                write.sector * 512..<(write.sector + write.count) * 512,
                with: [UInt8](repeating: write.mark, count: write.count * 512))
        }
    }

    /// One batch in one part; its number when the engines have come to rest.
    @discardableResult
    func batch(_ writes: Write..., accuracy: Accuracy = .exact) throws -> SequenceNumber {
        try group.append(part(writes), of: stamp(accuracy: accuracy), isLast: true)
        show(writes)
        return try settle()
    }

    /// A bookmark made here: it ends its epoch.
    @discardableResult
    func mark(_ label: String = "mark") throws -> SequenceNumber {
        try group.mark(label)
        return try settle()
    }

    /// Replaces what the disks hold, one sync for each, begun before any ends.
    func syncAll(mark: UInt8 = 0, accuracy: Accuracy = .exact) throws {
        for index in disks.indices { try group.beginSync(DiskNumber(UInt16(index)), kind: .initial) }
        for index in disks.indices {
            let write = Write(disk: UInt16(index), sector: 0, count: Self.sectors, mark: mark)
            try group.appendSync(part([write]))
            show([write])
        }
        for index in disks.indices {
            try group.endSync(
                DiskNumber(UInt16(index)), time: clock.now(), sourceSequence: group.ingestPosition.accepted,
                accuracy: accuracy)
        }
        try settle()
    }

    /// Lets the engines run dry, and notes what the disks have to show.
    @discardableResult
    func settle() throws -> SequenceNumber {
        while true {
            let journaled = try stepper.stepJournal()
            let applied = try stepper.stepApplier()
            if !journaled, !applied { break }
        }
        let status = group.status
        // What waits is not there yet.
        if status.pendingOperations == 0 { states[status.durable.rawValue] = latest }
        return status.durable
    }

    /// What was submitted but not settled counts from now on.
    func expect(_ writes: Write...) { show(writes) }

    /// Tells what the disks show after a rewind.
    func rewound(to point: SequenceNumber) { latest = states[point.rawValue] ?? latest }

    // MARK: What a reader sees

    func contents(at point: SequenceNumber) throws -> [[UInt8]] {
        try Self.contents(of: group.view(at: point), disks.count)
    }

    static func contents(of view: PointInTimeView, _ count: Int) throws -> [[UInt8]] {
        try (0..<count).map { index in
            guard let disk = view.disk(DiskNumber(UInt16(index))) else { return [] }
            var buffer = AlignedBuffer(count: sectors * 512)
            var span = buffer.mutableBytes
            try disk.read(into: &span, at: .zero)
            return buffer.withBytes(0..<sectors * 512) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
        }
    }

    /// Points that are offered and show something else than they have to. None, if all is well.
    func wrongPoints() throws -> [SequenceNumber] {
        var wrong: [SequenceNumber] = []
        for (number, expected) in states.sorted(by: { $0.key < $1.key }) {
            let point = SequenceNumber(number)
            do {
                try group.checkPoint(point)
            } catch {
                continue
            }
            if try contents(at: point) != expected { wrong.append(point) }
        }
        return wrong
    }

    func isOffered(_ point: SequenceNumber) -> Bool {
        do {
            try group.checkPoint(point)
            return true
        } catch {
            return false
        }
    }

    /// The code that `body` is refused with.
    func code(_ body: () throws -> Void) -> RetentionError.Code? { refusal(body)?.code }

    func refusal(_ body: () throws -> Void) -> RetentionError? {
        do {
            try body()
            return nil
        } catch {
            return error as? RetentionError
        }
    }

    // MARK: What a volume does over the years

    func names(_ role: String) -> [String] { folder.allNames.filter { $0.hasPrefix(role + "-") } }

    /// Sectors of a file whose every byte has a value.
    func sectors(of name: String, holding mark: UInt8) throws -> [Int] {
        let file = try folder.open(name)
        var found: [Int] = []
        for block in 0..<(try file.size().int) / 4096 {
            var buffer = AlignedBuffer(count: 4096)
            var span = buffer.mutableBytes
            try file.read(into: &span, at: ByteOffset(UInt64(block * 4096)))
            for sector in 0..<8 {
                let bytes = buffer.withBytes(sector * 512..<(sector + 1) * 512) { bytes in
                    unsafe bytes.withUnsafeBytes { unsafe Array($0) }
                }
                if bytes.allSatisfy({ $0 == mark }) { found.append(block * 8 + sector) }
            }
        }
        return found
    }

    /// Damages every sector that holds a mark, in every file of a role. How many there were.
    @discardableResult
    func damage(_ role: String, holding mark: UInt8) throws -> Int {
        var count = 0
        for name in names(role) {
            for sector in try sectors(of: name, holding: mark) {
                folder.damage(name, sector: sector, byte: 100)
                count += 1
            }
        }
        return count
    }

    /// Damages the header of the record in front of the payload that holds a mark.
    func damageHeader(_ role: String, of mark: UInt8) throws -> Bool {
        for name in names(role) {
            if let sector = try sectors(of: name, holding: mark).first {
                folder.damage(name, sector: sector - 1, byte: 20)
                return true
            }
        }
        return false
    }
}
