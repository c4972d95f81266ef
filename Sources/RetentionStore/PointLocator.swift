// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Finds what makes a point: which epochs' before-images, and how much of which epoch's redo.
struct PointLocator {
    private let shared: GroupShared

    init(_ shared: GroupShared) { self.shared = shared }

    /// Where a sequence number lies.
    struct Place {
        /// Before-images are needed from this epoch on.
        var base: EpochNumber
        /// And redo of the same epoch up to the point, unless the point is the epoch's start.
        var redo: SequenceNumber?
    }

    /// - Throws: `.noSuchPoint` for what is not in history, `.pointNotExact` for what is in it and cannot be produced.
    static func place(_ point: SequenceNumber, in state: GroupState) throws(RetentionError) -> Place {
        let place = try locate(point, in: state)
        if let damaged = state.damagedUndo.filter({ $0 >= place.base }).min() {
            throw notExact(point, "history is damaged in epoch \(damaged), which it needs")
        }
        if place.redo != nil, state.damagedRedo.contains(place.base) {
            throw notExact(point, "history is damaged in epoch \(place.base), which it lies in")
        }
        return place
    }

    private static func locate(_ point: SequenceNumber, in state: GroupState) throws(RetentionError) -> Place {
        let epochs = state.epochs
        guard let first = epochs.first, point > state.discarded || point == first.firstSequence.previous,
            point >= first.firstSequence.previous, point <= state.durable
        else {
            throw RetentionError(
                .noSuchPoint,
                """
                Point \(point) is not in history, which reaches from \(epochs.first?.firstSequence.previous ?? .none) \
                to \(state.durable).
                """)
        }
        if point == first.firstSequence.previous {
            guard point > .none, first.kind != .sync, point >= state.discarded else {
                throw notExact(point, "the disks had not been synced then")
            }
            return Place(base: first.number, redo: nil)
        }
        guard let index = epochs.firstIndex(where: { $0.firstSequence <= point && point <= $0.lastSequence }) else {
            throw notExact(point, "its epoch is missing")
        }
        let epoch = epochs[index]
        let isOpen = index == epochs.count - 1 && !(state.live.last?.isClosed ?? true)
        // While parts of a batch that was given up are on the disks, the end of their epoch is not what the disks show.
        let isSpoiled = epoch.number == state.partial && state.live.contains { $0.summary.number == epoch.number }
        if point == epoch.lastSequence, !isOpen, !isSpoiled {
            guard epoch.isConsistent else { throw notExact(point, "a disk was in the middle of a sync") }
            return Place(base: epoch.number.next, redo: nil)
        }
        guard epoch.kind == .changes else { throw notExact(point, "a disk was in the middle of a sync") }
        guard state.hasRedo(epoch) else {
            throw notExact(
                point,
                """
                history of that age keeps only the ends of its epochs; the nearest are \
                \(epoch.firstSequence.previous) and \(epoch.lastSequence)
                """)
        }
        return Place(base: epoch.number, redo: point)
    }

    private static func notExact(_ point: SequenceNumber, _ why: String) -> RetentionError {
        RetentionError(.pointNotExact, "Point \(point) cannot be produced exactly: \(why). Choose another point.")
    }

    /// What the disks of `point` differ in from what the sealed epochs before `epoch` left.
    func merge(at point: SequenceNumber, before epoch: EpochNumber) throws(RetentionError) -> HistoryMerge {
        let state = shared.state.withLock { $0 }
        let place = try Self.place(point, in: state)
        var readers: [EpochFileReader] = []
        for sealed in state.sealed where sealed.summary.number >= place.base && sealed.summary.number < epoch {
            readers.append(try EpochFileReader(sealed.file, files: shared.files))
        }
        return try HistoryMerge(redo: redo(place, state: state), undo: readers)
    }

    /// The redo rows of the place's epoch up to the point.
    private func redo(_ place: Place, state: GroupState) throws(RetentionError) -> [StoredExtent] {
        guard let point = place.redo else { return [] }
        if let live = state.live.first(where: { $0.summary.number == place.base }) {
            return Array(live.redo(upTo: point))
        }
        guard let sealed = state.sealed.first(where: { $0.summary.number == place.base }) else { return [] }
        let reader = try EpochFileReader(sealed.file, files: shared.files)
        let count = try reader.batches().last { $0.sequence <= point }?.redoEnd ?? 0
        return try reader.redo(0..<Int(count))
    }
}
