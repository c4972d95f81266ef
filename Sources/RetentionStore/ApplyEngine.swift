// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Brings durable batches to the target disks, and keeps what they overwrite. One thread runs it; a team helps.
///
/// ```
/// chunk n:    capture ─► sync the undo log, state ─► write   ─► flush ─► advance the watermark
/// chunk n+1:                                         capture ─► sync  ─► write   ─► flush ─► …
///             seal the epoch when nothing of it is left
/// ```
///
/// Each ``step()`` takes every chunk under way one stage further, all at the same time: while one chunk is written, the
/// content that the next will overwrite is read and logged; while one is flushed, the other's log is synced. The order
/// of a chunk's stages is the promise: nothing is overwritten whose before-image is not durable, and nothing counts as
/// applied that is not flushed. Two chunks under way are of one epoch, and what one writes has its before-image in that
/// epoch already, so the other does not capture it: no read meets a write.
///
/// A simulation can stop, read and crash between any two steps, and, by its team, between any two I/Os of one. A chunk
/// that a crash cut short is done again from the journal: what was captured is not captured again, and writing twice is
/// writing once.
final class ApplyEngine {
    private enum Stage {
        /// Its before-images, and what it needs from history, are to be read.
        case capture
        case sync
        case write
        case flush
        case done
    }

    private struct Work {
        var chunk: Chunk
        var stage: Stage
    }

    /// What one stage of one chunk came to.
    private final class Outcome {
        /// What was read from history.
        var loaded: (buffer: IOBuffer, wants: [HistoryLoader.Want])?
    }

    private let shared: GroupShared
    private let team: any IOTeam
    private let undo: UndoLog
    private let source: ChunkSource
    /// Oldest first; two at most.
    private var pipeline: [Work] = []
    /// The memory of chunks that came from history, for the next one: there are many of them, one after the other.
    private var spare: [IOBuffer] = []

    init(_ shared: GroupShared, team: any IOTeam) {
        self.shared = shared
        self.team = team
        undo = UndoLog(shared, team: team)
        source = ChunkSource(shared)
    }

    /// Does the next thing. False when there is nothing to do.
    func step() throws(RetentionError) -> Bool {
        do throws(RetentionError) {
            if pipeline.isEmpty { return try begin() }
            try follow()
            return try advanceStages()
        } catch {
            switch error.code {
            case .historyDamaged, .pointNotExact, .noSuchPoint:
                guard try takeBackRewind(error) else { throw error }
                return true
            case .retentionFull:
                // Nothing was harmed: the same is tried again when there is room.
                shared.state.withLock { $0.blocked = error }
                return false
            default: throw error
            }
        }
    }

    // MARK: What is under way

    private func begin() throws(RetentionError) -> Bool {
        if try sealFinishedEpoch() { return true }
        guard let chunk = try source.next() else {
            spare = []
            return false
        }
        try enter(chunk)
        return true
    }

    private func enter(_ chunk: Chunk) throws(RetentionError) {
        try noteEarly(chunk)
        pipeline.append(Work(chunk: chunk, stage: Self.firstStage(chunk)))
    }

    private static func firstStage(_ chunk: Chunk) -> Stage { chunk.captures || chunk.needsHistory ? .capture : .write }

