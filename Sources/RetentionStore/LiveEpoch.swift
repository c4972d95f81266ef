// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// An epoch that is not sealed: it is being journaled, or not all of it is applied. Its indexes are in memory.
struct LiveEpoch: Sendable {
    var summary: EpochSummary
    /// No more is journaled to it.
    var isClosed = false
    var batches: [BatchRow] = []
    var redo: [StoredExtent] = []
    var captured = CapturedIndex()
    /// Ordinal of the last undo record written, from 1.
    var undoRecords: UInt64 = 0

    /// - Parameters:
    ///   - sourceSequence: The sender's last number before it.
    ///   - accuracyBefore: Of the point that it begins after.
    init(
        number: EpochNumber, kind: EpochSummary.Kind, firstSequence: SequenceNumber, sourceSequence: UInt64,
        accuracyBefore: Accuracy, firstRedoFile: FileNumber, received: Timestamp
    ) {
        summary = EpochSummary(number: number, kind: kind, firstSequence: firstSequence)
        summary.lastSourceSequence = sourceSequence
        summary.accuracyBefore = accuracyBefore
        summary.accuracy = accuracyBefore
        summary.firstRedoFile = firstRedoFile
        summary.firstReceived = received
        summary.lastReceived = received
    }

    /// Takes in what a record with everything of its sequence number brought.
    mutating func append(_ row: BatchRow, redo rows: [StoredExtent], bookmark: Bookmark?) {
        redo.append(contentsOf: rows)
        var row = row
        row.redoEnd = UInt32(redo.count)
        if batches.isEmpty { summary.firstTime = row.firstTime }
        batches.append(row)
        summary.lastSequence = row.sequence
        summary.lastTime = max(summary.lastTime, row.lastTime)
        summary.lastReceived = row.received
        summary.accuracy = row.accuracy
        summary.leastAccuracy = max(summary.leastAccuracy, row.accuracy)
        if row.sourceSequence > 0 { summary.lastSourceSequence = row.sourceSequence }
        for extent in rows where !extent.isZeroes { summary.redoBytes += ByteCount(extent.byteCount) }
        if let bookmark {
            summary.bookmarks.append(
                EpochSummary.Mark(
                    sequence: row.sequence, time: bookmark.time, kind: bookmark.kind.rawValue, label: bookmark.label,
                    id: bookmark.id))
        }
    }

    /// The redo of everything up to and including a sequence number.
    func redo(upTo sequence: SequenceNumber) -> ArraySlice<StoredExtent> {
        let end = batches.last { $0.sequence <= sequence }?.redoEnd ?? 0
        return redo[0..<Int(end)]
    }
}
