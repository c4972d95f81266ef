// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Makes operations durable, many with one sync, and hands them to the applier. One thread runs it.
///
/// Each ``step()`` is one group commit: everything that waits, up to a bound, is written, synced, and only then
/// visible.
final class JournalEngine {
    /// What a commit changes in the group's state, in order.
    private enum Entry {
        case open(LiveEpoch)
        /// With where the next record starts.
        case row(BatchRow, [StoredExtent], Bookmark?, (file: FileNumber, offset: UInt64)?)
        /// With the disks that are out of sync at its end.
        case close([DiskNumber])
        case item(ApplyItem)
        case sync(DiskNumber, isOpen: Bool)
        case rewindOrdered(UInt64)
    }

    /// The epoch that is being written, as far as the decision to end it needs it.
    private struct Current {
        var number: EpochNumber
        var kind: EpochSummary.Kind
        var received: Timestamp
        var rows: Int
        var bytes: UInt64
        var isClosed: Bool
    }

    private let shared: GroupShared
    private let writer: SegmentWriter
    private var next: SequenceNumber
    private var current: Current?
    private var lastEpoch: EpochNumber
    private var sourceSequence: UInt64
    /// Of the state after the last record: what changes nothing is as sure as what was there before it.
    private var accuracy: Accuracy
    private var entries: [Entry] = []
    /// The batch that is not complete: what of it is in the journal.
    private var openRows: [StoredExtent] = []
    private var openItems: [ApplyItem] = []
    private var openHeld = 0
    private var openParts = 0
    /// Whether parts of it have been handed to the applier, because it is too large to wait for its end.
    private var isOpenEarly = false
    private var released = 0
    /// As of the records: the state's is as of what was taken in.
    private var unsynced: Set<DiskNumber>

    init(_ shared: GroupShared) {
        self.shared = shared
        writer = SegmentWriter(role: .redo, files: shared.files)
        (next, lastEpoch, sourceSequence, accuracy, current, unsynced) = shared.state.withLock { state in
            // After a start, a new segment and, unless a sync goes on, a new epoch: nothing is appended to what a crash
            // left.
            let current = state.live.last.flatMap { live in
                live.isClosed
                    ? nil
                    : Current(
                        number: live.summary.number, kind: live.summary.kind, received: live.summary.firstReceived,
                        rows: live.redo.count, bytes: live.summary.redoBytes.rawValue, isClosed: false)
            }
            let last = state.live.last?.summary ?? state.sealed.last?.summary
            return (
                state.durable.next, last?.number ?? .none, state.durableSource, last?.accuracy ?? .exact, current,
                state.unsynced
            )
        }
    }

    /// Journals what waits. False when there was nothing to do, or no room to do it in.
    func step() throws(RetentionError) -> Bool {
        let endsEpoch = endEpochIfAsked()
        let operations = take()
        guard !operations.isEmpty else {
            // Whoever waits for room goes on waiting.
            if endsEpoch { commit(putBack: [], isBlocked: true) }
            return endsEpoch
        }
        var done = 0
        var waits = false
        var isBlocked = false
        do {
            for operation in operations {
                guard try journal(operation) else {
                    waits = true
                    break
                }
                done += 1
            }
        } catch {
            guard error.code == .noSpace, !writer.isBroken else { throw .retention(error) }
            block(error)
            waits = true
            isBlocked = true
        }
        do {
            try writer.sync()
        } catch {
            throw .retention(error)
        }
        commit(putBack: Array(operations[done...]), isBlocked: isBlocked)
        return done > 0 || !waits
    }

    /// Ends the epoch that is being written, where there is room only when it is sealed. Not within a batch, which has
    /// one epoch.
    private func endEpochIfAsked() -> Bool {
        let isAsked = shared.state.withLock { state in
            defer { state.endsEpoch = false }
            return state.endsEpoch
        }
        guard isAsked, let epoch = current, !epoch.isClosed, epoch.kind == .changes, openParts == 0 else {
            return false
        }
        entries.append(.close(unsynced.sorted()))
        current?.isClosed = true
        return true
    }

