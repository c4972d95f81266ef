// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Reads a group's folder after a start or a crash, and finds the state that every acknowledgement was about.
///
/// Work: the summaries of the sealed epochs, then the journal and the undo log behind the last of them.
struct GroupRecovery {
    let files: HistoryFiles
    let disks: Set<DiskNumber>

    func run() throws(RetentionError) -> GroupState {
        var state = GroupState()
        state.unsynced = disks
        let slot = try StateFile.read(in: files.folder, group: files.group)
        do {
            for name in try files.folder.names() where name.hasPrefix(PointIndex.namePrefix) {
                try files.folder.remove(name)
            }
        } catch {
            throw .retention(error)
        }
        state.discarded = slot?.discarded ?? .none
        state.slotGeneration = slot?.generation ?? 0
        try loadSealed(&state)
        try scanJournal(&state, slot: slot)
        try scanUndo(&state, slot: slot)
        state.firstRedoFile = try numbers(.redo).first ?? FileNumber(0)
        state.acceptedSource = state.durableSource
        state.partial = slot?.partial ?? .none
        queueWhatIsNotApplied(&state, isPartialKnown: slot != nil)
        return state
    }

    private func numbers(_ role: HistoryFiles.Role) throws(RetentionError) -> [FileNumber] {
        do {
            return try files.numbers(role)
        } catch {
            throw .retention(error)
        }
    }

    private func loadSealed(_ state: inout GroupState) throws(RetentionError) {
        var sealed: [SealedEpoch] = []
        for number in try numbers(.epoch) {
            let reader = try EpochFileReader(number, files: files)
            sealed.append(SealedEpoch(summary: reader.summary, file: number))
        }
        // A merge or a seal that a crash cut short leaves files that others cover: the widest, newest one counts.
        let all = sealed
        for epoch in all {
            let isCovered = all.contains { other in
                other.file != epoch.file && other.summary.mergedFrom <= epoch.summary.mergedFrom
                    && other.summary.number >= epoch.summary.number
                    && (other.summary.mergedFrom != epoch.summary.mergedFrom
                        || other.summary.number != epoch.summary.number || other.file > epoch.file)
            }
            guard isCovered else { continue }
            sealed.removeAll { $0.file == epoch.file }
            do {
                try files.release(.epoch, epoch.file)
            } catch {
                throw .retention(error)
            }
        }
        sealed.sort { $0.summary.number < $1.summary.number }
        for (earlier, later) in zip(sealed, sealed.dropFirst())
        where later.summary.firstSequence != earlier.summary.lastSequence.next {
            throw RetentionError(
                .historyDamaged,
                """
                History has a gap between points \(earlier.summary.lastSequence) and \(later.summary.firstSequence): \
                an epoch file is missing. Run `mtctl retention rebuild` to make it again from the segments.
                """)
        }
        state.sealed = sealed
        guard let last = sealed.last?.summary else { return }
        state.durable = last.lastSequence
        state.applied = last.lastSequence
        state.durableSource = last.lastSourceSequence
        state.unsynced = Set(last.unsynced).intersection(disks)
    }

    private func scanJournal(_ state: inout GroupState, slot: StateSlot?) throws(RetentionError) {
        let all = try numbers(.redo)
        let last = state.sealed.last?.summary
        let segments = all.filter { $0 >= last?.resumeFile ?? FileNumber(0) }
        var scanner = SegmentScanner(role: .redo, files: files)
        var start = UInt64(FileHeader.size)
        if let last, segments.first == last.resumeFile { start = last.resumeOffset }
        let expected = state.durable.next.rawValue
        let known = max(slot?.durable.rawValue ?? 0, last?.lastSequence.rawValue ?? 0)
        guard !segments.isEmpty else {
            guard known < expected else { throw missing(expected) }
            return
        }
        let records = try scanner.scan(segments, from: start, expecting: expected, known: known)
        try sync(segments, role: .redo)
        var applied = max(state.applied.rawValue, slot?.applied.rawValue ?? 0)
        var rows: [StoredExtent] = []
        for record in records {
            let header = record.header
            applied = max(applied, header.applied)
            rows.append(contentsOf: record.stored)
            guard header.isLast else { continue }
            try take(record, rows: rows, into: &state)
            rows = []
        }
        state.applied = SequenceNumber(min(applied, state.durable.rawValue))
    }

    private func missing(_ sequence: UInt64) -> RetentionError {
        RetentionError(
            .journalDamaged,
            """
            The journal of this group is missing from record \(sequence) on. Restore the retention volume, or resync \
            its disks.
            """)
    }

