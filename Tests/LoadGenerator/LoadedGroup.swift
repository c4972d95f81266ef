// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import LinuxSystem
import RetentionFormat
import RetentionStore
import StoragePrimitives
import Synchronization

/// A group with one disk, and the flow control that a session would do: never more in flight than the window.
final class LoadedGroup {
    /// What the group's threads tell.
    private final class Flow: Sendable {
        struct Progress {
            var durable: UInt64 = 0
            var inFlight = 0
            var failure: RetentionError?
        }

        let progress = Mutex(Progress())
        let bell = Doorbell()

        func take(_ event: RetentionEvent) {
            progress.withLock { progress in
                switch event {
                case .durable(let source): progress.durable = source
                case .released(let bytes): progress.inFlight -= bytes
                case .failed(let error): progress.failure = error
                case .applied, .syncDurable: break
                }
            }
            bell.ring()
        }
    }

    let group: RetentionGroup
    let sectors: UInt64
    private let window: Int
    private let flow = Flow()
    private var builder: PartBuilder

    /// - Parameters:
    ///   - folder: Holds the group, made when it is not there.
    ///   - window: Payload bytes that may be on their way.
    init(
        folder path: String, target: String, settings: RetentionSettings, window: Int, pool: BufferPool
    ) throws {
        let clock = SystemClock()
        let device = try DirectFile(path: target, access: .exclusive)
        let folder = try DirectoryFolder(path: path, create: true)
        let number = DiskNumber(0)
        let disk = GroupDisk(number: number, size: device.size, logicalBlockSize: 512, target: device)
        self.window = window
        builder = PartBuilder(pool: pool)
        sectors = device.size.rawValue / Sector.size
        if try folder.contents(of: GroupManifest.fileName, limit: 1 << 20) == nil {
            var manifest = GroupManifest(id: UUID(), name: "load", created: clock.now(), lifecycle: "protected")
            manifest.disks = [
                GroupManifest.Disk(
                    number: number, sourceID: "load", size: device.size, logicalBlockSize: 512, target: target)
            ]
            group = try RetentionGroup.create(
                in: folder, manifest: manifest, disks: [disk], settings: settings, clock: clock)
        } else {
            group = try RetentionGroup.open(in: folder, disks: [disk], settings: settings, clock: clock)
        }
        let flow = flow
        group.observe { flow.take($0) }
        group.start()
        if group.ingestPosition.unsynced.contains(number) {
            try group.beginSync(number, kind: .initial)
            try group.endSync(number, time: clock.now(), sourceSequence: 0, accuracy: .exact)
            while !group.ingestPosition.unsynced.isEmpty { try check() }
        }
    }

    /// Waits for something to happen, at most a moment; throws when the group has failed.
    func check() throws {
        _ = flow.bell.wait(nanoseconds: 20_000_000)
        if let failure = flow.progress.withLock({ $0.failure }) { throw failure }
    }

    var durable: UInt64 { flow.progress.withLock { $0.durable } }

    func waitUntilDurable(_ source: UInt64) throws {
        while durable < source { try check() }
    }

    /// Appends one batch, waiting for room in the window.
    func append(_ writes: [(sector: UInt64, bytes: AlignedBuffer.Template)], source: UInt64) throws {
        for write in writes {
            if !builder.hasRoom(for: write.bytes.count) { try send(builder.take(), source: source, isLast: false) }
            builder.beginData(
                disk: DiskNumber(0), sector: write.sector, sectorCount: UInt32(write.bytes.count / 512),
                checksum: write.bytes.checksum)
            write.bytes.with { builder.fill($0) }
            _ = builder.endData()
        }
        try send(builder.take(), source: source, isLast: true)
    }

    private func send(_ part: BatchPart, source: UInt64, isLast: Bool) throws {
        while flow.progress.withLock({ $0.inFlight + part.payloadBytes > window && $0.inFlight > 0 }) { try check() }
        flow.progress.withLock { $0.inFlight += part.payloadBytes }
        let now = SystemClock().now()
        try group.append(
            part, of: BatchStamp(sourceSequence: source, firstTime: now, lastTime: now, accuracy: .exact),
            isLast: isLast)
    }
}

extension AlignedBuffer {
    /// Bytes to write again and again, with their checksum.
    final class Template: Sendable {
        private let buffer: AlignedBuffer
        let checksum: Checksum
        var count: Int { buffer.count }

        /// Random bytes, different for each seed.
        init(count: Int, seed: UInt64) {
            var buffer = AlignedBuffer(count: count)
            var generator = Xorshift(seed: seed)
            buffer.withMutableBytes(0..<count) { span in
                for offset in stride(from: 0, to: count, by: 8) {
                    span.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
                }
            }
            checksum = buffer.withBytes(0..<count) { Checksum(of: $0) }
            self.buffer = buffer
        }

        func with(_ body: (RawSpan) -> Void) { buffer.withBytes(0..<count, body) }
    }
}

/// A fast generator with a seed, so that runs are alike.
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