    private func take() -> [Operation] {
        shared.state.withLock { state in
            guard state.failure == nil, state.live.count <= shared.settings.waitingEpochs else { return [] }
            var bytes = 0
            var count = 0
            while count < state.pending.count, count == 0 || bytes < shared.settings.commitBytes.int {
                bytes += state.pending[count].payloadBytes
                count += 1
            }
            let taken = Array(state.pending[0..<count])
            state.pending.removeFirst(count)
            state.inJournal = taken
            return taken
        }
    }

    private func block(_ error: DeviceError) {
        shared.state.withLock { $0.blocked = .retention(error) }
        shared.applyBell.ring()
    }

    /// Writes one operation's record. False when it has to wait for the applier.
    private func journal(_ operation: Operation) throws(DeviceError) -> Bool {
        switch operation {
        case .part(let part, let stamp, let index, let isLast):
            try journal(part, stamp, index: index, isLast: isLast)
        case .abandon:
            abandonOpen()
        case .bookmark(let bookmark, let source):
            var header = header(.bookmark, kind: .changes)
            header.sourceSequence = source
            header.firstTime = bookmark.time
            header.lastTime = bookmark.time
            header.body = bookmark.body
            try write(header, bookmark: bookmark, closes: true)
        case .syncBegin(let disk, let kind):
            var header = header(.syncBegin, kind: .sync)
            header.body.appendLittle(disk.rawValue)
            header.body.append(kind.rawValue)
            header.firstTime = header.received
            header.lastTime = header.received
            try write(header, bookmark: nil, closes: false, sync: (disk, true))
        case .syncPart(let part):
            guard let current else { return true }
            entries.append(.item(ApplyItem(epoch: current.number, work: .syncWrites(part), completes: nil)))
        case .syncEnd(let disk, let time, let source, let accuracy):
            guard shared.state.withLock({ $0.flushedSyncs.contains(disk) }) else {
                try requestFlush(disk)
                return false
            }
            var header = header(.syncEnd, kind: .sync)
            header.sourceSequence = source
            header.firstTime = time
            header.lastTime = time
            header.accuracy = accuracy
            header.body.appendLittle(disk.rawValue)
            // As of the records, like a start sees it: a sync that was taken in and not journaled begins a new epoch.
            let isLastSync = unsynced.subtracting([disk]).isEmpty
            try write(header, bookmark: nil, closes: isLastSync, sync: (disk, false))
        case .rewind(let target, let request, let accuracy):
            abandonOpen()
            var header = header(.rewind, kind: .rewind)
            header.accuracy = accuracy
            header.body.appendLittle(target.rawValue)
            header.firstTime = header.received
            header.lastTime = header.received
            try write(header, bookmark: nil, closes: true, rewind: target)
            entries.append(.rewindOrdered(request))
        }
        return true
    }

    private func requestFlush(_ disk: DiskNumber) throws(DeviceError) {
        guard let current else { return }
        let isAsked = shared.state.withLock { state in
            state.queue.contains { if case .syncFlush(disk) = $0.work { true } else { false } }
        }
        guard !isAsked else { return }
        entries.append(.item(ApplyItem(epoch: current.number, work: .syncFlush(disk), completes: nil)))
    }