    /// Lets the next chunk in where it can go along with the one that is under way.
    private func follow() throws(RetentionError) {
        guard pipeline.count == 1, let first = pipeline.first else { return }
        switch first.stage {
        // Without before-images in the epoch's index, what it writes could be what the other captures.
        case .write where first.chunk.captures, .flush: break
        case .capture, .sync, .write, .done: return
        }
        guard let next = try source.next(after: first.chunk) else { return }
        // Two chunks are never written at once: they may touch the same block. It waits for the flush.
        guard first.stage == .flush || Self.firstStage(next) == .capture else { return }
        try enter(next)
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

    // MARK: Stages

    /// Takes each chunk a stage further, at the same time. One that found no room stays where it is. False when none
    /// got further.
    private func advanceStages() throws(RetentionError) -> Bool {
        let found = pipeline.map { _ in Outcome() }
        let failures = team.run(
            zip(pipeline, found).map { work, outcome in
                IOJob { [self] () throws(RetentionError) in try perform(work, outcome) }
            })
        for failure in failures { if let failure, failure.code != .retentionFull { throw failure } }
        var full: RetentionError?
        for index in pipeline.indices {
            if let (buffer, wants) = found[index].loaded { pipeline[index].chunk.take(buffer, wants) }
            if let failure = failures[index] {
                full = failure
                continue
            }
            if pipeline[index].stage == .capture { shared.state.withLock { $0.blocked = nil } }
            if pipeline[index].stage == .write { letPayloadGo(index) }
            pipeline[index].stage = Self.stage(after: pipeline[index])
        }
        let moved = failures.contains { $0 == nil }
        while let first = pipeline.first, first.stage == .done {
            pipeline.removeFirst()
            advance(first.chunk)
            if let buffer = first.chunk.loaded { spare.append(buffer) }
        }
        if let full {
            // What has been captured counts, so that it is not captured twice.
            try undo.sync()
            shared.state.withLock { $0.blocked = full }
        }
        return moved
    }

    /// What is written is in the journal too, or was of a sync, which begins again when it fails: memory need not wait for
    /// the flush, and the sender goes on meanwhile.
    private func letPayloadGo(_ index: Int) {
        let chunk = pipeline[index].chunk
        guard chunk.heldBytes > 0 else { return }
        let first = pipeline[..<index].reduce(0) { $0 + $1.chunk.items }
        shared.state.withLock { state in
            for item in first..<first + chunk.items { state.queue[item].letPayloadGo() }
        }
        pipeline[index].chunk.letPayloadGo()
        shared.send(.released(bytes: chunk.heldBytes))
    }

    private static func stage(after work: Work) -> Stage {
        switch work.stage {
        case .capture: work.chunk.captures ? .sync : .write
        case .sync: .write
        case .write: .flush
        case .flush, .done: .done
        }
    }

    private func perform(_ work: Work, _ outcome: Outcome) throws(RetentionError) {
        switch work.stage {
        case .capture:
            try team.runAll([
                IOJob { [self] () throws(RetentionError) in outcome.loaded = try load(work.chunk) },
                IOJob { [self] () throws(RetentionError) in try capture(work.chunk) },
            ])
        case .sync:
            try undo.sync()
            // The state file vouches for the ends of both logs before a disk is overwritten: a last record that rots is
            // then not taken for one that a crash tore, whose content would be captured once more, too late.
            if !work.chunk.pieces.isEmpty { try shared.writeSlot() }
        case .write: try TargetWriter(shared: shared, team: team).write(work.chunk)
        case .flush: try flush(work.chunk)
        case .done: break
        }
    }

    /// Reads what the chunk writes from history.
    private func load(_ chunk: Chunk) throws(RetentionError) -> (buffer: IOBuffer, wants: [HistoryLoader.Want])? {
        guard chunk.needsHistory else { return nil }
        let (wants, byteCount) = chunk.historyPlan(shared.disks)
        let buffer = spare.popLast().flatMap { $0.byteCount >= byteCount ? $0 : nil } ?? IOBuffer(byteCount: byteCount)
        try HistoryLoader(files: shared.files, team: team).load(wants, into: buffer)
        return (buffer, wants)
    }

    private func capture(_ chunk: Chunk) throws(RetentionError) {
        guard chunk.captures else { return }
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
        try undo.capture(gaps, epoch: chunk.epoch)
    }

    private func flush(_ chunk: Chunk) throws(RetentionError) {
        // A rewind is flushed once, at its end: until then it counts for nothing.
        guard !chunk.continues else { return }
        let disks = source.isRewinding ? Set(shared.disks.keys) : chunk.disks
        for number in disks.sorted() {
            do {
                guard let target = shared.disks[number]?.target else { continue }
                try SyncLatency.target.measure { () throws(DeviceError) in try target.flush() }
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

    // MARK: Ends

    /// A rewind that meets damage puts back what it has overwritten, from its own before-images, and so ends where it
    /// began. After a crash it is tried again, with one end or the other. False when it is no rewind, or cannot even
    /// put back.
    private func takeBackRewind(_ error: RetentionError) throws(RetentionError) -> Bool {
        guard !source.isRestoring, source.restore(because: error) else { return false }
        // What was captured and not overwritten any more counts all the same.
        try undo.sync()
        pipeline = []
        spare = []
        return true
    }

    private func advance(_ chunk: Chunk) {
        let isRewind = source.isRewinding
        let applied = shared.state.withLock { state -> UInt64? in
            state.counters.chunks += 1
            state.counters.appliedBytes &+= chunk.coveredBytes
            state.counters.appliedBatches &+= chunk.batches
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
        if !chunk.continues { source.end() }
        if let applied { shared.send(.applied(sourceSequence: applied)) }
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
