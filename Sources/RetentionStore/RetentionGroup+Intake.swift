// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

// What a session calls. Nothing here blocks: work is checked, queued, and done on the group's threads.
extension RetentionGroup {
    /// Where a session has to go on.
    public var ingestPosition: IngestPosition {
        shared.state.withLock { state in
            IngestPosition(
                durable: state.durableSource, accepted: state.acceptedSource, unsynced: state.unsynced,
                failure: state.failure)
        }
    }

    /// Takes a part of a batch. The last one completes it; until then none of it exists.
    ///
    /// - Throws: `.sequenceRepeat` for a batch that is there already, `.sequenceGap`, `.syncOpen`, `.batchTooLarge` for
    ///   more than ``RetentionSettings/batchRows`` writes, and for each extent `.unknownDisk`, `.misaligned`,
    ///   `.outOfRange`, `.emptyExtent`. Nothing was taken then.
    public func append(_ part: BatchPart, of stamp: BatchStamp, isLast: Bool) throws(RetentionError) {
        try check(part)
        let bytes = part.coveredBytes
        try change { (state) throws(RetentionError) in
            try Self.checkOrder(stamp.sourceSequence, in: state)
            guard state.unsynced.isEmpty, state.openSyncs.isEmpty else {
                throw RetentionError(
                    .syncOpen,
                    "Disk \(state.unsynced.sorted().first ?? DiskNumber(0)) has to be synced before batches are taken.")
            }
            let index: UInt32
            var rows = part.extents.count
            if let open = state.openBatch, open.source == stamp.sourceSequence {
                guard !open.isGivenUp else {
                    throw RetentionError(
                        .notAccepting, "Batch \(open.source) was given up for a rewind. Send it again from its start.")
                }
                index = open.parts
                rows += open.rows
            } else {
                index = 0
            }
            // A part without writes is one all the same.
            guard rows <= shared.settings.batchRows, Int(index) < shared.settings.batchRows else {
                throw RetentionError(
                    .batchTooLarge,
                    """
                    Batch \(stamp.sourceSequence) has more than \(shared.settings.batchRows) writes, which is all that \
                    is kept of one in memory. Have the sender end its batches earlier.
                    """)
            }
            state.openBatch = isLast ? nil : (stamp.sourceSequence, index + 1, rows, false)
            state.counters.acceptedBytes &+= bytes
            if isLast {
                state.acceptedSource = stamp.sourceSequence
                state.counters.acceptedBatches &+= 1
            }
            state.pending.append(.part(part, stamp, index: index, isLast: isLast))
        }
    }

    /// The session ended within a batch: what came of it is forgotten.
    public func abandonOpenBatch() {
        shared.state.withLock { state in
            guard state.openBatch != nil else { return }
            state.openBatch = nil
            state.pending.append(.abandon)
        }
        shared.journalBell.ring()
    }

    /// Marks the state after everything before it. `sourceSequence` 0: made here, not by the sender.
    public func append(_ bookmark: Bookmark, sourceSequence: UInt64) throws(RetentionError) {
        try change { (state) throws(RetentionError) in
            if sourceSequence > 0 { try Self.checkOrder(sourceSequence, in: state) }
            guard state.openBatch == nil else {
                throw RetentionError(
                    .batchOpen, "A batch is arriving; a bookmark can be made when it is complete. Try again.")
            }
            guard state.unsynced.isEmpty, state.openSyncs.isEmpty else {
                throw RetentionError(
                    .syncOpen, "A disk of this group is not in sync: there is no consistent point to mark yet.")
            }
            if sourceSequence > 0 { state.acceptedSource = sourceSequence }
            if sourceSequence > 0, let id = bookmark.id, state.holds(id) {
                // Its sender did not learn that it was taken, and sends it again under its next number. The number
                // counts, as that of a batch without changes; the bookmark stays where it is.
                let nothing = BatchPart(extents: [], buffer: nil, payloadOffset: 0, payloadBytes: 0)
                state.pending.append(
                    .part(nothing, state.standstill(sourceSequence, bookmark.time), index: 0, isLast: true))
                return
            }
            state.pending.append(.bookmark(bookmark, sourceSequence: sourceSequence))
        }
    }

    /// A disk's content is about to be replaced. May be called again when a sync was cut short.
    public func beginSync(_ disk: DiskNumber, kind: SyncKind) throws(RetentionError) {
        guard shared.disks[disk] != nil else { throw unknown(disk) }
        try change { (state) throws(RetentionError) in
            guard state.openBatch == nil else {
                throw RetentionError(.batchOpen, "A sync cannot begin within a batch.")
            }
            guard !state.endingSyncs.contains(disk) else {
                throw RetentionError(.syncOpen, "The sync of disk \(disk) is just being ended. Try again.")
            }
            state.syncBegun[disk] = nil
            state.openSyncs.insert(disk)
            state.unsynced.insert(disk)
            state.flushedSyncs.remove(disk)
            state.pending.append(.syncBegin(disk, kind))
        }
    }

