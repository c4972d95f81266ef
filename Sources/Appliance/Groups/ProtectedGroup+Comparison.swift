// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import ReplicationReceiver
import StoragePrimitives
import Synchronization

/// The comparison of a group's targets with their sources: the second half of a `verify`.
extension ProtectedGroup {
    /// Asks the sender, and follows the comparison to its end. Nothing is changed by it; disks that differ are marked,
    /// to be synchronized again. On the work thread.
    ///
    /// - Returns: What came of it, as a sentence.
    /// - Throws: ``ControlFailure`` with `.corrupt` when a disk differs, `.unavailable` when the comparison broke off.
    func compareTargets(_ progress: JobProgress) throws -> String {
        let (record, state) = shared.withLock { ($0.record, $0.lifecycle.state) }
        guard state == .protected else {
            return "Its disks were not compared with their sources, since it is \(state.reported.rawValue)."
        }
        let inbox = ComparisonInbox()
        guard environment.sessions.compare(name, tell: { inbox.put($0) }) else {
            return "Its disks were not compared with their sources, since no process server is connected."
        }
        progress.message("The process server makes a pass that reads everything; then the disks are compared.")
        let total = record.disks.reduce(ByteCount.zero) { $0 + $1.size }
        var tally = ComparisonTally()
        while true {
            for event in inbox.take() {
                switch event {
                case .compared(let disk, let bytes, let differing):
                    tally.add(disk, bytes: bytes, differing: differing)
                    progress.update(done: ByteCount(tally.comparedBytes), total: total)
                case .ended: return try conclude(tally)
                case .failed(let reason):
                    throw ControlFailure(
                        .unavailable, "The disks of group \(name) were not all compared with their sources. \(reason)",
                        remedy: "Try again while its process server is connected and runs on.")
                }
            }
        }
    }

    private func conclude(_ tally: ComparisonTally) throws -> String {
        guard !tally.differingDisks.isEmpty else {
            return "Its disks are the same as their sources: \(ByteCount(tally.comparedBytes)) were compared."
        }
        let disks = record.disks
        let found = tally.sentence { number in disks.first { $0.number == number }?.source ?? "disk \(number)" }
        try performAndWait { [self] in
            try transition(.observed(outstanding())) { record in
                for index in record.disks.indices where tally.differingDisks.contains(record.disks[index].number) {
                    record.disks[index].resyncReason = "A comparison found that \(found)."
                }
            }
            logger.error("Disks differ from their sources.", metadata: ["reason": "\(found)"])
            endSession("its disks differ from their sources, and are synchronized when it connects again")
        }
        throw ControlFailure(
            .corrupt, "The disks of group \(name) are not what their sources are: \(found).",
            remedy: "They are synchronized again when its process server connects. Points of before may have the same "
                + "differences; look at the disks' own logs.")
    }

    // MARK: Disks that are marked

    /// Opens the syncs of the disks that are marked: from here on history knows it too. On the control thread.
    func beginMarkedSyncs(_ store: GroupStore) throws {
        for disk in record.disks where disk.resyncReason != nil {
            if !store.status.unsynced.contains(disk.number) {
                try store.group.beginSync(disk.number, kind: .resync)
            }
            shared.withLock { _ = $0.resyncsBegun.insert(disk.number) }
        }
    }

    /// Takes the marks off disks of which history knows durably that they are being synchronized, or that were.
    func forgetMarks(in record: inout GroupRecord, _ status: GroupStore.Status) {
        let begun = shared.withLock { $0.resyncsBegun }
        for index in record.disks.indices {
            let number = record.disks[index].number
            guard begun.contains(number), status.isJournaled || !status.unsynced.contains(number) else { continue }
            record.disks[index].resyncReason = nil
            shared.withLock { _ = $0.resyncsBegun.remove(number) }
        }
    }
}

/// Carries a comparison's events from a session's event loop to the thread of a job, which waits for them.
private final class ComparisonInbox: Sendable {
    private let events = Mutex<[ComparisonEvent]>([])
    private let bell = Doorbell()

    func put(_ event: ComparisonEvent) {
        events.withLock { $0.append(event) }
        bell.ring()
    }

    /// Waits for events. The session bounds how many there are: each stands for an answer that the sender waits for.
    func take() -> [ComparisonEvent] {
        while true {
            let taken = events.withLock { events in
                defer { events = [] }
                return events
            }
            if !taken.isEmpty { return taken }
            bell.wait()
        }
    }
}
