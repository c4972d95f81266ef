// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Lists the points of a group and finds the one that a selector means.
struct PointDirectory {
    let shared: GroupShared

    func stretches() -> [RecoveryStretch] {
        let state = shared.state.withLock { $0 }
        return state.epochs.compactMap { epoch in
            guard epoch.lastSequence > state.discarded else { return nil }
            let isOpen = epoch.number == state.live.last?.summary.number && !(state.live.last?.isClosed ?? true)
            guard epoch.kind == .changes || (epoch.isConsistent && !isOpen) else { return nil }
            let marks = epoch.bookmarks
            return RecoveryStretch(
                epoch: epoch.number, kind: epoch.kind, first: epoch.firstSequence, last: epoch.lastSequence,
                firstTime: epoch.firstTime, lastTime: epoch.lastTime, accuracy: epoch.accuracy,
                leastAccuracy: state.hasRedo(epoch) ? epoch.leastAccuracy : epoch.accuracy,
                isEveryBatch: state.hasRedo(epoch),
                bookmarks: marks.map { Bookmark($0) }, sequencesOfBookmarks: marks.map(\.sequence))
        }
    }

    /// - Throws: `.noSuchPoint` when nothing in history is meant.
    func resolve(_ selector: PointSelector) throws(RetentionError) -> RecoveryPoint {
        let state = shared.state.withLock { $0 }
        switch selector {
        case .latest: return try point(state.durable, state)
        case .latestProcessed: return try point(state.applied, state)
        case .sequence(let number): return try point(SequenceNumber(number), state)
        case .latestApplicationConsistent:
            for epoch in state.epochs.reversed() {
                for mark in epoch.bookmarks.reversed() where mark.kind == Bookmark.Kind.applicationConsistent.rawValue {
                    let behind = state.durable.rawValue - mark.sequence.rawValue
                    return try point(
                        mark.sequence, state,
                        note: behind == 0
                            ? nil : "It is \(behind) changes before the latest point; those would be lost.")
                }
            }
            throw RetentionError(
                .noSuchPoint, "History has no application-consistent point. Choose `latest` or a time.")
        case .bookmark(let label):
            for epoch in state.epochs.reversed() {
                if let mark = epoch.bookmarks.last(where: { $0.label == label }) {
                    return try point(mark.sequence, state)
                }
            }
            throw RetentionError(
                .noSuchPoint, "History has no bookmark “\(label)”. `mtctl points` lists what there is.")
        case .time(let time): return try atTime(time, state)
        }
    }

    private func atTime(_ time: Timestamp, _ state: GroupState) throws(RetentionError) -> RecoveryPoint {
        var best: SequenceNumber?
        for epoch in state.epochs.reversed()
        where epoch.kind != .rewind && epoch.firstTime <= time && epoch.lastSequence > state.discarded {
            if epoch.lastTime <= time, isPoint(epoch.lastSequence, state) {
                best = epoch.lastSequence
                break
            }
            guard state.hasRedo(epoch) else { continue }
            if let row = try rows(epoch, state).last(where: { $0.lastTime <= time && isPoint($0.sequence, state) }) {
                best = row.sequence
                break
            }
        }
        if let best {
            let isPastEnd = best == state.durable && state.epochs.last.map { $0.lastTime < time } ?? false
            return try point(
                best, state, note: isPastEnd ? "History ends before that time: this is its latest point." : nil)
        }
        guard let oldest = oldestPoint(state) else {
            throw RetentionError(
                .noSuchPoint, "This group has no recovery point yet. Wait until its initial sync has ended.")
        }
        return try point(oldest, state, note: "History begins after that time: this is its oldest point.")
    }

    func oldestPoint(_ state: GroupState) -> SequenceNumber? {
        guard let first = state.epochs.first else { return nil }
        if isPoint(first.firstSequence.previous, state) { return first.firstSequence.previous }
        for epoch in state.epochs {
            if epoch.kind == .changes, isPoint(epoch.firstSequence, state) { return epoch.firstSequence }
            if isPoint(epoch.lastSequence, state) { return epoch.lastSequence }
        }
        return nil
    }

    private func isPoint(_ sequence: SequenceNumber, _ state: GroupState) -> Bool {
        // The reason why not does not matter here.
        (try? PointLocator.place(sequence, in: state)) != nil
    }

    private func point(
        _ sequence: SequenceNumber, _ state: GroupState, note: String? = nil
    ) throws(RetentionError) -> RecoveryPoint {
        _ = try PointLocator.place(sequence, in: state)
        guard let epoch = state.epochs.first(where: { $0.firstSequence <= sequence && sequence <= $0.lastSequence })
        else {
            let time = state.epochs.first?.firstTime ?? Timestamp(rawValue: 0)
            return RecoveryPoint(
                sequence: sequence, time: time, accuracy: accuracy(of: sequence, state), bookmark: nil, note: note)
        }
        let mark = epoch.bookmarks.first { $0.sequence == sequence }.map { Bookmark($0) }
        let row = try rows(epoch, state).first { $0.sequence == sequence }
        return RecoveryPoint(
            sequence: sequence, time: row?.lastTime ?? epoch.lastTime,
            accuracy: row?.accuracy ?? accuracy(of: sequence, state), bookmark: mark, note: note)
    }

    /// What summaries alone tell of a point: of the ends of epochs all, of what is between no more than the least.
    private func accuracy(of sequence: SequenceNumber, _ state: GroupState) -> Accuracy {
        guard let epoch = state.epochs.first(where: { $0.lastSequence >= sequence }) else { return .notGuaranteed }
        if epoch.lastSequence == sequence { return epoch.accuracy }
        return epoch.firstSequence > sequence ? epoch.accuracyBefore : epoch.leastAccuracy
    }

    private func rows(_ epoch: EpochSummary, _ state: GroupState) throws(RetentionError) -> [BatchRow] {
        if let live = state.live.first(where: { $0.summary.number == epoch.number }) { return live.batches }
        guard let sealed = state.sealed.first(where: { $0.summary.number == epoch.number }) else { return [] }
        return try EpochFileReader(sealed.file, files: shared.files).batches()
    }
}

extension Bookmark {
    init(_ mark: EpochSummary.Mark) {
        self.init(kind: Kind(rawValue: mark.kind) ?? .crashConsistent, label: mark.label, time: mark.time, id: mark.id)
    }
}
