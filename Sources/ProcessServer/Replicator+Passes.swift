// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives

extension Replicator {
    /// Passes until the session or the program ends.
    func passes(_ link: ReplicationLink, _ sender: WriteSender) throws(ProcessServerError) {
        while true {
            try link.check()
            let now = clock.nanoseconds()
            let (request, verify) = link.shared.withLock { ($0.bookmarkRequests.first, $0.verifyRequest) }
            let plan = planner.next(
                lastStart: lastPassStart, now: now, isRequested: request != nil || verify != nil)
            if plan.wait > 0 {
                try signal.wait(nanoseconds: min(plan.wait, 1_000_000_000))
                continue
            }
            let confirmed = try pass(
                link, sender, request: request, folded: plan.folded, readsEverything: verify != nil)
            if let verify {
                guard let confirmed else {
                    // The session ends with it, so that nobody waits for a comparison that does not come.
                    throw ProcessServerError(
                        .hookFailed, "The targets are not compared, since the command before the pass failed.")
                }
                try compare(verify, at: confirmed, link)
            }
            if let request {
                link.shared.withLock { shared in
                    shared.bookmarkRequests.removeAll { $0.idHigh == request.idHigh && $0.idLow == request.idLow }
                }
            }
        }
    }

    /// One pass over all disks: one batch, and a bookmark where one is due.
    ///
    /// - Parameter readsEverything: Whether change maps are not believed this time.
    /// - Returns: The last sequence that the receiver now holds durably, or nil when the pass was left out.
    func pass(
        _ link: ReplicationLink, _ sender: WriteSender, request: Frame.BookmarkRequest?, folded: Int = 0,
        readsEverything: Bool = false
    ) throws(ProcessServerError) -> UInt64? {
        let start = clock.nanoseconds()
        lastPassStart = start
        let before = sender.counters
        let sequence = link.nextSequence
        let usesMaps = planner.mayUseChangeMaps(isMapTrusted: areMapsTrusted && !readsEverything)
        // Until this pass is confirmed: a command before a pass may have begun new maps.
        areMapsTrusted = false
        let pages = try store.beginPass()
        var times = (first: wallClock.now(), last: wallClock.now())
        var accuracy = Accuracy.approximate
        let reading = try self.reading { (disks, isQuiesced) throws(ProcessServerError) in
            let isExact = isQuiesced || settings.isStatic
            accuracy = isExact ? .exact : .approximate
            let first = wallClock.now()
            let begin = Frame.BatchBegin(sequence: sequence, firstTime: first, accuracy: accuracy)
            try link.send { session in session.begin(begin) }
            for disk in disks { try scan(disk, pages, link, sender, usesMaps: usesMaps) }
            // What a quiesced source shows is its state when it was quiesced, however long the reading takes.
            times = (first, isExact ? first : wallClock.now())
        }
        guard let reading else {
            report(.passSkipped("The pass was left out, since the command before it failed."))
            return nil
        }
        let bookmark = bookmark(request, isQuiesced: reading.isQuiesced, sequence: sequence, time: times.last)
        try store.finishPass(pages, sequence: sequence, bookmark: bookmark)
        let lastTime = times.last
        try link.send { session in session.endBatch(lastTime: lastTime) }
        var confirmed = sequence
        if let bookmark {
            try transmit(bookmark, sequence: sequence + 1, link)
            confirmed += 1
        }
        try link.awaitDurable(confirmed)
        try store.promote(through: confirmed)
        areMapsTrusted = true
        progressed()
        let counters = sender.counters
        report(
            .passFinished(
                ProgressReport.Pass(
                    sequence: sequence, accuracy: "\(accuracy)", bookmark: bookmark?.label,
                    dataBytes: counters.dataBytes - before.dataBytes,
                    zeroBytes: counters.zeroBytes - before.zeroBytes, wireBytes: counters.wireBytes - before.wireBytes,
                    nanoseconds: clock.nanoseconds() - start, foldedPasses: folded)))
        return confirmed
    }

    private func scan(
        _ disk: SessionDisk, _ pages: PendingPages, _ link: ReplicationLink, _ sender: WriteSender, usesMaps: Bool
    ) throws(ProcessServerError) {
        guard let known = store.disk(disk.source.id) else {
            throw ProcessServerError(.outOfStep, "Nothing is remembered of \(disk.source.name); it is compared first.")
        }
        var window = DigestWindow(
            file: try store.digestFile(of: known), disk: disk.number, seed: known.seed,
            blocks: ScanBlock.count(size: disk.size), sink: .overlay(pages))
        let meter = ProgressMeter(disk: disk.source.id, total: disk.size, clock: clock, report: report)
        let scan = DiskScan(disk: disk, seed: known.seed, sender: sender, isSync: false) {
            (done) throws(ProcessServerError) in
            try link.check()
            meter.reached(done)
        }
        try scan.run(window: &window, changesOnly: usesMaps && disk.source.tellsChanges, signal: signal)
    }

    /// The bookmark that a pass earns: an operator's, or the configured one.
    private func bookmark(
        _ request: Frame.BookmarkRequest?, isQuiesced: Bool, sequence: UInt64, time: Timestamp
    ) -> Position.Bookmark? {
        if let request {
            return Position.Bookmark(
                idHigh: request.idHigh, idLow: request.idLow, label: request.label,
                isApplicationConsistent: isQuiesced, time: time)
        }
        guard isQuiesced || settings.bookmarkLabel != nil || settings.mode == .once else { return nil }
        return newBookmark(
            settings.bookmarkLabel ?? "pass \(sequence)", isApplicationConsistent: isQuiesced, time: time)
    }

    private func newBookmark(_ label: String, isApplicationConsistent: Bool, time: Timestamp) -> Position.Bookmark {
        // RFC 9562, version 4: random but for the version and the variant.
        let high = UInt64.random(in: .min ... .max) & ~0xf000 | 0x4000
        let low = UInt64.random(in: .min ... .max) & ~(3 << 62) | 2 << 62
        return Position.Bookmark(
            idHigh: high, idLow: low, label: label, isApplicationConsistent: isApplicationConsistent, time: time)
    }

    private func transmit(
        _ bookmark: Position.Bookmark, sequence: UInt64, _ link: ReplicationLink
    ) throws(ProcessServerError) {
        let frame: Frame.Bookmark
        do {
            frame = try Frame.Bookmark(
                sequence: sequence, idHigh: bookmark.idHigh, idLow: bookmark.idLow, time: bookmark.time,
                kind: bookmark.isApplicationConsistent ? .applicationConsistent : .crashConsistent,
                label: bookmark.label)
        } catch {
            throw ProcessServerError(.configuration, error.message, isPermanent: true)
        }
        try link.send { session in session.bookmark(frame) }
    }

    /// Sends a bookmark by itself and waits until it is durable.
    func send(_ bookmark: Position.Bookmark, _ link: ReplicationLink) throws(ProcessServerError) {
        let sequence = link.nextSequence
        try transmit(bookmark, sequence: sequence, link)
        try link.awaitDurable(sequence)
        try store.confirm(sequence)
        progressed()
    }

    /// The bookmark that ends a run over static sources that were synced just now.
    func lastBookmark(_ link: ReplicationLink, after sequence: UInt64) throws(ProcessServerError) -> UInt64? {
        let label = settings.bookmarkLabel ?? "initial sync"
        try send(newBookmark(label, isApplicationConsistent: false, time: wallClock.now()), link)
        return sequence + 1
    }
}
