// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Cuts the applier's queue, or the rewind at its head, into chunks.
final class ChunkSource {
    private let shared: GroupShared
    /// The rewind that is being carried out, or what is put back.
    private var cursor: RewindCursor?

    /// What waits is worth a chunk beside the one under way from this share of a full one on, or from this many extents:
    /// less is gathered a little longer, so that a trickle does not cost a flush for each of its writes.
    static let (worthwhileShare, worthwhileExtents) = (8, 32)

    init(_ shared: GroupShared) { self.shared = shared }

    /// Two chunks are under way at a time, and share what may be applied in one go.
    private var chunkBytes: Int { max(1, shared.settings.chunkBytes.int / 2) }

    /// Whether what is under way is a rewind, or a putting back.
    var isRewinding: Bool { cursor != nil }
    /// Whether it puts back what a rewind has overwritten.
    var isRestoring: Bool { cursor?.isRestoring == true }

    /// The next thing to apply when nothing is under way; nil when there is nothing.
    func next() throws(RetentionError) -> Chunk? {
        if let cursor { return try cursor.nextChunk(limit: chunkBytes) }
        guard let chunk = try take(after: 0, epoch: nil) else { return nil }
        return chunk
    }

    /// What can be prepared while `chunk`, all that is under way, is being applied: of the same epoch, so that what the
    /// one writes is never what the other captures, and never across the begin or the end of a rewind.
    func next(after chunk: Chunk) throws(RetentionError) -> Chunk? {
        if let cursor { return chunk.continues ? try cursor.nextChunk(limit: chunkBytes) : nil }
        return try take(after: chunk.items, epoch: chunk.epoch)
    }

    /// The rewind, or what was put back, is done.
    func end() { cursor = nil }

    /// Puts back what the rewind at the head of the queue has overwritten, from its own before-images. False when there
    /// is none, or it cannot be.
    func restore(because error: RetentionError) -> Bool {
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
        self.cursor = cursor
        return true
    }

    private func take(after skipped: Int, epoch: EpochNumber?) throws(RetentionError) -> Chunk? {
        let (items, number, captures) = shared.state.withLock {
            state -> (ArraySlice<ApplyItem>, EpochNumber, Bool) in
            guard state.failure == nil, state.queue.count > skipped else { return ([], .none, false) }
            let first = state.queue[skipped]
            if let epoch {
                guard first.epoch == epoch else { return ([], .none, false) }
                switch first.work {
                case .rewind, .restore: return ([], .none, false)
                case .writes, .syncWrites, .syncFlush, .marker: break
                }
            }
            let captures =
                state.live.first { $0.summary.number == first.epoch }?.summary.kind != .sync || state.hasPoints
            let (items, isWorthwhile) = stretch(state.queue[skipped...])
            return (isWorthwhile || epoch == nil ? items : [], first.epoch, captures)
        }
        guard let first = items.first else { return nil }
        switch first.work {
        case .rewind(let target):
            let rewind = try RewindCursor(to: target, epoch: number, item: first, shared: shared)
            cursor = rewind
            return try rewind.nextChunk(limit: chunkBytes)
        case .restore:
            guard let live = shared.state.withLock({ state in state.live.first { $0.summary.number == number } }) else {
                throw RetentionError(.journalDamaged, "Epoch \(number), in which a batch was given up, is not there.")
            }
            let restoring = try RewindCursor(restoring: live, item: first, shared: shared)
            cursor = restoring
            return try restoring.nextChunk(limit: chunkBytes)
        case .writes, .syncWrites, .syncFlush, .marker:
            return try Chunk(items, epoch: number, captures: captures)
        }
    }

    /// The items at the head of the queue that make one chunk: of one epoch, within the bounds, a rewind by itself. And
    /// whether they are worth it while another chunk is under way.
    private func stretch(_ queue: ArraySlice<ApplyItem>) -> (items: ArraySlice<ApplyItem>, isWorthwhile: Bool) {
        guard let epoch = queue.first?.epoch else { return ([], false) }
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
            if count > 0, bytes > chunkBytes || extents > shared.settings.chunkExtents { break }
            count += 1
        }
        // Cut off by a bound, it has counted what is beyond; so it has where there is enough.
        let isWorthwhile =
            count < queue.count || bytes >= chunkBytes / Self.worthwhileShare || extents >= Self.worthwhileExtents
        return (queue.prefix(count), isWorthwhile)
    }
}
