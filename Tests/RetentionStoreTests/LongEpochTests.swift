// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

/// An epoch with more before-images than a page of its file has rows.
struct LongEpochTests {
    private static let sectors = 16_384

    @Test func `a view finds each of many before-images of an epoch that was sealed since`() throws {
        let power = SimulatedPower(seed: 1)
        let disk = SimulatedDisk(name: "disk", size: ByteCount(Self.sectors * 512), power: power)
        let clock = TestClock()
        var settings = RetentionSettings()
        settings.segmentSize = .mebibytes(16)
        settings.reserve = .zero
        settings.epochSeconds = 1_000_000
        var manifest = GroupManifest(id: UUID(), name: "group", created: clock.now(), lifecycle: "created")
        manifest.disks = [
            GroupManifest.Disk(
                number: DiskNumber(0), sourceID: "disk", size: disk.size, logicalBlockSize: 512, target: "disk")
        ]
        let group = try RetentionGroup.create(
            in: SimulatedFolder(power: power), manifest: manifest,
            disks: [GroupDisk(number: DiskNumber(0), size: disk.size, logicalBlockSize: 512, target: disk)],
            settings: settings, clock: clock)
        let stepper = GroupStepper(group)
        func settle() throws {
            while try stepper.stepJournal() || stepper.stepApplier() {}
        }
        let pool = BufferPool(retaining: .mebibytes(1))
        func write(_ sectors: [Int], mark: UInt8) throws {
            var builder = PartBuilder(pool: pool)
            let bytes = [UInt8](repeating: mark, count: 512)
            func hand() throws {
                let stamp = BatchStamp(
                    sourceSequence: group.ingestPosition.accepted + 1, firstTime: clock.now(), lastTime: clock.now(),
                    accuracy: .exact)
                try group.append(builder.take(), of: stamp, isLast: true)
            }
            for sector in sectors {
                if !builder.hasRoom(for: 512) { try hand() }
                builder.beginOwnData(disk: DiskNumber(0), sector: UInt64(sector), sectorCount: 1)
                unsafe builder.fill(bytes.span.bytes)
                builder.endOwnData()
            }
            try hand()
            try settle()
        }
        try group.beginSync(DiskNumber(0), kind: .initial)
        try group.endSync(DiskNumber(0), time: clock.now(), sourceSequence: 0, accuracy: .exact)
        try settle()
        try write(Array(0..<Self.sectors), mark: 1)
        try group.mark("before")
        try settle()
        let view = try group.view(at: group.status.durable)
        let sealed = group.status.epochs
        // Apart from each other, so that each has a before-image of its own.
        let written = Array(stride(from: 3, to: Self.sectors, by: 2))
        try write(written, mark: 2)
        try group.mark("after")
        try settle()
        #expect(group.status.epochs > sealed)
        #expect(written.count > 3 * 2048)
        let shown = try #require(view.disk(DiskNumber(0)))
        let now = try group.view(at: group.status.durable)
        let latest = try #require(now.disk(DiskNumber(0)))
        for (first, count) in (0..<Self.sectors).map({ ($0, 1) }) + [(0, Self.sectors), (4095, 2050), (16_300, 84)] {
            var buffer = AlignedBuffer(count: count * 512)
            var span = buffer.mutableBytes
            try shown.read(into: &span, at: ByteOffset(UInt64(first * 512)))
            let isAsBefore = Self.isAll(1, buffer)
            #expect(isAsBefore, "\(count) sectors from \(first)")
            guard count == 1 else { continue }
            var other = AlignedBuffer(count: 512)
            var otherSpan = other.mutableBytes
            try latest.read(into: &otherSpan, at: ByteOffset(UInt64(first * 512)))
            let isAsNow = Self.isAll(first >= 3 && first % 2 == 1 ? 2 : 1, other)
            #expect(isAsNow, "sector \(first)")
        }
    }

    private static func isAll(_ mark: UInt8, _ buffer: borrowing AlignedBuffer) -> Bool {
        buffer.withBytes(0..<buffer.count) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe $0.allSatisfy { $0 == mark } }
        }
    }
}
