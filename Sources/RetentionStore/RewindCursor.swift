// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Walks what a point differs in from the disks, and cuts it into chunks to apply.
///
/// What it writes comes from history alone, never from the disks: a rewind that was cut short is begun again and ends
/// the same.
final class RewindCursor {
    private let shared: GroupShared
    private let epoch: EpochNumber
    private let item: ApplyItem
    private var sweep: ExtentSweep<HistoryMerge>?
    /// What is put back instead.
    private var restored: ExtentSweep<SortedExtents>?
    private let redoCount: UInt32
    private var upcoming: ExtentPiece?
    /// Whether it puts back what the rewind has overwritten so far.
    let isRestoring: Bool

    static let piecesAtATime = 8192

    init(
        to target: SequenceNumber, epoch: EpochNumber, item: ApplyItem, shared: GroupShared
    ) throws(RetentionError) {
        self.shared = shared
        self.epoch = epoch
        self.item = item
        let merge = try PointLocator(shared).merge(at: target, before: epoch)
        redoCount = merge.redoCount
        isRestoring = false
        sweep = try ExtentSweep(merge)
        upcoming = try next()
    }

    /// Makes an epoch's disks show what is complete of it: its redo, over its before-images. That takes back a rewind,
    /// which has no redo, and the parts of a batch that was given up.
    init(restoring live: LiveEpoch, item: ApplyItem, shared: GroupShared) throws(RetentionError) {
        self.shared = shared
        epoch = live.summary.number
        self.item = item
        redoCount = UInt32(live.redo.count)
        isRestoring = true
        var extents: [RankedExtent] = []
        for (index, row) in live.redo.enumerated() {
            extents.append(RankedExtent(stored: row, rank: redoCount - 1 - UInt32(index)))
        }
        for row in live.captured.sorted { extents.append(RankedExtent(stored: row, rank: redoCount)) }
        restored = try ExtentSweep(SortedExtents(extents))
        upcoming = try next()
    }

    private func next() throws(RetentionError) -> ExtentPiece? {
        isRestoring ? try restored?.next() : try sweep?.next()
    }

    /// The next chunk; the last one completes the rewind.
    func nextChunk(limit: Int) throws(RetentionError) -> Chunk {
        var pieces: [ExtentPiece] = []
        var bytes = 0
        while let piece = upcoming, bytes < limit, pieces.count < Self.piecesAtATime {
            pieces.append(piece)
            bytes += piece.stored.isZeroes ? 0 : piece.byteCount
            upcoming = try next()
        }
        var chunk = Chunk(rewind: pieces, redoCount: redoCount, epoch: epoch)
        if upcoming == nil {
            chunk.continues = false
            chunk.items = 1
            chunk.completes = item.completes
        }
        return chunk
    }
}
