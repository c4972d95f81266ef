// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Keeps history within its window and its quota. Runs on the applier's thread, between chunks.
///
/// By age the oldest epochs are dropped: by this machine's clock and by the sources' clocks, so that neither of them alone,
/// set wrong, costs history. Under pressure history first gets coarser and only then shorter: the oldest
/// epochs lose their redo and keep their ends; then neighbours within an hour are merged, then those within more; then the
/// oldest is dropped. Bookmarks stay ends of epochs. What is not applied, the last sealed epoch and what a reader holds is
/// never touched.
struct Maintenance {
    let shared: GroupShared

    /// Seconds within which neighbours are merged, one after the other: an hour, 4 hours, a day.
    static let mergeSpans: [Int64] = [3600, 4 * 3600, 24 * 3600]

    /// One step of tidying; false when there is nothing to do.
    func step() throws(RetentionError) -> Bool {
        if try carryOutDiscard() { return true }
        let (sealed, pin, durable) = shared.state.withLock { ($0.sealed, $0.firstNeeded, $0.durable) }
        guard durable > .none, let oldest = sealed.first, shared.state.withLock({ $0.failure == nil }) else {
            return false
        }
        let isPinned = pin.map { $0 <= oldest.summary.number } ?? false
        if !isPinned, isPastWindow(oldest.summary), mayDropOldest() {
            try drop(oldest)
            goOn()
            return true
        }
        guard try isShort() else { return false }
        return try makeRoom()
    }

    private func isPastWindow(_ epoch: EpochSummary) -> Bool {
        // Rewinds and syncs are stamped here: only changes tell the sources' time.
        let newest = shared.state.withLock { state in
            state.epochs.lazy.filter { $0.kind == .changes }.map(\.lastTime).max() ?? epoch.lastTime
        }
        let age = min(
            shared.clock.now().nanoseconds(since: epoch.lastReceived), newest.nanoseconds(since: epoch.lastTime))
        return age / 1_000_000_000 >= shared.settings.windowSeconds
    }

    /// Whether there is a point left without the oldest epoch, and a place where a start resumes.
    private func mayDropOldest() -> Bool {
        shared.state.withLock { state in
            state.sealed.count > 1
                && (state.sealed.dropFirst().contains { state.holdsPoint($0.summary, isClosed: true) }
                    || state.live.contains { state.holdsPoint($0.summary, isClosed: $0.isClosed) })
        }
    }

    /// Whether history takes more than it may, or the volume is nearly full.
    func isShort() throws(RetentionError) -> Bool {
        let used = shared.files.usedBytes
        if let quota = shared.settings.quota, used > quota { return true }
        do {
            return try shared.files.folder.freeSpace() < shared.settings.reserve
        } catch {
            throw .retention(error)
        }
    }

    /// The next step of the ladder; false when all that may be given up is.
    func makeRoom() throws(RetentionError) -> Bool {
        guard try giveUpSomething() else {
            endOpenEpoch()
            return false
        }
        goOn()
        return true
    }

    /// There is room now: whoever waits for it tries again before more is given up. The journal may be asleep since
    /// before, whoever asked for the room.
    private func goOn() {
        shared.state.withLock { $0.blocked = nil }
        shared.journalBell.ring()
    }

    /// Nothing can be given up that is sealed: when the journal waits for room, an epoch that goes on is what holds it.
    private func endOpenEpoch() {
        let isAsked = shared.state.withLock { state in
            guard state.blocked != nil, let live = state.live.last, !live.isClosed, live.summary.kind == .changes,
                !live.batches.isEmpty
            else { return false }
            state.endsEpoch = true
            return true
        }
        if isAsked { shared.journalBell.ring() }
    }

    private func giveUpSomething() throws(RetentionError) -> Bool {
        do {
            if try shared.files.removeFree() { return true }
        } catch {
            throw .retention(error)
        }
        if try dropOldestRedo() { return true }
        let (sealed, pin) = shared.state.withLock { ($0.sealed, $0.firstNeeded) }
        do throws(RetentionError) {
            for span in Self.mergeSpans where try merge(sealed, within: span, pin: pin) { return true }
        } catch {
            // A merge needs room before it makes some.
            guard error.code == .retentionFull else { throw error }
        }
        guard mayDropOldest(), let oldest = sealed.first, pin.map({ $0 > oldest.summary.number }) ?? true else {
            return false
        }
        try drop(oldest)
        return true
    }

