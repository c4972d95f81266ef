// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import Glibc
import LinuxSystem
import RetentionFormat
import RetentionStore
import StoragePrimitives
import Testing

/// A group on its own threads over real files.
struct ThreadedGroupTests {
    private static let bytes = 1 << 20

    private final class Fixture {
        let path: String
        let events = EventLog()
        let pool = BufferPool(retaining: .mebibytes(4))
        private(set) var group: RetentionGroup
        private var target: DirectFile?

        init() throws {
            var template = Array("/tmp/master-target-test-XXXXXX".utf8CString)
            guard let made = unsafe mkdtemp(&template) else {
                throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
            }
            path = unsafe String(cString: made)
            let folder = try DirectoryFolder(path: path + "/group", create: true)
            try DirectoryFolder(path: path).create("target").truncate(to: ByteCount(bytes))
            var manifest = GroupManifest(id: UUID(), name: "real", created: SystemClock().now(), lifecycle: "created")
            manifest.disks = [
                GroupManifest.Disk(
                    number: DiskNumber(0), sourceID: "disk", size: ByteCount(bytes), logicalBlockSize: 512,
                    target: "target")
            ]
            let device = try DirectFile(path: path + "/target", access: .exclusive)
            target = device
            group = try RetentionGroup.create(
                in: folder, manifest: manifest, disks: Self.bound(device), settings: Self.settings, clock: SystemClock()
            )
            group.observe(events.observer)
        }

        private static var settings: RetentionSettings {
            var settings = RetentionSettings()
            settings.segmentSize = .mebibytes(2)
            // Several chunks, so that they overlap.
            settings.chunkBytes = .kibibytes(192)
            settings.reserve = .zero
            return settings
        }

        private static func bound(_ device: DirectFile) -> [GroupDisk] {
            [GroupDisk(number: DiskNumber(0), size: device.size, logicalBlockSize: 512, target: device)]
        }

        func reopen() throws {
            group.close()
            target = nil
            // The old group holds the target's lock until it is gone.
            let device = try DirectFile(path: path + "/target", access: .readWrite)
            target = device
            group = try RetentionGroup.open(
                in: DirectoryFolder(path: path + "/group"), disks: Self.bound(device), settings: Self.settings,
                clock: SystemClock())
            events.clear()
            group.observe(events.observer)
        }

        func part(sector: Int, sectors: Int, mark: UInt8) -> BatchPart {
            let content = [UInt8](repeating: mark, count: sectors * 512)
            var builder = PartBuilder(pool: pool)
            unsafe builder.beginData(
                disk: DiskNumber(0), sector: UInt64(sector), sectorCount: UInt32(sectors),
                checksum: Checksum(of: content.span.bytes))
            unsafe builder.fill(content.span.bytes)
            _ = builder.endData()
            return builder.take()
        }

        func batch(_ source: UInt64, sector: Int, sectors: Int, mark: UInt8) throws {
            let now = SystemClock().now()
            try group.append(
                part(sector: sector, sectors: sectors, mark: mark),
                of: BatchStamp(sourceSequence: source, firstTime: now, lastTime: now, accuracy: .exact), isLast: true)
        }

        func sync() throws {
            try group.beginSync(DiskNumber(0), kind: .initial)
            try group.appendSync(part(sector: 0, sectors: 2048, mark: 0xEE))
            try group.endSync(DiskNumber(0), time: SystemClock().now(), sourceSequence: 0, accuracy: .exact)
            let group = group
            #expect(events.wait { group.ingestPosition.unsynced.isEmpty })
        }

        static func contents(_ device: any BlockDevice) throws -> [UInt8] {
            var buffer = AlignedBuffer(count: bytes)
            var span = buffer.mutableBytes
            try device.read(into: &span, at: .zero)
            return buffer.withBytes(0..<bytes) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
        }

        var shown: [UInt8] { get throws { try Self.contents(DirectFile(path: path + "/target", access: .readOnly)) } }

