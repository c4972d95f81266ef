// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Brings durable batches to the target disks, and keeps what they overwrite. One thread runs it.
///
/// ```
/// idle ─► capture ─► sync the undo log ─► write ─► flush ─► advance the watermark ─► seal the epoch at its end
/// ```
///
/// Each ``step()`` is one of these, so that a simulation can stop, read and crash between any two. The order is the
/// promise: nothing is overwritten whose before-image is not durable, and nothing counts as applied that is not
/// flushed. A chunk that a crash cut short is done again from the journal: what was captured is not captured again, and
/// writing twice is writing once.
final class ApplyEngine {
    private enum Phase {
        case idle
        case capture(Chunk)
        case syncUndo(Chunk)
        case write(Chunk)
        case flush(Chunk)
    }

    private let shared: GroupShared
    private let undo: UndoLog
    private var phase = Phase.idle
    private var rewind: RewindCursor?

    init(_ shared: GroupShared) {
        self.shared = shared
        undo = UndoLog(shared)
    }

    /// Does the next thing. False when there is nothing to do.
    func step() throws(RetentionError) -> Bool {
        do throws(RetentionError) {
            return try advancePhase()
        } catch {
            switch error.code {
            case .historyDamaged, .pointNotExact, .noSuchPoint:
                guard takeBackRewind(error) else { throw error }
                return true
            case .retentionFull:
                // Nothing was harmed: the same is tried again when there is room.
                shared.state.withLock { $0.blocked = error }
                return false
            default: throw error
            }
        }
    }

    private func advancePhase() throws(RetentionError) -> Bool {
        switch phase {
        case .idle:
            if try sealFinishedEpoch() { return true }
            guard let chunk = try nextChunk() else { return false }
            try noteEarly(chunk)
            phase = chunk.captures ? .capture(chunk) : .write(chunk)
        case .capture(let chunk):
            try capture(chunk)
            shared.state.withLock { $0.blocked = nil }
            phase = .syncUndo(chunk)
        case .syncUndo(let chunk):
            try undo.sync()
            phase = .write(chunk)
        case .write(let chunk):
            var writer = TargetWriter(shared)
            try writer.write(chunk)
            phase = .flush(chunk)
        case .flush(let chunk):
            try flush(chunk)
            phase = .idle
            advance(chunk)
        }
        return true
    }

    /// A rewind that meets damage puts back what it has overwritten, from its own before-images, and so ends where it
    /// began. After a crash it is tried again, with one end or the other. False when it is no rewind, or cannot even
    /// put back.
    private func takeBackRewind(_ error: RetentionError) -> Bool {
        guard rewind?.isRestoring != true else { return false }
        let order = shared.state.withLock { state -> (ApplyItem, LiveEpoch)? in
            guard let item = state.queue.first, case .rewind = item.work,
                let live = state.live.first(where: { $0.summary.number == item.epoch })
            else { return nil }
            state.rewindFailure = error
            return (item, live)
        }
        guard let (item, live) = order,
            // It reads no files yet: only what it gives afterwards can fail.
            let cursor = try? RewindCursor(restoring: live, item: item, shared: shared)
        else { return false }
        rewind = cursor
        phase = .idle
        return true
    }

    /// Before the first part of an incomplete batch reaches a disk, the state file says so: after a crash it is put
    /// back.
    private func noteEarly(_ chunk: Chunk) throws(RetentionError) {
        guard chunk.isEarly else { return }
        let isNew = shared.state.withLock { state in
            defer { state.partial = chunk.epoch }
            return state.partial != chunk.epoch
        }
        if isNew { try shared.writeSlot() }
    }

    private func nextChunk() throws(RetentionError) -> Chunk? {
        if let rewind { return try rewind.nextChunk(limit: shared.settings.chunkBytes.int) }
        let (items, epoch, captures) = shared.state.withLock { state -> (ArraySlice<ApplyItem>, EpochNumber, Bool) in
            guard state.failure == nil, let first = state.queue.first else { return ([], .none, false) }
            let captures =
                state.live.first { $0.summary.number == first.epoch }?.summary.kind != .sync || state.hasPoints
            return (Self.stretch(state.queue, settings: shared.settings), first.epoch, captures)
        }
        guard let first = items.first else { return nil }
        if case .rewind(let target) = first.work {
            let cursor = try RewindCursor(to: target, epoch: epoch, item: first, shared: shared)
            rewind = cursor
            return try cursor.nextChunk(limit: shared.settings.chunkBytes.int)
        }
        if case .restore = first.work {
            guard let live = shared.state.withLock({ state in state.live.first { $0.summary.number == epoch } }) else {
                throw RetentionError(.journalDamaged, "Epoch \(epoch), in which a batch was given up, is not there.")
            }
            let cursor = try RewindCursor(restoring: live, item: first, shared: shared)
            rewind = cursor
            return try cursor.nextChunk(limit: shared.settings.chunkBytes.int)
        }
        return try Chunk(items, epoch: epoch, captures: captures)
    }

