// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What is applied in one go: a stretch of the queue, or of a rewind, folded to the last version of every sector.
struct Chunk {
    /// Where a piece's bytes are.
    enum Origin {
        case memory(BatchPart, offset: Int)
        /// In history, from where they have to be read first.
        case history(HistoryFiles.Role)
        /// Read from history: at an offset of the chunk's own buffer.
        case loaded(Int)
        case zeroes
    }

    var epoch: EpochNumber
    var captures: Bool
    /// By address, disjoint.
    var pieces: [(piece: ExtentPiece, origin: Origin)] = []
    /// Items of the queue that are done with it.
    var items = 0
    var heldBytes = 0
    /// Bytes of the source that its items cover, before they were folded.
    private(set) var coveredBytes: UInt64 = 0
    /// Batches that are complete with it.
    private(set) var batches: UInt64 = 0
    var completes: (sequence: SequenceNumber, source: UInt64)?
    /// Disks to declare flushed.
    var flushes: [DiskNumber] = []
    /// Whether parts of an incomplete batch are in it.
    var isEarly = false
    /// Whether the rewind that it is part of goes on.
    var continues = false

    /// What was read from history, in the order of the pieces.
    private(set) var loaded: IOBuffer?

    /// The disks of pieces that were let go.
    private var writtenDisks: Set<DiskNumber> = []
    var disks: Set<DiskNumber> { Set(pieces.map(\.piece.address.disk)).union(writtenDisks).union(flushes) }

    /// Lets the bytes of what is written go; the disks are remembered, to be flushed.
    mutating func letPayloadGo() {
        writtenDisks = disks
        pieces = []
        heldBytes = 0
    }

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
                if item.completes != nil { batches += 1 }
                var offset = 0
                for extent in extents {
                    coveredBytes &+= UInt64(extent.byteCount)
                    stored.append(extent)
                    origins.append(Self.origin(extent, part: part, offset: offset))
                    if !extent.isZeroes { offset += extent.byteCount }
                }
            case .syncWrites(let part):
                coveredBytes &+= part.coveredBytes
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
        return part.map { .memory($0, offset: offset) } ?? .history(.redo)
    }

    /// A part of a rewind.
    init(rewind pieces: [ExtentPiece], redoCount: UInt32, epoch: EpochNumber) {
        self.epoch = epoch
        captures = true
        continues = true
        self.pieces = pieces.map { piece in
            (piece, piece.stored.isZeroes ? .zeroes : .history(piece.rank < redoCount ? .redo : .undo))
        }
    }

    // MARK: What is read from history

    /// Whether it has pieces that have to be read from history before it can be written.
    var needsHistory: Bool { loaded == nil && pieces.contains { if case .history = $0.origin { true } else { false } } }

    /// Where each piece of history goes in a buffer, and how long that is. Neighbours on the disk are neighbours there;
    /// what begins anew begins on a block of its disk, as direct I/O wants it.
    func historyPlan(_ disks: [DiskNumber: GroupDisk]) -> (wants: [HistoryLoader.Want], byteCount: Int) {
        var wants: [HistoryLoader.Want] = []
        var end = 0
        for (piece, origin) in pieces {
            guard case .history(let role) = origin else { continue }
            let block = disks[piece.address.disk]?.target.logicalBlockSize ?? Int(Sector.size)
            if wants.last?.piece.end != piece.address { end = (end + block - 1) / block * block }
            wants.append(HistoryLoader.Want(piece: piece, role: role, offset: end))
            end += piece.byteCount
        }
        return (wants, end)
    }

    /// The pieces of a plan are in `buffer`, where it wanted them.
    mutating func take(_ buffer: IOBuffer, _ wants: [HistoryLoader.Want]) {
        loaded = buffer
        var next = 0
        for index in pieces.indices {
            guard case .history = pieces[index].origin else { continue }
            pieces[index].origin = .loaded(wants[next].offset)
            next += 1
        }
    }
}