    /// Takes in a sequence number that is complete.
    private func take(
        _ record: ScannedRecord, rows: [StoredExtent], into state: inout GroupState
    ) throws(RetentionError) {
        let header = record.header
        if state.live.last?.summary.number != header.epoch {
            guard header.epoch > state.live.last?.summary.number ?? state.sealed.last?.summary.number ?? .none else {
                throw EpochFileReader.translate(
                    FormatError.invalid("record \(header.sequence) is of epoch \(header.epoch), which has ended"),
                    HistoryFiles.name(.redo, record.file))
            }
            if let index = state.live.indices.last { close(&state, index) }
            let kind: EpochSummary.Kind =
                switch header.kind {
                case .batch, .bookmark, .beforeImages: .changes
                case .syncBegin, .syncEnd: .sync
                case .rewind: .rewind
                }
            let before = state.live.last?.summary ?? state.sealed.last?.summary
            state.live.append(
                LiveEpoch(
                    number: header.epoch, kind: kind, firstSequence: SequenceNumber(header.sequence),
                    sourceSequence: state.durableSource, accuracyBefore: before?.accuracy ?? .exact,
                    firstRedoFile: firstFile(rows, record),
                    received: header.received))
        }
        let index = state.live.count - 1
        var bookmark: Bookmark?
        if header.kind == .bookmark {
            do {
                bookmark = try Bookmark(body: header.body, time: header.lastTime)
            } catch {
                throw EpochFileReader.translate(error, HistoryFiles.name(.redo, record.file))
            }
        }
        var row = BatchRow(
            sequence: SequenceNumber(header.sequence), sourceSequence: header.sourceSequence,
            firstTime: header.firstTime, lastTime: header.lastTime, received: header.received, redoEnd: 0,
            accuracy: header.accuracy, kind: header.kind)
        if header.kind == .rewind {
            var reader = unsafe ByteReader(header.body.span.bytes)
            guard let target = reader.little(UInt64.self) else {
                throw EpochFileReader.translate(FormatError.truncated, HistoryFiles.name(.redo, record.file))
            }
            row.rewindTarget = SequenceNumber(target)
        }
        state.live[index].append(row, redo: rows, bookmark: bookmark)
        state.live[index].summary.resumeFile = record.file
        state.live[index].summary.resumeOffset = record.end
        state.durable = SequenceNumber(header.sequence)
        if header.sourceSequence > 0 { state.durableSource = header.sourceSequence }
        switch header.kind {
        case .syncBegin:
            if let disk = syncDisk(header) { state.unsynced.insert(disk) }
            // One that goes on in the epoch of a sync that had ended: that end is no end of the epoch.
            state.live[index].isClosed = false
        case .syncEnd:
            if let disk = syncDisk(header) { state.unsynced.remove(disk) }
            if state.unsynced.isEmpty { close(&state, index) }
        case .bookmark, .rewind: close(&state, index)
        case .batch, .beforeImages: break
        }
    }

    /// A batch's first part may be in an earlier segment than its last.
    private func firstFile(_ rows: [StoredExtent], _ record: ScannedRecord) -> FileNumber {
        rows.lazy.filter { !$0.isZeroes }.map(\.file).min().map { min($0, record.file) } ?? record.file
    }

    private func syncDisk(_ header: RecordHeader) -> DiskNumber? {
        guard header.body.count >= 2 else { return nil }
        return DiskNumber(UInt16(header.body[0]) | UInt16(header.body[1]) << 8)
    }

    private func close(_ state: inout GroupState, _ index: Int) {
        guard !state.live[index].isClosed else { return }
        state.live[index].isClosed = true
        state.live[index].summary.unsynced = state.unsynced.sorted()
        state.live[index].summary.isConsistent = state.unsynced.isEmpty
    }