    private func drop(_ epoch: SealedEpoch) throws(RetentionError) {
        shared.state.withLock { $0.sealed.removeAll { $0.file == epoch.file } }
        try remove(epoch)
        try dropRedo(before: nil)
    }

    /// Lets the files of an epoch go that is no longer in the list.
    func remove(_ epoch: SealedEpoch) throws(RetentionError) {
        do {
            // The epoch's file goes first: without it the segments belong to nobody, which a start tidies up.
            try shared.files.release(.epoch, epoch.file)
            try shared.files.folder.sync()
            for file in epoch.summary.undoFiles { try shared.files.release(.undo, file) }
        } catch {
            throw .retention(error)
        }
    }

    /// Coarsens: lets go of the oldest redo segment that no unapplied change and no reader needs.
    func dropOldestRedo() throws(RetentionError) -> Bool {
        let numbers = try redoSegments()
        guard numbers.count > 1 else { return false }
        let before = numbers[1]
        guard before <= redoLimit() else { return false }
        try dropRedo(before: before)
        return true
    }

    /// The first redo segment that has to stay: live epochs, the place where a start resumes, and readers need it.
    private func redoLimit() -> FileNumber {
        shared.state.withLock { state in
            var limit = state.sealed.last?.summary.resumeFile ?? FileNumber(0)
            if let live = state.live.first {
                limit = min(limit == FileNumber(0) ? live.summary.firstRedoFile : limit, live.summary.firstRedoFile)
            }
            if let pin = state.firstNeeded {
                for epoch in state.epochs where epoch.number >= pin { limit = min(limit, epoch.firstRedoFile) }
            }
            return limit
        }
    }

    private func redoSegments() throws(RetentionError) -> [FileNumber] {
        do {
            return try shared.files.numbers(.redo)
        } catch {
            throw .retention(error)
        }
    }

    /// Lets go of the redo before a segment, or of what no retained epoch has any more.
    private func dropRedo(before: FileNumber?) throws(RetentionError) {
        let needed = shared.state.withLock { state in
            let kept = state.epochs.filter { $0.firstRedoFile >= state.firstRedoFile }.map(\.firstRedoFile)
            return before ?? kept.min() ?? state.firstRedoFile
        }
        let limit = min(needed, redoLimit())
        shared.state.withLock { $0.firstRedoFile = max($0.firstRedoFile, limit) }
        for number in try redoSegments() where number < limit {
            do {
                try shared.files.release(.redo, number)
                // One by one, so that what is left after a crash has no holes.
                try shared.files.folder.sync()
            } catch {
                throw .retention(error)
            }
        }
    }

    private func merge(
        _ sealed: [SealedEpoch], within seconds: Int64, pin: EpochNumber?
    ) throws(RetentionError) -> Bool {
        let (firstRedo, damaged) = shared.state.withLock { ($0.firstRedoFile, $0.damagedUndo) }
        for (earlier, later) in zip(sealed, sealed.dropFirst()) {
            // The last sealed epoch tells a start where to resume: it stays as it is.
            guard !damaged.contains(earlier.summary.number), !damaged.contains(later.summary.number),
                later.file != sealed.last?.file, pin.map({ $0 > later.summary.number }) ?? true,
                earlier.summary.firstRedoFile < firstRedo, later.summary.firstRedoFile < firstRedo,
                earlier.summary.bookmarks.isEmpty, earlier.summary.kind != .sync, later.summary.kind != .sync,
                later.summary.lastReceived.nanoseconds(since: earlier.summary.firstReceived) < seconds * 1_000_000_000
            else { continue }
            do throws(RetentionError) {
                try EpochMerge(shared: shared).merge(earlier, later)
            } catch {
                guard error.code == .historyDamaged else { throw error }
                // They stay as they are, and what needs them is not offered.
                shared.state.withLock { $0.damagedUndo.formUnion([earlier.summary.number, later.summary.number]) }
                continue
            }
            return true
        }
        return false
    }
}
