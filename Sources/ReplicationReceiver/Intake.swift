// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import RetentionFormat
import RetentionStore
import StoragePrimitives

/// Performs a session's actions on its group: gathers extents into parts and hands them over when they are full or end.
struct Intake: ~Copyable {
    private enum Destination {
        case none
        case batch(Frame.BatchBegin)
        case sync
    }

    private let group: any ReplicationGroup
    private let feed: GroupFeed
    private var builder: PartBuilder
    private var destination = Destination.none
    private var ledger = ReleaseLedger()
    /// Credit that the zeroes in the builder took.
    private var zeroCredit = 0
    /// A compressed payload of which not all has come; and what it decompresses to.
    private var compressed = ByteBuffer()
    private var decompressed = ByteBuffer()
    /// Credit to be given back, besides what the store releases.
    private var creditDue = 0

    /// Longest extent of zeroes: 1 TiB, a multiple of every block size.
    private static let maximumZeroSectors: UInt64 = 1 << 31

    init(group: any ReplicationGroup, feed: GroupFeed, pool: BufferPool) {
        self.group = group
        self.feed = feed
        builder = PartBuilder(pool: pool)
    }

    // MARK: Extents

    mutating func begin(_ write: Frame.Write) throws(RetentionError) {
        if !builder.hasRoom(for: write.dataBytes) { try flush() }
        builder.beginData(
            disk: write.disk, sector: write.sector, sectorCount: write.sectorCount, checksum: write.checksum)
    }

    mutating func fill(_ bytes: ByteBuffer) { builder.fill(bytes.readableBytesSpan) }

    /// Whether the data matched its checksum and was taken.
    mutating func endData() -> Bool { builder.endData() }

    /// Takes a piece of a compressed payload; with the last one the data. False when it is not what was announced.
    mutating func gather(_ bytes: ByteBuffer, of write: Frame.Write, isLast: Bool) -> Bool {
        if isLast, compressed.readableBytes == 0 { return decompress(bytes, write) }
        if compressed.readableBytes == 0 { compressed.clear(minimumCapacity: write.payloadBytes) }
        var bytes = bytes
        compressed.writeBuffer(&bytes)
        guard isLast else { return true }
        let isSound = decompress(compressed, write)
        compressed.clear()
        return isSound
    }

    private mutating func decompress(_ payload: ByteBuffer, _ write: Frame.Write) -> Bool {
        decompressed.clear(minimumCapacity: write.dataBytes)
        guard LZ4Codec.decompress(payload.readableBytesSpan, dataBytes: write.dataBytes, to: &decompressed) else {
            return false
        }
        // A second reference for the call: the span borrows it while the builder is written to.
        let data = decompressed
        builder.fill(data.readableBytesSpan)
        return builder.endData()
    }

    mutating func add(_ zero: Frame.Zero) throws(RetentionError) {
        var sector = zero.sector
        var left = zero.sectorCount
        while left > 0 {
            if !builder.hasRoom(for: 0) { try flush() }
            let count = min(left, Self.maximumZeroSectors)
            builder.addZeroes(disk: zero.disk, sector: sector, sectorCount: UInt32(count))
            // The session has checked that the range ends within 64 bits.
            sector += count
            left -= count
        }
        zeroCredit += WireLimits.zeroCreditBytes
    }

    // MARK: Batches, bookmarks, syncs

    mutating func begin(_ batch: Frame.BatchBegin) { destination = .batch(batch) }

    mutating func end(_ batch: Frame.BatchBegin, lastTime: Timestamp) throws(RetentionError) {
        destination = .none
        let stamp = BatchStamp(
            sourceSequence: batch.sequence, firstTime: batch.firstTime, lastTime: lastTime, accuracy: batch.accuracy)
        let part = take()
        try group.append(part, of: stamp, isLast: true)
    }

    mutating func append(_ bookmark: Frame.Bookmark) throws(RetentionError) {
        let kind: Bookmark.Kind =
            switch bookmark.kind {
            case .crashConsistent: .crashConsistent
            case .applicationConsistent: .applicationConsistent
            }
        try group.append(
            Bookmark(
                kind: kind, label: bookmark.label, time: bookmark.time,
                id: BookmarkID(high: bookmark.idHigh, low: bookmark.idLow)), sourceSequence: bookmark.sequence)
    }

    mutating func begin(_ sync: Frame.SyncBegin) throws(RetentionError) {
        try flush()
        let kind: SyncKind =
            switch sync.kind {
            case .initial: .initial
            case .resync: .resync
            }
        try group.beginSync(sync.disk, kind: kind)
        destination = .sync
    }

    mutating func end(_ sync: Frame.SyncEnd) throws(RetentionError) {
        try flush()
        try group.endSync(sync.disk, time: sync.time, sourceSequence: sync.sequence, accuracy: sync.accuracy)
    }

    // MARK: Handing over

    /// Hands over what was gathered of an incomplete batch or of a sync.
    mutating func flush() throws(RetentionError) {
        guard !builder.isEmpty else { return }
        switch destination {
        case .none:
            preconditionFailure("extents were gathered for neither a batch nor a sync")
        case .batch(let begin):
            // The end of the batch is not known yet: its last part brings it.
            let stamp = BatchStamp(
                sourceSequence: begin.sequence, firstTime: begin.firstTime, lastTime: begin.firstTime,
                accuracy: begin.accuracy)
            let part = take()
            try group.append(part, of: stamp, isLast: false)
        case .sync:
            let part = take()
            try group.appendSync(part)
        }
    }

    private mutating func take() -> BatchPart {
        let part = builder.take()
        // Before the store has it: it may release it at once. A part that is refused ends the session, and with the
        // group's own rules checked by the session before, that is the group's failure.
        feed.handed(bytes: part.payloadBytes)
        creditDue += ledger.handed(dataBytes: part.payloadBytes, zeroCredit: zeroCredit)
        zeroCredit = 0
        return part
    }

    /// Credit to give back now, given what the store released.
    mutating func takeCredit(releasedBytes: Int) -> Int {
        defer { creditDue = 0 }
        return creditDue + ledger.released(bytes: releasedBytes)
    }
}
