// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Captures before-images: reads what is about to be overwritten, appends it to the epoch's undo segments, makes it
/// durable.
///
/// Used by the applier for every write to a target, whatever it comes from. While one record is appended, the next one's
/// content is read.
final class UndoLog {
    /// Records that are read while as many are appended: enough that neither waits long for the other.
    static let draftsAtOnce = 2

    private let shared: GroupShared
    private let team: any IOTeam
    private var writer: SegmentWriter
    private var epoch = EpochNumber.none
    private var ordinal: UInt64 = 0
    private var durableOrdinal: UInt64 = 0
    /// Captured since the last ``sync()``, by address.
    private(set) var captured: [StoredExtent] = []
    private var newFiles: [FileNumber] = []

    init(_ shared: GroupShared, team: any IOTeam) {
        self.shared = shared
        self.team = team
        writer = SegmentWriter(role: .undo, files: shared.files)
    }

    /// Captures sorted, disjoint ranges that have no before-image in `epoch` yet.
    ///
    /// After an error, what was appended to the log counts with the next ``sync()``; the rest was not captured.
    func capture(_ gaps: [(start: DiskAddress, end: DiskAddress)], epoch: EpochNumber) throws(RetentionError) {
        try turn(to: epoch)
        var walk = CaptureWalk(gaps, disks: shared.disks)
        // Read, and not appended yet.
        var full: [CaptureDraft] = []
        var spare: [CaptureDraft] = []
        while !full.isEmpty || !walk.isAtEnd {
            var next: [CaptureDraft] = []
            while next.count < Self.draftsAtOnce, !walk.isAtEnd {
                let draft = spare.popLast() ?? CaptureDraft(shared)
                try draft.plan(&walk)
                next.append(draft)
            }
            let team = team
            var jobs = next.map { draft in IOJob { () throws(RetentionError) in try draft.read(with: team) } }
            let read = full
            if !read.isEmpty {
                jobs.append(IOJob { [self] () throws(RetentionError) in for draft in read { try append(draft) } })
            }
            try team.runAll(jobs)
            spare = full
            full = next
        }
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

    private func append(_ draft: CaptureDraft) throws(RetentionError) {
        guard !draft.extents.isEmpty else { return }
        var header = RecordHeader(kind: .beforeImages, sequence: ordinal + 1, epoch: epoch)
        header.durable = durableOrdinal
        header.applied = shared.state.withLock { $0.applied.rawValue }
        header.received = shared.clock.now()
        header.extents = draft.extents
        let place: SegmentWriter.Place
        do {
            let (template, writer) = (header, writer)
            place = try draft.withPayload { (bytes) throws(DeviceError) in
                try writer.append(template, payload: bytes)
            }
        } catch {
            throw .retention(error)
        }
        ordinal += 1
        var position = place.payloadOffset
        for extent in draft.extents {
            captured.append(StoredExtent(extent, file: place.file, payloadOffset: position))
            position += UInt64(extent.payloadBytes)
        }
        let isKnown = shared.state.withLock { state in
            state.live.first { $0.summary.number == epoch }?.summary.undoFiles.contains(place.file) ?? false
        }
        if !isKnown, newFiles.last != place.file { newFiles.append(place.file) }
    }
}
