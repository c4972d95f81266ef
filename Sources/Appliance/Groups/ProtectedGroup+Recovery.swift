// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import RetentionStore
import StoragePrimitives

extension ProtectedGroup {
    /// Makes the disks show a point: fences the sender, drains, rewinds. A job.
    func recover(_ request: RecoverRequest) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            observe()
            try check(.recover)
            guard request.sourceStopped else {
                throw ControlFailure(
                    .notConfirmed, "Group \(name) cannot tell whether its source machines are stopped.",
                    remedy: "Stop or fence them, then say so with --source-stopped.")
            }
            try checkStatement(request.targets)
            try environment.previews.checkNoneWritable(of: name)
            let store = try openStore()
            if let disk = store.status.unsynced.min() {
                throw ControlFailure(
                    .refused, "Disk \(disk) of group \(name) is being synchronized.",
                    remedy: "Wait until mtctl group show \(name) says protected.")
            }
            let resolved = try store.resolve(request.point, limit: record.rollbackSequence)
            guard resolved.point.accuracy == .exact || request.acceptInexact else {
                throw ControlFailure(
                    .notConfirmed,
                    "Point \(request.point) of group \(name) is \(resolved.point.accuracy.rawValue), not exact.",
                    remedy: "Choose an exact point, or accept it with --accept-inexact.")
            }
            // The newest ones are looked up again when the sender is fenced: until then batches may come.
            let isMoving = request.point == .latest || request.point == .latestProcessed
            let latest = try store.resolve(.latest, limit: record.rollbackSequence).point.sequence
            try transition(.recover) { record in
                // What a rollback goes back to: the latest point before the first recovery.
                let isFirst = record.rollbackSequence == nil
                if isFirst { record.rollbackSequence = latest }
                record.point = request.point
                // Later, the newest of history is what the disks show; the latest point is that of before.
                record.pointSequence =
                    !isMoving ? resolved.point.sequence : isFirst ? nil : record.rollbackSequence
            }
            let job = startRewind(.recover, resuming: nil)
            var message = "Group \(name) is being recovered to \(request.point), number \(resolved.point.sequence)."
            if let note = resolved.note { message += " \(note)" }
            if resolved.point.losesSeconds > 0 {
                message +=
                    " That is \(Quantity.describe(seconds: resolved.point.losesSeconds)) before the latest point."
            }
            return Acknowledgement(message: message, job: job)
        }
    }

    /// Back to the latest point, and protected again. A job.
    func rollback(_ request: RollbackRequest) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try check(.rollback)
            if request.targets == .written { return try startOver(discardHistory: request.discardHistory) }
            try checkStatement(request.targets)
            _ = try openStore()
            try transition(.rollback) { record in
                record.point = .latest
                record.pointSequence = record.rollbackSequence
            }
            let job = startRewind(.rollback, resuming: nil)
            return Acknowledgement(message: "Group \(name) goes back to its latest point.", job: job)
        }
    }

    /// The job of a group that is recovering: from its beginning, or from where a stop interrupted it.
    private func startRewind(_ kind: JobReport.Kind, resuming id: String?) -> JobReport? {
        endSession("the group is being recovered")
        return startJob(kind, resuming: id) { [self] progress in
            do {
                return try rewind(kind, progress)
            } catch let error as RetentionError where error.code == .noSuchPoint || error.code == .syncOpen {
                // Refused before a block was changed: the disks show what they showed.
                try performAndWait { [self] in try abandon() }
                throw error
            } catch let error as TouchedTargets {
                try performAndWait { [self] in try abandon() }
                throw error.failure
            } catch {
                let failure = ControlFailure.from(error)
                try performAndWait { [self] in degrade(failure) }
                throw failure
            }
        }
    }

    private func abandon() throws {
        let shown = record.shownSequence
        try transition(.abandoned(isRecovered: shown != nil)) { record in
            record.pointSequence = shown
            guard shown == nil else { return }
            record.point = nil
            record.rollbackSequence = nil
        }
    }

    /// On the work thread.
    private func rewind(_ kind: JobReport.Kind, _ progress: JobProgress) throws -> String {
        let store = try openStore()
        progress.message("Waiting until all that was received is on the disks.")
        try store.drain()
        try checkUntouched(store, progress)
        let record = record
        let sequence: UInt64
        if let known = record.pointSequence {
            sequence = known
        } else {
            sequence = try store.resolve(record.point ?? .latest, limit: nil).point.sequence
            // Written down before the first block changes, so that a restart goes on to the same point.
            try performAndWait { [self] in
                try transition(.observed(.nothing)) {
                    $0.pointSequence = sequence
                    if kind == .recover { $0.rollbackSequence = max($0.rollbackSequence ?? 0, sequence) }
                }
            }
        }
        progress.message("Rewinding to number \(sequence).")
        try store.rewind(to: sequence) { progress.update(done: $0, total: nil) }
        if kind == .recover { try rememberFingerprint(store, sequence: sequence) }
        try performAndWait { [self] in
            try transition(.rewound) { record in
                guard kind == .rollback else {
                    record.shownSequence = sequence
                    return
                }
                record.shownSequence = nil
                record.point = nil
                record.pointSequence = nil
                record.rollbackSequence = nil
            }
        }
        return kind == .recover
            ? "The disks of group \(name) show number \(sequence). Look at it, then mtctl commit, recover another, or "
                + "rollback. A machine that starts on them writes to them: after that, commit or start over."
            : "Group \(name) is at its latest point and protected."
    }

    /// Accepts the point. A job.
    func commit(_ request: CommitRequest) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try check(.commit)
            guard request.dropHistory else {
                throw ControlFailure(
                    .notConfirmed, "Committing group \(name) drops its history.", remedy: "Confirm it with --yes.")
            }
            try environment.previews.checkNone(of: name)
            try transition(.commit)
            let job = startCommit(resuming: nil)
            return Acknowledgement(message: "Group \(name) is being committed.", job: job)
        }
    }

    private func startCommit(resuming id: String?) -> JobReport? {
        startJob(.commit, resuming: id) { [self] progress in
            do {
                return try release(progress)
            } catch {
                let failure = ControlFailure.from(error)
                try performAndWait { [self] in degrade(failure) }
                throw failure
            }
        }
    }

    /// On the work thread. Each step may be made again: after a stop it begins anew.
    private func release(_ progress: JobProgress) throws -> String {
        try environment.checkVolume()
        let report = CommitReport(
            group: self.report(), committed: DateTime(environment.clock.now()), madeOver: record.madeOver)
        let store = shared.withLock { $0.store }
        try store?.flush()
        progress.message("The disks are flushed.")
        try environment.reports.write(report, as: id)
        progress.message("The report is in \(environment.reports.folder.path)/\(id).json.")
        closeStore()
        try forgetFingerprint()
        progress.message("The disks are released.")
        try removeHistory()
        try performAndWait { [self] in try transition(.released) { $0.hasStore = false } }
        return "Group \(name) is committed: its disks are released, its history is dropped."
    }

    /// Reads all history and checks it; a `verify` also compares the targets with their sources. A job.
    func verify(_ kind: JobReport.Kind) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            let store = try openStore()
            let job = startJob(kind) { [self] progress in
                let result = try store.scrub { done, total in progress.update(done: done, total: total) }
                let history = "The history of group \(name) is whole: \(result)"
                guard kind == .verify else { return history }
                return "\(history) \(try compareTargets(progress))"
            }
            return Acknowledgement(message: "The history of group \(name) is being read and checked.", job: job)
        }
    }

    /// Makes again what of the history's catalogue is damaged. A job; the group's session ends, and it is opened again
    /// after.
    func rebuild(acceptLoss: Bool) async throws -> Acknowledgement {
        try await perform { [self] in
            try checkNoJob()
            try environment.checkVolume()
            guard record.hasStore else {
                throw ControlFailure(.notFound, "Group \(name) has no history to rebuild.", remedy: "Bind its disks.")
            }
            endSession("its history is being rebuilt")
            let job = startJob(.rebuild) { [self] progress in
                closeStore()
                let outcome = Result {
                    try GroupStore.rebuild(record, acceptLoss: acceptLoss, environment: environment)
                }
                if case .success(let done) = outcome { for line in done { progress.message(line) } }
                // Also after a refusal: it is as good as it was before. What cannot be opened is degraded with that.
                let opening = Result { try performAndWait { [self] in try attempt() } }
                let done = try outcome.get()
                try opening.get()
                return "The history of group \(name) is rebuilt and open. \(done.joined(separator: " "))"
            }
            return Acknowledgement(message: "The history of group \(name) is being rebuilt.", job: job)
        }
    }

    /// After a start: what the state says was under way goes on.
    func resumeInterrupted() {
        guard shared.withLock({ $0.job == nil }) else { return }
        let old = environment.jobs.interrupted().last { $0.group == name }
        switch state {
        case .recovering(let purpose):
            let kind: JobReport.Kind = purpose == .recover ? .recover : .rollback
            _ = startRewind(kind, resuming: old.flatMap { $0.kind == kind ? $0.id : nil })
        case .committed:
            _ = startCommit(resuming: old.flatMap { $0.kind == .commit ? $0.id : nil })
        case .created, .initialSync, .protected, .resyncing, .paused, .recovered, .released, .degraded: break
        }
    }
}

/// What remains of a group after its commit.
struct CommitReport: Codable {
    let group: GroupReport
    let committed: DateTime
    /// Former commits on these disks that were known to be over when the group got them; nil for none.
    let madeOver: [String]?
}