        func contents(at point: SequenceNumber) throws -> [UInt8] {
            let view = try group.view(at: point)
            return try Self.contents(#require(view.disk(DiskNumber(0))))
        }

        deinit {
            group.close()
            for folder in [path + "/group", path] {
                // What cannot be removed stays in /tmp: it harms no other test.
                for name in (try? DirectoryFolder(path: folder).names()) ?? [] {
                    unsafe _ = unlink("\(folder)/\(name)")
                }
                unsafe _ = rmdir(folder)
            }
        }
    }

    @Test func `batches become durable, are applied, and every point can be read, also after a restart`() throws {
        let fixture = try Fixture()
        fixture.group.start()
        try fixture.sync()
        var expected = [UInt8](repeating: 0xEE, count: Self.bytes)
        var states: [UInt64: [UInt8]] = [:]
        let first = fixture.group.status.durable.rawValue
        for source in 1...40 as ClosedRange<UInt64> {
            let (sector, sectors, mark) = (Int(source) * 37 % 1500, Int(source) * 11 % 300 + 1, UInt8(source))
            try fixture.batch(source, sector: sector, sectors: sectors, mark: mark)
            expected.replaceSubrange(
                sector * 512..<(sector + sectors) * 512, with: [UInt8](repeating: mark, count: sectors * 512))
            states[first + source] = expected
        }
        try fixture.group.drain()
        #expect(fixture.events.durable == 40)
        #expect(try fixture.shown == expected)
        for (number, state) in states { #expect(try fixture.contents(at: SequenceNumber(number)) == state) }
        try fixture.reopen()
        #expect(fixture.group.ingestPosition.durable == 40)
        for (number, state) in states { #expect(try fixture.contents(at: SequenceNumber(number)) == state) }
        fixture.group.start()
        let order = try fixture.group.rewind(to: SequenceNumber(first + 10))
        #expect(order.rawValue == first + 41)
        #expect(try fixture.shown == states[first + 10])
    }

    @Test func `all memory that was taken in is given back`() throws {
        let fixture = try Fixture()
        fixture.group.start()
        try fixture.sync()
        let pool = fixture.pool
        for source in 1...100 as ClosedRange<UInt64> {
            try fixture.batch(source, sector: 5, sectors: 100, mark: UInt8(source))
        }
        try fixture.group.drain()
        let events = fixture.events
        let sent = 100 * 100 * 512 + 2048 * 512
        #expect(
            events.wait {
                events.all.reduce(0) { sum, event in if case .released(let bytes) = event { sum + bytes } else { sum } }
                    == sent
            })
        fixture.group.close()
        #expect(pool.bytesInUse == 0)
    }

    @Test func `a drained group has everything on its disks`() throws {
        let fixture = try Fixture()
        fixture.group.start()
        try fixture.sync()
        for source in 1...200 as ClosedRange<UInt64> {
            try fixture.batch(source, sector: 7, sectors: 8, mark: UInt8(source % 250 + 1))
            if source % 10 == 0 {
                try fixture.group.drain()
                let status = fixture.group.status
                #expect(status.durableSource == source)
                #expect(status.appliedSource == source)
            }
        }
    }

    @Test func `digests of a target are those of its bytes`() throws {
        let fixture = try Fixture()
        fixture.group.start()
        try fixture.sync()
        try fixture.group.beginSync(DiskNumber(0), kind: .resync)
        let log = EventLog()
        let content = [UInt8](repeating: 0xEE, count: 65_536)
        fixture.group.digest(DiskNumber(0), sectors: 0..<2048, granularity: 65_536, seed: 3) { result in
            guard case .success(let digests) = result, digests.count == 16,
                digests.allSatisfy({ unsafe $0 == RangeDigest(of: content.span.bytes, seed: 3) })
            else { return log.observer(.durable(sourceSequence: 2)) }
            log.observer(.durable(sourceSequence: 1))
        }
        #expect(log.wait { log.durable > 0 })
        #expect(log.durable == 1)
    }
}