    private func journal(
        _ part: BatchPart, _ stamp: BatchStamp, index: UInt32, isLast: Bool
    ) throws(DeviceError) {
        if index == 0 { abandonOpen() }
        // The rest of a batch that was given up.
        guard Int(index) == openParts else {
            released += part.payloadBytes
            return
        }
        var header = header(.batch, kind: .changes, canRotate: index == 0)
        header.part = index
        header.isLast = isLast
        header.sourceSequence = stamp.sourceSequence
        header.firstTime = stamp.firstTime
        header.lastTime = stamp.lastTime
        header.accuracy = stamp.accuracy
        header.extents = part.extents
        let place = try writer.append(header, payload: part)
        begin(header, at: place.file)
        var position = place.payloadOffset
        let stored = part.extents.map { extent in
            defer { position += UInt64(extent.payloadBytes) }
            return StoredExtent(extent, file: place.file, payloadOffset: position)
        }
        openRows.append(contentsOf: stored)
        openParts += 1
        openHeld += part.payloadBytes
        current?.rows += stored.count
        current?.bytes += UInt64(part.payloadBytes)
        openItems.append(
            ApplyItem(
                epoch: header.epoch, work: .writes(part, stored),
                completes: isLast ? (SequenceNumber(header.sequence), stamp.sourceSequence) : nil,
                isEarly: !isLast || isOpenEarly))
        // A batch that grows past its share of memory is applied while it arrives; given up, it is put back.
        if !isLast, !isOpenEarly, openHeld > shared.settings.openBatchBytes.int { isOpenEarly = true }
        guard isLast || isOpenEarly else { return }
        if !isLast {
            entries.append(contentsOf: openItems.map { .item($0) })
            openItems = []
            return
        }
        finish(header, redo: openRows, bookmark: nil)
        entries.append(contentsOf: openItems.map { .item($0) })
        forgetOpen()
    }

    /// Writes a record without extents.
    private func write(
        _ header: RecordHeader, bookmark: Bookmark?, closes: Bool, sync: (DiskNumber, Bool)? = nil,
        rewind: SequenceNumber? = nil
    ) throws(DeviceError) {
        let place = try writer.append(header, payload: RawSpan())
        begin(header, at: place.file)
        if let (disk, isOpen) = sync {
            entries.append(.sync(disk, isOpen: isOpen))
            if isOpen { unsynced.insert(disk) } else { unsynced.remove(disk) }
        }
        finish(header, redo: [], bookmark: bookmark, rewind: rewind ?? .none)
        entries.append(
            .item(
                ApplyItem(
                    epoch: header.epoch, work: rewind.map { .rewind($0) } ?? .marker,
                    completes: (SequenceNumber(header.sequence), header.sourceSequence))))
        guard closes else { return }
        entries.append(.close(unsynced.sorted()))
        current?.isClosed = true
    }

    private func finish(
        _ header: RecordHeader, redo: [StoredExtent], bookmark: Bookmark?, rewind: SequenceNumber = .none
    ) {
        var row = BatchRow(
            sequence: next, sourceSequence: header.sourceSequence, firstTime: header.firstTime,
            lastTime: header.lastTime,
            received: header.received, redoEnd: 0, accuracy: header.accuracy, kind: header.kind)
        row.rewindTarget = rewind
        entries.append(.row(row, redo, bookmark, writer.position))
        if header.sourceSequence > 0 { sourceSequence = header.sourceSequence }
        accuracy = header.accuracy
        next = next.next
    }

    /// A header for the next sequence number, in the epoch that it belongs to.
    private func header(_ kind: RecordKind, kind epochKind: EpochSummary.Kind, canRotate: Bool = true) -> RecordHeader {
        let now = shared.clock.now()
        var number = current?.number ?? lastEpoch.next
        if let current, canRotate, isOver(current, kind: epochKind, now: now) { number = current.number.next }
        var header = RecordHeader(kind: kind, sequence: next.rawValue, epoch: number)
        header.received = now
        header.accuracy = accuracy
        (header.durable, header.applied) = shared.state.withLock { ($0.durable.rawValue, $0.applied.rawValue) }
        return header
    }

