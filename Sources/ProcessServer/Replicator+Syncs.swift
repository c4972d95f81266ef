// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives

/// Initial syncs and resyncs: of all disks of the group together.
///
/// Every disk's sync begins before any ends, and they end one right after the other. Where one disk has to be compared,
/// the others are compared with it: the end of a sync is a point of the group, and a disk that still showed the last
/// batch beside one that shows the source of now would make it a point that never was.
extension Replicator {
    /// A disk whose sync is open.
    private struct OpenSync {
        let index: Int
        let kind: Frame.SyncKind
        let seed: UInt64
        let file: any StoreFile
        var sentBytes: UInt64 = 0
        var nanoseconds: Int64 = 0
    }

    private static let sharedReason = "another disk of the group is compared, and its disks show one moment together"

    /// - Parameter plans: What each disk needs, in order; at least one needs something.
    func sync(
        _ plans: [ResumeDecision.Sync], _ link: ReplicationLink, _ sender: WriteSender
    ) throws(ProcessServerError) {
        var open: [OpenSync] = []
        for (index, plan) in plans.enumerated() {
            switch plan {
            case .none: open.append(try begin(index, .resync, reason: Self.sharedReason, link))
            case .initial: open.append(try begin(index, .initial, reason: "", link))
            case .resync(let reason): open.append(try begin(index, .resync, reason: reason, link))
            }
        }
        let begun = open
        var accuracy = Accuracy.approximate
        let read = try reading { (disks, isQuiesced) throws(ProcessServerError) -> [OpenSync] in
            if isQuiesced || settings.isStatic { accuracy = .exact }
            var done: [OpenSync] = []
            for sync in begun { done.append(try copy(sync, disks[sync.index], link, sender)) }
            return done
        }
        guard let read else {
            throw ProcessServerError(
                .hookFailed, "The disks are not synchronized, since the command before it failed: mend the command.")
        }
        let sequence = link.nextSequence - 1
        let time = wallClock.now()
        for sync in read.value {
            let end = Frame.SyncEnd(
                disk: members[sync.index].number, time: time, sequence: sequence, accuracy: accuracy)
            try link.send { session in session.end(end) }
        }
        for sync in read.value {
            let member = members[sync.index]
            _ = try link.waitFor { $0.durableSyncs.contains(member.number) ? true : nil }
            try store.finishSync(of: member.source.id, at: sequence)
            report(
                .syncFinished(
                    disk: member.source.id, bytes: geometries[sync.index].size.rawValue, sentBytes: sync.sentBytes,
                    nanoseconds: sync.nanoseconds))
        }
        progressed()
    }

    private func begin(
        _ index: Int, _ kind: Frame.SyncKind, reason: String, _ link: ReplicationLink
    ) throws(ProcessServerError) -> OpenSync {
        let member = members[index]
        let seed = UInt64.random(in: .min ... .max)
        report(.syncStarted(disk: member.source.id, kind: "\(kind)", reason: reason))
        try store.beginSync(of: member.source.id, number: member.number, size: geometries[index].size, seed: seed)
        guard let known = store.disk(member.source.id) else {
            throw ProcessServerError(
                .outOfStep, "Nothing is remembered of \(member.source.name); it is compared again.")
        }
        let file = try store.digestFile(of: known)
        let begin = Frame.SyncBegin(
            disk: member.number, kind: kind, granularity: UInt32(ScanBlock.byteCount), seed: seed)
        try link.send { session in session.begin(begin) }
        return OpenSync(index: index, kind: kind, seed: seed, file: file)
    }

    /// Reads one disk and sends what its target lacks.
    private func copy(
        _ sync: OpenSync, _ disk: SessionDisk, _ link: ReplicationLink, _ sender: WriteSender
    ) throws(ProcessServerError) -> OpenSync {
        let start = clock.nanoseconds()
        let before = sender.counters
        var window = DigestWindow(
            file: sync.file, disk: disk.number, seed: sync.seed, blocks: ScanBlock.count(size: disk.size), sink: .file)
        let meter = ProgressMeter(disk: disk.source.id, total: disk.size, clock: clock, report: report)
        let step: (UInt64) throws(ProcessServerError) -> Void = { (done) throws(ProcessServerError) in
            try link.check()
            meter.reached(done)
        }
        switch sync.kind {
        case .initial:
            let scan = DiskScan(disk: disk, seed: sync.seed, sender: sender, isSync: true, progress: step)
            try scan.run(window: &window, changesOnly: false, signal: signal)
        case .resync:
            var resync = DiskResync(disk: disk, seed: sync.seed, link: link, sender: sender, progress: step)
            try resync.run(window: &window, signal: signal)
        }
        var done = sync
        done.sentBytes = sender.counters.dataBytes - before.dataBytes
        done.nanoseconds = clock.nanoseconds() - start
        return done
    }
}
