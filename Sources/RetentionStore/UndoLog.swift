// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Captures before-images: reads what is about to be overwritten, appends it to the epoch's undo segments, makes it
/// durable.
///
/// Used by the applier for every write to a target, whatever it comes from.
final class UndoLog {
    private let shared: GroupShared
    private var writer: SegmentWriter
    private var epoch = EpochNumber.none
    private var ordinal: UInt64 = 0
    private var durableOrdinal: UInt64 = 0
    private var buffer = AlignedBuffer(uninitialized: Extent.maximumDataBytes)
    private var filled = 0
    private var extents: [Extent] = []
    /// Captured since the last ``sync()``, by address.
    private(set) var captured: [StoredExtent] = []
    private var newFiles: [FileNumber] = []

    init(_ shared: GroupShared) {
        self.shared = shared
        writer = SegmentWriter(role: .undo, files: shared.files)
    }

    /// Captures sorted, disjoint ranges that have no before-image in `epoch` yet.
    func capture(_ gaps: [(start: DiskAddress, end: DiskAddress)], epoch: EpochNumber) throws(RetentionError) {
        try turn(to: epoch)
        for gap in gaps {
            guard let disk = shared.disks[gap.start.disk] else { continue }
            var position = gap.start
            while position < gap.end { position = try capture(disk, from: position, to: gap.end) }
        }
        try flushRecord()
    }

    /// Makes what was captured durable and gives it to the epoch's index: from now on it may be overwritten.
    func sync() throws(RetentionError) {
        do {
            try writer.sync()
        } catch {
            throw .retention(error)
        }
        durableOrdinal = ordinal
        let (rows, files, ordinal, number) = (captured, newFiles, ordinal, epoch)
        captured = []
        newFiles = []
        shared.state.withLock { state in
            guard let index = state.live.firstIndex(where: { $0.summary.number == number }) else { return }
            state.live[index].captured.insert(rows)
            state.live[index].undoRecords = ordinal
            state.live[index].summary.undoFiles.append(contentsOf: files)
            for row in rows where !row.isZeroes {
                state.live[index].summary.undoBytes += ByteCount(row.byteCount)
                state.counters.undoBytes += UInt64(row.byteCount)
            }
            for row in rows { state.counters.capturedBytes += UInt64(row.byteCount) }
        }
    }

    /// After a capture that found no room: what is in the log counts, what was only read does not.
    func keepWhatIsWritten() throws(RetentionError) {
        extents = []
        filled = 0
        try sync()
    }

    /// Ends the segments of an epoch that is complete, and gives back what of the last was not used.
    func finish(_ number: EpochNumber) throws(RetentionError) {
        guard number == epoch else { return }
        do {
            guard let (file, length) = try writer.endSegment() else { return }
            try shared.files.trim(.undo, file, to: ByteCount(length))
        } catch {
            throw .retention(error)
        }
    }

    private func turn(to number: EpochNumber) throws(RetentionError) {
        guard number != epoch else { return }
        try finish(epoch)
        epoch = number
        ordinal = shared.state.withLock { state in
            state.live.first { $0.summary.number == number }?.undoRecords ?? 0
        }
        durableOrdinal = ordinal
    }

    /// Captures the start of a range; where the rest of it starts.
    private func capture(
        _ disk: GroupDisk, from start: DiskAddress, to end: DiskAddress
    ) throws(RetentionError) -> DiskAddress {
        let range =
            start.byteOffset.rawValue..<start.byteOffset.rawValue + (end.rawValue - start.rawValue) * Sector.size
        let data: Range<UInt64>?
        do {
            data = try disk.target.firstDataRange(in: range)
        } catch {
            throw .target(error)
        }
        guard let data else { return try captureZeroes(from: start, to: end) }
        if data.lowerBound > range.lowerBound {
            let sectors = (data.lowerBound - range.lowerBound) / Sector.size
            return try captureZeroes(from: start, to: DiskAddress(rawValue: start.rawValue + sectors))
        }
        if filled == buffer.count || extents.count == RecordHeader.maximumExtents { try flushRecord() }
        let count = min(Int(data.upperBound - data.lowerBound), buffer.count - filled)
        let from = filled
        do {
            try buffer.withMutableBytes(from..<from + count) { (bytes) throws(DeviceError) in
                try disk.target.read(into: &bytes, at: start.byteOffset)
            }
        } catch {
            throw .target(error)
        }
        let content: Extent.Content = buffer.withBytes(from..<from + count) { bytes in
            bytes.isAllZeroes ? .zeroes : .data(Checksum(of: bytes))
        }
        let sectors = UInt32(count / Int(Sector.size))
        extents.append(Extent(disk: start.disk, sector: start.sector, sectorCount: sectors, content: content))
        if case .data = content { filled += count }
        return start + sectors
    }

    private func captureZeroes(from start: DiskAddress, to end: DiskAddress) throws(RetentionError) -> DiskAddress {
        if extents.count == RecordHeader.maximumExtents { try flushRecord() }
        let sectors = UInt32(min(end.rawValue - start.rawValue, UInt64(UInt32.max)))
        extents.append(Extent(disk: start.disk, sector: start.sector, sectorCount: sectors, content: .zeroes))
        return start + sectors
    }

    private func flushRecord() throws(RetentionError) {
        guard !extents.isEmpty else { return }
        var header = RecordHeader(kind: .beforeImages, sequence: ordinal + 1, epoch: epoch)
        header.durable = durableOrdinal
        header.applied = shared.state.withLock { $0.applied.rawValue }
        header.received = shared.clock.now()
        header.extents = extents
        let place: SegmentWriter.Place
        do {
            let (template, writer) = (header, writer)
            place = try buffer.withBytes(0..<filled) { (bytes) throws(DeviceError) in
                try writer.append(template, payload: bytes)
            }
        } catch {
            throw .retention(error)
        }
        ordinal += 1
        var position = place.payloadOffset
        for extent in extents {
            captured.append(StoredExtent(extent, file: place.file, payloadOffset: position))
            position += UInt64(extent.payloadBytes)
        }
        let isKnown = shared.state.withLock { state in
            state.live.first { $0.summary.number == epoch }?.summary.undoFiles.contains(place.file) ?? false
        }
        if !isKnown, newFiles.last != place.file { newFiles.append(place.file) }
        extents = []
        filled = 0
    }
}