    /// The items at the head of the queue that make one chunk: of one epoch, within the bounds, a rewind by itself.
    private static func stretch(_ queue: [ApplyItem], settings: RetentionSettings) -> ArraySlice<ApplyItem> {
        guard let epoch = queue.first?.epoch else { return [] }
        var (bytes, extents, count) = (0, 0, 0)
        scan: for item in queue {
            guard item.epoch == epoch else { break }
            switch item.work {
            case .rewind, .restore:
                if count == 0 { count = 1 }
                break scan
            case .writes(_, let stored):
                bytes += stored.reduce(0) { $0 + ($1.isZeroes ? 0 : $1.byteCount) }
                extents += stored.count
            case .syncWrites(let part):
                bytes += part.payloadBytes
                extents += part.extents.count
            case .syncFlush, .marker: break
            }
            if count > 0, bytes > settings.chunkBytes.int || extents > settings.chunkExtents { break }
            count += 1
        }
        return queue[0..<count]
    }

    private func capture(_ chunk: Chunk) throws(RetentionError) {
        let gaps = shared.state.withLock { state -> [(start: DiskAddress, end: DiskAddress)] in
            guard let live = state.live.first(where: { $0.summary.number == chunk.epoch }) else { return [] }
            var gaps: [(start: DiskAddress, end: DiskAddress)] = []
            for (piece, _) in chunk.pieces {
                for gap in live.captured.uncovered(from: piece.address, to: piece.end) {
                    if let last = gaps.last, last.end == gap.start, last.start.disk == gap.start.disk {
                        gaps[gaps.count - 1].end = gap.end
                    } else {
                        gaps.append(gap)
                    }
                }
            }
            return gaps
        }
        do throws(RetentionError) {
            try undo.capture(gaps, epoch: chunk.epoch)
        } catch {
            // What has been captured counts, so that it is not captured twice.
            if error.code == .retentionFull { try undo.keepWhatIsWritten() }
            throw error
        }
    }

    private func flush(_ chunk: Chunk) throws(RetentionError) {
        // A rewind is flushed once, at its end: until then it counts for nothing.
        guard !chunk.continues else { return }
        let disks = rewind == nil ? chunk.disks : Set(shared.disks.keys)
        for number in disks.sorted() {
            do {
                try shared.disks[number]?.target.flush()
            } catch {
                throw .target(error)
            }
        }
        // Before anything later is applied: from here on there is nothing to put back.
        let isRestored = shared.state.withLock { state in
            guard case .restore = state.queue.first?.work else { return false }
            state.partial = .none
            return true
        }
        if isRestored { try shared.writeSlot() }
    }

    private func advance(_ chunk: Chunk) {
        let isRewind = rewind != nil
        let source = shared.state.withLock { state -> UInt64? in
            state.counters.chunks += 1
            guard !chunk.continues else { return nil }
            state.queue.removeFirst(chunk.items)
            state.flushedSyncs.formUnion(chunk.flushes)
            guard let done = chunk.completes else { return nil }
            if isRewind { state.openRewinds -= 1 }
            state.applied = done.sequence
            guard done.source > state.appliedSource else { return nil }
            state.appliedSource = done.source
            return done.source
        }
        if !chunk.continues { rewind = nil }
        if chunk.heldBytes > 0 { shared.send(.released(bytes: chunk.heldBytes)) }
        if let source { shared.send(.applied(sourceSequence: source)) }
        shared.journalBell.ring()
    }

    /// Writes the file of the oldest live epoch when all of it is journaled and applied.
    private func sealFinishedEpoch() throws(RetentionError) -> Bool {
        let finished = shared.state.withLock { state -> LiveEpoch? in
            guard state.failure == nil, let first = state.live.first, first.isClosed,
                state.applied >= first.summary.lastSequence, state.queue.first?.epoch != first.summary.number
            else { return nil }
            return first
        }
        guard let finished else { return false }
        try undo.finish(finished.summary.number)
        let sealed = try EpochSeal.seal(finished, shared: shared)
        shared.state.withLock { state in
            state.live.removeFirst()
            state.sealed.append(sealed)
            state.blocked = nil
        }
        try shared.writeSlot()
        shared.journalBell.ring()
        return true
    }
}

/// Turns a live epoch into its file.
enum EpochSeal {
    static func seal(_ live: LiveEpoch, shared: GroupShared) throws(RetentionError) -> SealedEpoch {
        var summary = live.summary
        let undo = live.captured.sorted
        summary.batchCount = UInt32(live.batches.count)
        summary.redoCount = UInt32(live.redo.count)
        summary.undoCount = UInt32(undo.count)
        do {
            let file = try EpochFile.write(
                summary, batches: live.batches, redo: live.redo, undo: undo, files: shared.files,
                created: shared.clock.now())
            return SealedEpoch(summary: summary, file: file)
        } catch {
            throw .retention(error)
        }
    }
}
