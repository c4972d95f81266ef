// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What is applied in one go: a stretch of the queue, or of a rewind, folded to the last version of every sector.
struct Chunk {
    /// Where a piece's bytes are.
    enum Origin {
        case memory(BatchPart, offset: Int)
        case redo
        case undo
        case zeroes
    }

    var epoch: EpochNumber
    var captures: Bool
    /// By address, disjoint.
    var pieces: [(piece: ExtentPiece, origin: Origin)] = []
    /// Items of the queue that are done with it.
    var items = 0
    var heldBytes = 0
    var completes: (sequence: SequenceNumber, source: UInt64)?
    /// Disks to declare flushed.
    var flushes: [DiskNumber] = []
    /// Whether parts of an incomplete batch are in it.
    var isEarly = false
    /// Whether the rewind that it is part of goes on.
    var continues = false

    var disks: Set<DiskNumber> { Set(pieces.map(\.piece.address.disk)).union(flushes) }

    /// Folds items of one epoch; the caller has bounded them.
    init(_ items: ArraySlice<ApplyItem>, epoch: EpochNumber, captures: Bool) throws(RetentionError) {
        self.epoch = epoch
        self.captures = captures
        self.items = items.count
        var stored: [StoredExtent] = []
        var origins: [Origin] = []
        for item in items {
            heldBytes += item.heldBytes
            isEarly = isEarly || item.isEarly
            if let done = item.completes {
                completes = (done.sequence, done.source > 0 ? done.source : completes?.source ?? 0)
            }
            switch item.work {
            case .writes(let part, let extents):
                var offset = 0
                for extent in extents {
                    stored.append(extent)
                    origins.append(Self.origin(extent, part: part, offset: offset))
                    if !extent.isZeroes { offset += extent.byteCount }
                }
            case .syncWrites(let part):
                var offset = 0
                for extent in part.extents {
                    // In no segment: the row only says where it goes.
                    let row = StoredExtent(extent, file: FileNumber(0), payloadOffset: 0)
                    stored.append(row)
                    origins.append(Self.origin(row, part: part, offset: offset))
                    offset += extent.payloadBytes
                }
            case .syncFlush(let disk): flushes.append(disk)
            case .rewind, .restore, .marker: break
            }
        }
        var sweep = try ExtentSweep(SortedExtents.newestWins(stored))
        while let piece = try sweep.next() { pieces.append((piece, origins[stored.count - 1 - Int(piece.rank)])) }
    }

    private static func origin(_ extent: StoredExtent, part: BatchPart?, offset: Int) -> Origin {
        if extent.isZeroes { return .zeroes }
        return part.map { .memory($0, offset: offset) } ?? .redo
    }

    /// A part of a rewind.
    init(rewind pieces: [ExtentPiece], redoCount: UInt32, epoch: EpochNumber) {
        self.epoch = epoch
        captures = true
        continues = true
        self.pieces = pieces.map { piece in
            (piece, piece.stored.isZeroes ? .zeroes : piece.rank < redoCount ? .redo : .undo)
        }
    }
}