    private func scanUndo(_ state: inout GroupState, slot: StateSlot?) throws(RetentionError) {
        var byEpoch: [EpochNumber: [FileNumber]] = [:]
        var scanner = SegmentScanner(role: .undo, files: files)
        let inUse = Set(state.sealed.flatMap(\.summary.undoFiles))
        for number in try numbers(.undo) where !inUse.contains(number) {
            let header = try scanner.fileHeader(number)
            byEpoch[header.epoch, default: []].append(number)
        }
        try addEpochsWithoutBatches(byEpoch.keys.sorted(), to: &state)
        for index in state.live.indices {
            guard let segments = byEpoch.removeValue(forKey: state.live[index].summary.number) else { continue }
            let known = slot?.undoEpoch == state.live[index].summary.number ? slot?.undoRecords ?? 0 : 0
            let records = try scanner.scan(segments, from: UInt64(FileHeader.size), expecting: 1, known: known)
            try sync(segments, role: .undo)
            for record in records {
                let rows = record.stored.sorted { $0.address < $1.address }
                guard areNew(rows, in: state.live[index].captured) else {
                    throw EpochFileReader.translate(
                        FormatError.invalid("record \(record.header.sequence) has what another one has already"),
                        HistoryFiles.name(.undo, record.file))
                }
                state.live[index].captured.insert(rows)
                for row in rows where !row.isZeroes {
                    state.live[index].summary.undoBytes += ByteCount(row.byteCount)
                }
                state.applied = max(state.applied, min(SequenceNumber(record.header.applied), state.durable))
            }
            state.live[index].undoRecords = records.last?.header.sequence ?? 0
            state.live[index].summary.undoFiles = segments
        }
        // What belongs to no epoch is the rest of a merge or a removal that a crash cut short.
        for number in byEpoch.values.joined() {
            do {
                try files.release(.undo, number)
            } catch {
                throw .retention(error)
            }
        }
    }

    /// Whether sorted before-images are disjoint, and of what has none yet.
    private func areNew(_ rows: [StoredExtent], in captured: CapturedIndex) -> Bool {
        zip(rows, rows.dropFirst()).allSatisfy { $0.end <= $1.address }
            && rows.allSatisfy { row in
                let gaps = captured.uncovered(from: row.address, to: row.end)
                return gaps.count == 1 && gaps[0].start == row.address && gaps[0].end == row.end
            }
    }

    /// An epoch in which no batch was completed has before-images and nothing in the journal that counts: parts of its batch
    /// may have been on the disks.
    private func addEpochsWithoutBatches(_ numbers: [EpochNumber], to state: inout GroupState) throws(RetentionError) {
        let sealed = state.sealed.last?.summary
        let known = Set(state.live.map(\.summary.number))
        for number in numbers where number > sealed?.number ?? .none && !known.contains(number) {
            let index = state.live.firstIndex { $0.summary.number > number } ?? state.live.endIndex
            let before = index > 0 ? state.live[index - 1].summary : sealed
            state.live.insert(
                LiveEpoch(
                    number: number, kind: .changes, firstSequence: before?.lastSequence.next ?? SequenceNumber(1),
                    sourceSequence: before?.lastSourceSequence ?? 0, accuracyBefore: before?.accuracy ?? .exact,
                    firstRedoFile: try self.numbers(.redo).last ?? FileNumber(0),
                    received: before?.lastReceived ?? Timestamp(rawValue: 0)), at: index)
            let unsynced = before?.unsynced ?? []
            if index > 0 { close(&state, index - 1) }
            if index < state.live.count - 1 {
                state.live[index].isClosed = true
                state.live[index].summary.unsynced = unsynced
                state.live[index].summary.isConsistent = unsynced.isEmpty
            }
        }
    }

    /// What was read may so far be only in a disk's cache: it counts as durable from here on, so it has to be.
    private func sync(_ segments: [FileNumber], role: HistoryFiles.Role) throws(RetentionError) {
        do {
            for number in segments { try files.open(role, number).sync() }
        } catch {
            throw .retention(error)
        }
    }

    /// Parts of an incomplete batch are put back after what is complete of their epoch; where no slot can be read, any epoch
    /// may have some.
    private func queueWhatIsNotApplied(_ state: inout GroupState, isPartialKnown: Bool) {
        let applied = state.live.flatMap(\.batches).last { $0.sequence <= state.applied && $0.sourceSequence > 0 }
        state.appliedSource = applied?.sourceSequence ?? state.sealed.last?.summary.lastSourceSequence ?? 0
        for live in state.live {
            var start = 0
            for row in live.batches {
                let rows = Array(live.redo[start..<Int(row.redoEnd)])
                start = Int(row.redoEnd)
                guard row.sequence > state.applied else { continue }
                if row.kind == .rewind { state.openRewinds += 1 }
                let work: ApplyItem.Work =
                    switch row.kind {
                    case .batch: .writes(nil, rows)
                    case .rewind: .rewind(row.rewindTarget)
                    case .bookmark, .syncBegin, .syncEnd, .beforeImages: .marker
                    }
                state.queue.append(
                    ApplyItem(
                        epoch: live.summary.number, work: work, completes: (row.sequence, row.sourceSequence)))
            }
            if live.summary.kind == .changes, !isPartialKnown || state.partial == live.summary.number {
                state.queue.append(ApplyItem(epoch: live.summary.number, work: .restore, completes: nil))
            }
        }
    }
}