    /// Content for disks whose sync is open.
    public func appendSync(_ part: BatchPart) throws(RetentionError) {
        try check(part)
        let bytes = part.coveredBytes
        try change { (state) throws(RetentionError) in
            for extent in part.extents where !state.openSyncs.contains(extent.disk) {
                throw RetentionError(.noSyncOpen, "Content was sent for disk \(extent.disk), whose sync is not open.")
            }
            state.counters.acceptedBytes &+= bytes
            state.pending.append(.syncPart(part))
        }
    }

    /// All of the disk's content has been sent. `sourceSequence` is the sender's last number; the next batch has the
    /// next. The last sync to end says how well the disks are known to show one moment.
    public func endSync(
        _ disk: DiskNumber, time: Timestamp, sourceSequence: UInt64, accuracy: Accuracy
    ) throws(RetentionError) {
        try change { (state) throws(RetentionError) in
            guard state.openSyncs.contains(disk) else {
                throw RetentionError(.noSyncOpen, "The sync of disk \(disk) is not open.")
            }
            state.endingSyncs.insert(disk)
            state.acceptedSource = max(state.acceptedSource, sourceSequence)
            state.pending.append(
                .syncEnd(disk, time: time, sourceSequence: sourceSequence, accuracy: accuracy))
        }
    }

    private func change(_ body: (inout GroupState) throws(RetentionError) -> Void) throws(RetentionError) {
        let failure = shared.state.withLock { state -> RetentionError? in
            if let failure = state.failure { return failure }
            do throws(RetentionError) {
                try Self.checkNoRewind(in: state)
                guard state.pending.count < Self.pendingLimit else {
                    throw RetentionError(
                        .notAccepting,
                        "\(Self.pendingLimit) operations wait for the journal already. Go on when some are durable.")
                }
                try body(&state)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        shared.journalBell.ring()
    }

    /// Operations that may wait for the journal: bounds what payload credit does not count.
    static let pendingLimit = 65_536

    static func checkNoRewind(in state: GroupState) throws(RetentionError) {
        guard state.openRewinds == 0 else {
            throw RetentionError(.notAccepting, "The disks of this group are being rewound. Wait until that has ended.")
        }
    }

    private static func checkOrder(_ sequence: UInt64, in state: GroupState) throws(RetentionError) {
        guard sequence > state.acceptedSource else {
            throw RetentionError(
                .sequenceRepeat, "Batch \(sequence) was taken already; \(state.acceptedSource) is the last.")
        }
        guard sequence == state.acceptedSource + 1 else {
            throw RetentionError(
                .sequenceGap, "Batch \(sequence) came after \(state.acceptedSource): the ones between are missing.")
        }
        if let open = state.openBatch, open.source != sequence {
            throw RetentionError(.batchOpen, "Batch \(sequence) came while \(open.source) was not complete.")
        }
    }

    private func check(_ part: BatchPart) throws(RetentionError) {
        for extent in part.extents {
            guard let disk = shared.disks[extent.disk] else { throw unknown(extent.disk) }
            guard extent.sectorCount > 0 else {
                throw RetentionError(
                    .emptyExtent, "A write of no length at sector \(extent.sector) of disk \(extent.disk).")
            }
            guard extent.endSector <= disk.size.rawValue / Sector.size else {
                throw RetentionError(
                    .outOfRange,
                    """
                    A write to sectors \(extent.sector) to \(extent.endSector) of disk \(extent.disk), which has \
                    \(disk.size).
                    """)
            }
            let block = UInt64(disk.logicalBlockSize) / Sector.size
            guard extent.sector % block == 0, UInt64(extent.sectorCount) % block == 0 else {
                throw RetentionError(
                    .misaligned,
                    """
                    A write of \(extent.sectorCount) sectors at sector \(extent.sector) of disk \(extent.disk), whose \
                    blocks have \(disk.logicalBlockSize) bytes.
                    """)
            }
        }
    }

    private func unknown(_ disk: DiskNumber) -> RetentionError {
        RetentionError(.unknownDisk, "Group \(manifest.name) has no disk \(disk). Bind it first.")
    }
}

extension GroupState {
    /// Whether history has a bookmark of that identity, or is about to have it.
    fileprivate func holds(_ id: BookmarkID) -> Bool {
        for operation in pending { if case .bookmark(let known, _) = operation, known.id == id { return true } }
        for operation in inJournal { if case .bookmark(let known, _) = operation, known.id == id { return true } }
        return epochs.contains { $0.bookmarks.contains { $0.id == id } }
    }

    /// Source time of the newest change that was taken in; nil before there is one.
    var newestTime: Timestamp? {
        for operation in pending.reversed() + inJournal.reversed() {
            switch operation {
            case .part(_, let stamp, _, _): return stamp.lastTime
            case .bookmark(let bookmark, _): return bookmark.time
            case .syncEnd(_, let time, _, _): return time
            case .abandon, .syncBegin, .syncPart, .rewind: continue
            }
        }
        return epochs.last { $0.kind != .rewind }?.lastTime
    }

    /// The stamp of a batch in which nothing changed: not before what came last, and no surer than that.
    fileprivate func standstill(_ source: UInt64, _ time: Timestamp) -> BatchStamp {
        let time = max(time, epochs.last?.lastTime ?? time)
        return BatchStamp(
            sourceSequence: source, firstTime: time, lastTime: time,
            accuracy: epochs.last?.accuracy ?? .notGuaranteed)
    }
}
