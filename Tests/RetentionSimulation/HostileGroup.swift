// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import RetentionStore
import StoragePrimitives

/// A small group in memory one of whose epoch files can be given any content: what a hostile volume may hold.
public final class HostileGroup: Sendable {
    private static let sectors = 64

    /// The content of the epoch file as the store wrote it: length (4), summary, points, redo rows, undo rows.
    public let content: [UInt8]
    private let folder: SimulatedFolder
    private let disk: SimulatedDisk
    private let name: String
    private let header: FileHeader
    private let settings: RetentionSettings
    private let clock = Simulation.TestClock()

    /// A group with one sealed epoch of changes; nil when the store could not make it.
    public init?() {
        let power = SimulatedPower(seed: 1)
        folder = SimulatedFolder(power: power)
        disk = SimulatedDisk(name: "disk", size: ByteCount(Self.sectors * 512), power: power)
        var settings = RetentionSettings()
        settings.segmentSize = .kibibytes(256)
        settings.reserve = .zero
        self.settings = settings
        guard let last = try? Self.fill(folder, disk, settings, clock) else { return nil }
        (name, header, content) = last
    }

    private static func bound(_ disk: SimulatedDisk) -> [GroupDisk] {
        [GroupDisk(number: DiskNumber(0), size: disk.size, logicalBlockSize: 512, target: disk)]
    }

    private static func fill(
        _ folder: SimulatedFolder, _ disk: SimulatedDisk, _ settings: RetentionSettings, _ clock: Simulation.TestClock
    ) throws -> (String, FileHeader, [UInt8])? {
        var manifest = GroupManifest(
            id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), name: "hostile",
            created: clock.now(), lifecycle: "created")
        manifest.disks = [
            GroupManifest.Disk(
                number: DiskNumber(0), sourceID: "disk", size: disk.size, logicalBlockSize: 512, target: "disk")
        ]
        let group = try RetentionGroup.create(
            in: folder, manifest: manifest, disks: bound(disk), settings: settings, clock: clock)
        let engines = GroupStepper(group)
        func settle() throws { while try engines.stepJournal() || engines.stepApplier() {} }
        let pool = BufferPool(retaining: .zero)
        func part(_ sector: UInt64, _ count: UInt32, _ mark: UInt8) -> BatchPart {
            var builder = PartBuilder(pool: pool)
            let bytes = [UInt8](repeating: mark, count: Int(count) * 512)
            unsafe builder.beginData(
                disk: DiskNumber(0), sector: sector, sectorCount: count, checksum: Checksum(of: bytes.span.bytes))
            unsafe builder.fill(bytes.span.bytes)
            _ = builder.endData()
            return builder.take()
        }
        try group.beginSync(DiskNumber(0), kind: .initial)
        try group.appendSync(part(0, UInt32(sectors), 9))
        try group.endSync(DiskNumber(0), time: clock.now(), sourceSequence: 0, accuracy: .exact)
        try settle()
        for source in 1...3 as ClosedRange<UInt64> {
            let stamp = BatchStamp(
                sourceSequence: source, firstTime: clock.now(), lastTime: clock.now(), accuracy: .exact)
            try group.append(part(source, 4, UInt8(source)), of: stamp, isLast: true)
        }
        try group.append(Bookmark(kind: .applicationConsistent, label: "mark", time: clock.now()), sourceSequence: 4)
        try settle()
        guard let name = folder.allNames.filter({ $0.hasPrefix("epoch-") }).max() else { return nil }
        let file = try folder.open(name)
        var buffer = AlignedBuffer(count: try file.size().int)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: .zero)
        let header = try FileHeader(decoding: span.bytes)
        let start = FileHeader.size + Int(header.tableBytes)
        let content = buffer.withBytes(start..<start + Int(header.contentBytes)) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        }
        return (name, header, content)
    }

    /// Opens the group with an epoch file of that content, reads every point, scrubs, applies, and rebuilds. What is
    /// refused is refused; it only must not trap.
    ///
    /// - Parameter bytes: At most a page counts.
    public func open(epoch bytes: [UInt8]) {
        let content = Array(bytes.prefix(64 << 10))
        guard content.count >= 4 else { return }
        let power = SimulatedPower(seed: 2)
        let folder = SimulatedFolder(copying: folder, power: power)
        let disk = SimulatedDisk(copying: disk, power: power)
        // The folder is in memory: what fails here is what was asked for.
        guard (try? write(content, to: folder)) != nil else { return }
        if let group = try? RetentionGroup.open(
            in: folder, disks: Self.bound(disk), settings: settings, clock: clock)
        {
            for stretch in group.stretches() {
                for point in [stretch.first.previous, stretch.first, stretch.last] { read(group, point) }
            }
            _ = try? group.resolve(.latestApplicationConsistent)
            _ = try? group.resolve(.time(clock.now()))
            _ = try? group.scrub()
            _ = group.status
            let engines = GroupStepper(group)
            while (try? engines.stepApplier()) == true {}
            while (try? engines.stepMaintenance()) == true {}
        }
        _ = try? RetentionGroup.rebuild(in: folder, acceptLoss: true, segmentSize: settings.segmentSize, clock: clock)
    }

    private func read(_ group: RetentionGroup, _ point: SequenceNumber) {
        guard let view = try? group.view(at: point), let disk = view.disk(DiskNumber(0)) else { return }
        var buffer = AlignedBuffer(count: Self.sectors * 512)
        var span = buffer.mutableBytes
        // Damage that is told is as good as bytes.
        try? disk.read(into: &span, at: .zero)
    }

    private func write(_ content: [UInt8], to folder: SimulatedFolder) throws {
        let start = FileHeader.size + 4096
        let padded = (content.count + 4095) & ~4095
        var buffer = AlignedBuffer(count: start + padded)
        var span = buffer.mutableBytes
        unsafe span.replace(at: start, with: content.span.bytes)
        let checksum = Checksum(of: span.bytes.extracting(start..<start + padded))
        span.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: FileHeader.size, as: UInt64.self)
        var header = header
        header.contentBytes = UInt64(content.count)
        header.tableChecksum = Checksum(of: span.bytes.extracting(FileHeader.size..<start))
        header.encode(into: &span)
        let file = try folder.open(name)
        try file.write(span.bytes, at: .zero)
    }
}