    private func isOver(_ epoch: Current, kind: EpochSummary.Kind, now: Timestamp) -> Bool {
        epoch.isClosed || epoch.kind != kind
            || now.nanoseconds(since: epoch.received) / 1_000_000_000 >= shared.settings.epochSeconds
                && epoch.kind == .changes
            || epoch.bytes >= shared.settings.epochBytes.rawValue || epoch.rows >= shared.settings.epochRows
    }

    /// The record is written: its epoch begins with it if it is a new one.
    private func begin(_ header: RecordHeader, at file: FileNumber) {
        guard header.epoch != current?.number else { return }
        if let current, !current.isClosed { entries.append(.close(unsynced.sorted())) }
        let kind: EpochSummary.Kind =
            switch header.kind {
            case .batch, .bookmark, .beforeImages: .changes
            case .syncBegin, .syncEnd: .sync
            case .rewind: .rewind
            }
        entries.append(
            .open(
                LiveEpoch(
                    number: header.epoch, kind: kind, firstSequence: next, sourceSequence: sourceSequence,
                    accuracyBefore: accuracy, firstRedoFile: file, received: header.received)))
        current = Current(
            number: header.epoch, kind: kind, received: header.received, rows: 0, bytes: 0, isClosed: false)
        lastEpoch = header.epoch
    }

    private func abandonOpen() {
        released += openItems.reduce(0) { $0 + $1.heldBytes }
        if isOpenEarly, let current {
            entries.append(.item(ApplyItem(epoch: current.number, work: .restore, completes: nil)))
        }
        forgetOpen()
    }

    private func forgetOpen() {
        openRows = []
        openItems = []
        openHeld = 0
        openParts = 0
        isOpenEarly = false
    }

    /// Everything written is durable: now it may be seen.
    private func commit(putBack: [Operation], isBlocked: Bool) {
        let entries = entries
        self.entries = []
        let (durableSource, events) = shared.state.withLock { state in
            state.inJournal = []
            if !isBlocked { state.blocked = nil }
            state.pending.insert(contentsOf: putBack, at: 0)
            state.counters.commits += 1
            var events: [RetentionEvent] = []
            let before = state.durableSource
            for entry in entries { apply(entry, to: &state, events: &events) }
            return (state.durableSource > before ? state.durableSource : nil, events)
        }
        if let durableSource { shared.send(.durable(sourceSequence: durableSource)) }
        for event in events { shared.send(event) }
        if released > 0 { shared.send(.released(bytes: released)) }
        released = 0
        shared.applyBell.ring()
    }

    private func apply(_ entry: Entry, to state: inout GroupState, events: inout [RetentionEvent]) {
        switch entry {
        case .open(let epoch): state.live.append(epoch)
        case .row(let row, let redo, let bookmark, let position):
            let last = state.live.count - 1
            state.live[last].append(row, redo: redo, bookmark: bookmark)
            if let position {
                state.live[last].summary.resumeFile = position.file
                state.live[last].summary.resumeOffset = position.offset
            }
            state.durable = row.sequence
            if row.sourceSequence > 0 { state.durableSource = row.sourceSequence }
            if row.kind == .batch { state.counters.batches += 1 }
            for extent in redo { state.counters.receivedBytes += UInt64(extent.byteCount) }
        case .close(let unsynced):
            let last = state.live.count - 1
            state.live[last].isClosed = true
            state.live[last].summary.unsynced = unsynced
            state.live[last].summary.isConsistent = unsynced.isEmpty
        case .rewindOrdered(let request): state.orderedRewinds[request] = state.durable
        case .item(let item): state.queue.append(item)
        case .sync(let disk, let isOpen):
            state.flushedSyncs.remove(disk)
            if isOpen {
                state.unsynced.insert(disk)
                // Its record has the number after the last.
                state.syncBegun[disk] = state.durable.next
            } else {
                state.syncBegun[disk] = nil
                state.endingSyncs.remove(disk)
                state.unsynced.remove(disk)
                state.openSyncs.remove(disk)
                events.append(.syncDurable(disk))
            }
        }
    }
}
