// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

extension PointInTimeView {
    /// Where a disk at this point may differ from another point, earlier or later.
    ///
    /// Reads indexes, not data: 32 bytes for each write. Memory: ``ChangedRanges`` of the disk.
    ///
    /// - Throws: `.noSuchPoint`, `.pointNotExact`, `.unknownDisk`.
    public func changes(
        of disk: DiskNumber, since other: SequenceNumber, granule: UInt64 = ChangedRanges.granule
    ) throws(RetentionError) -> ChangedRanges {
        try PointComparison(shared: shared, granule: granule).changes(of: disk, between: point, and: other)
    }
}

/// Tells where a group's disks may differ between two points: what history says was written between them.
struct PointComparison {
    let shared: GroupShared
    /// Bytes that are told as one.
    let granule: UInt64

    func changes(
        of number: DiskNumber, between one: SequenceNumber, and other: SequenceNumber
    ) throws(RetentionError) -> ChangedRanges {
        guard let disk = shared.disks[number] else {
            throw RetentionError(.unknownDisk, "There is no disk \(number) in the group.")
        }
        let (low, high) = (min(one, other), max(one, other))
        // Epochs stay until they have been read.
        let (state, pin) = try pinned(low)
        defer { _ = shared.state.withLock { $0.pins.removeValue(forKey: pin) } }
        _ = try PointLocator.place(high, in: state)
        var changed = ChangedRanges(size: disk.size.rawValue, granule: granule)
        func note(_ rows: some Sequence<StoredExtent>) {
            for row in rows where row.address.disk == number {
                let start = row.address.byteOffset.rawValue
                changed.insert(start..<start + UInt64(row.byteCount))
            }
        }
        func isBetween(_ epoch: EpochSummary) -> Bool { epoch.lastSequence > low && epoch.firstSequence <= high }
        for epoch in state.live where isBetween(epoch.summary) {
            // A rewind has no redo: what it wrote is what it has before-images of.
            note(epoch.redo[Self.redoRows(of: epoch.batches, after: low, upTo: high)])
            if epoch.summary.kind != .changes { note(epoch.captured.sorted) }
        }
        for epoch in state.sealed where isBetween(epoch.summary) {
            let reader = try EpochFileReader(epoch.file, files: shared.files)
            let isWhole = epoch.summary.firstSequence > low && epoch.summary.lastSequence <= high
            if epoch.summary.kind == .changes, !isWhole {
                note(try reader.redo(Self.redoRows(of: try reader.batches(), after: low, upTo: high)))
            } else {
                let count = Int(epoch.summary.undoCount)
                for start in stride(from: 0, to: count, by: Self.rowsAtOnce) {
                    note(try reader.undo(start..<min(count, start + Self.rowsAtOnce)))
                }
            }
        }
        return changed
    }

    /// Index rows read at a time: 256 KiB.
    private static let rowsAtOnce = 8192

    /// The redo of the batches after one point and up to another.
    private static func redoRows(
        of batches: [BatchRow], after low: SequenceNumber, upTo high: SequenceNumber
    ) -> Range<Int> {
        let start = Int(batches.last { $0.sequence <= low }?.redoEnd ?? 0)
        let end = Int(batches.last { $0.sequence <= high }?.redoEnd ?? 0)
        return start..<max(start, end)
    }

    private func pinned(_ point: SequenceNumber) throws(RetentionError) -> (GroupState, pin: UInt64) {
        let outcome = shared.state.withLock { state -> Result<(GroupState, UInt64), RetentionError> in
            do throws(RetentionError) {
                let place = try PointLocator.place(point, in: state)
                let number = state.nextPin
                state.nextPin += 1
                state.pins[number] = place.base
                return .success((state, number))
            } catch {
                return .failure(error)
            }
        }
        let (state, pin) = try outcome.get()
        return (state, pin)
    }
}
