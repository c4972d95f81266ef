// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives

/// Turns ranges of one disk into frames: data into Writes of up to 256 KiB, zeroes into Zero ranges as long as they
/// come.
///
/// Checksums and compression are made here, on the worker's thread. Used by one thread.
final class WriteSender {
    struct Counters: Hashable, Sendable {
        /// Bytes of data sent, before compression.
        var dataBytes: UInt64 = 0
        /// Bytes of zero ranges.
        var zeroBytes: UInt64 = 0
        /// Bytes of payload as they travelled.
        var wireBytes: UInt64 = 0
    }

    private let link: ReplicationLink
    private let maximumBytes: Int
    private let mayCompress: Bool
    private var policy: CompressionPolicy
    private var limiter: RateLimiter?
    private var zeroes: (disk: DiskNumber, range: Range<UInt64>, isSync: Bool)?
    private(set) var counters = Counters()

    init(link: ReplicationLink, welcome: Frame.Welcome, mode: CompressionPolicy.Mode, limiter: RateLimiter?) {
        self.link = link
        maximumBytes = min(WireLimits.defaultWriteBytes, Int(welcome.maximumWriteBytes))
        mayCompress = welcome.codecs.allows(.lz4)
        policy = CompressionPolicy(mode: mode)
        self.limiter = limiter
    }

    /// Sends `bytes`, which start at `offset` of the disk.
    func write(_ bytes: RawSpan, disk: DiskNumber, at offset: UInt64, isSync: Bool) throws(ProcessServerError) {
        var done = 0
        while done < bytes.byteCount {
            let count = min(maximumBytes, bytes.byteCount - done)
            try writeOne(bytes.extracting(done..<done + count), disk: disk, at: offset + UInt64(done), isSync: isSync)
            done += count
        }
    }

    private func writeOne(
        _ bytes: RawSpan, disk: DiskNumber, at offset: UInt64, isSync: Bool
    ) throws(ProcessServerError) {
        let checksum = Checksum(of: bytes)
        var payload = ByteBuffer()
        var codec = Codec.none
        let blocked = link.blocked.load(ordering: .relaxed)
        if mayCompress, policy.shouldCompress(now: link.clock.nanoseconds(), blocked: blocked) {
            // A sixteenth saved is the least that pays for the receiver's work.
            let limit = bytes.byteCount - bytes.byteCount / 16
            let written = LZ4Codec.compress(bytes, to: &payload, limit: limit)
            policy.compressed(bytes.byteCount, to: written ?? bytes.byteCount)
            if written != nil { codec = .lz4 }
        }
        if codec == .none {
            payload.clear()
            payload.reserveCapacity(bytes.byteCount)
            unsafe bytes.withUnsafeBytes { source in
                // SAFETY: the bytes are copied before the closure ends.
                unsafe _ = payload.writeBytes(source)
            }
        }
        let count = payload.readableBytes
        let write = Frame.Write(
            disk: disk, sector: offset / Sector.size, sectorCount: UInt32(bytes.byteCount / Int(Sector.size)),
            checksum: checksum, codec: codec, payloadBytes: count)
        try limit(count)
        try link.send(isData: true, payload: payload) { session in
            isSync ? session.syncWrite(write) : session.write(write)
        }
        counters.dataBytes += UInt64(bytes.byteCount)
        counters.wireBytes += UInt64(count)
    }

    /// Notes that `range` (bytes) is zeroes; sent when the next one does not continue it, or by ``flush()``.
    func zero(_ range: Range<UInt64>, disk: DiskNumber, isSync: Bool) throws(ProcessServerError) {
        if let last = zeroes, last.disk == disk, last.range.upperBound == range.lowerBound, last.isSync == isSync {
            zeroes = (disk, last.range.lowerBound..<range.upperBound, isSync)
            return
        }
        try flush()
        zeroes = (disk, range, isSync)
    }

    /// Sends the zeroes that were gathered.
    func flush() throws(ProcessServerError) {
        guard let (disk, range, isSync) = zeroes else { return }
        zeroes = nil
        let zero = Frame.Zero(
            disk: disk, sector: range.lowerBound / Sector.size, sectorCount: UInt64(range.count) / Sector.size)
        try link.send(isData: true) { session in isSync ? session.syncZero(zero) : session.zero(zero) }
        counters.zeroBytes += UInt64(range.count)
    }

    private func limit(_ bytes: Int) throws(ProcessServerError) {
        guard let wait = limiter?.take(bytes, now: link.clock.nanoseconds()), wait > 0 else { return }
        try link.signal.sleep(until: link.clock.nanoseconds() + wait, clock: link.clock)
        try link.check()
    }
}
