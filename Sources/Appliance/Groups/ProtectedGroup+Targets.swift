// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// Whether recovered disks are as history left them: what a rollback, or a recovery to another point, takes for granted.
extension ProtectedGroup {
    /// Refuses to move history over recovered disks of which nobody knows what was written to them.
    func checkStatement(_ statement: TargetsStatement?) throws {
        let record = record
        guard record.shownSequence != nil else { return }
        switch statement {
        case .untouched: return
        case .written:
            throw ControlFailure(
                .refused,
                "A machine ran on the disks of group \(name), so that no point can be put onto them any more.",
                remedy: "Keep what they show with mtctl commit \(name), or synchronize them again with mtctl rollback "
                    + "\(name) --targets-written.")
        case nil:
            // Where all of every disk is compared before anything is changed, nothing has to be believed.
            let isProven =
                try environment.fingerprints.read(GroupFingerprint.self, from: id) != nil
                && record.disks.allSatisfy { TargetFingerprint.isProof(size: $0.size.rawValue) }
            guard !isProven else { return }
            throw ControlFailure(
                .notConfirmed,
                "Group \(name) cannot tell whether a machine ran on its recovered disks and wrote to them.",
                remedy: "Say --targets-untouched if none did. Otherwise mtctl rollback \(name) --targets-written "
                    + "compares them with their source.")
        }
    }

    /// Compares recovered disks with what they looked like, before their first block is changed. On the work thread.
    ///
    /// - Throws: ``TouchedTargets`` when one is not what it was.
    func checkUntouched(_ store: GroupStore, _ progress: JobProgress) throws {
        guard let shown = record.shownSequence,
            let before = try environment.fingerprints.read(GroupFingerprint.self, from: id), before.sequence == shown
        else { return }
        progress.message("The disks are compared with what they looked like when they were recovered.")
        let now = try store.fingerprint(sequence: shown)
        for disk in record.disks {
            guard let old = before.disks.first(where: { $0.disk == disk.number }),
                let new = now.disks.first(where: { $0.disk == disk.number })
            else { continue }
            guard let offset = old.firstDifference(from: new, size: disk.size.rawValue) else { continue }
            throw TouchedTargets(
                failure: ControlFailure(
                    .refused,
                    "Target \(disk.target) of group \(name) was written to since it was recovered: it differs at byte "
                        + "\(offset). Nothing was changed.",
                    remedy: "Keep what the disks show with mtctl commit \(name), or synchronize them again with mtctl "
                        + "rollback \(name) --targets-written --discard-history."))
        }
        // From here on they are changed, and after a restart that is no fault.
        try forgetFingerprint()
    }

    /// Remembers what the disks look like that show a point now. On the work thread.
    func rememberFingerprint(_ store: GroupStore, sequence: UInt64) throws {
        try environment.fingerprints.write(try store.fingerprint(sequence: sequence), as: id)
    }

    func forgetFingerprint() throws {
        guard try environment.fingerprints.read(GroupFingerprint.self, from: id) != nil else { return }
        try environment.fingerprints.remove(id)
    }

    /// A machine ran on the recovered disks: what history has belongs to other disks than these. It is dropped, and they
    /// are compared with their source. On the control thread.
    func startOver(discardHistory: Bool) throws -> Acknowledgement {
        try check(.targetsWritten)
        try environment.checkVolume()
        guard discardHistory else {
            throw ControlFailure(
                .notConfirmed,
                "The recovery points of group \(name) do not fit disks that a machine has written to, and are lost.",
                remedy: "Add --discard-history to say that this is meant.")
        }
        closeStore()
        // First the record, without history; then the files. After a crash in between the files are made again.
        try transition(.targetsWritten) { record in
            record.hasStore = false
            record.shownSequence = nil
            record.point = nil
            record.pointSequence = nil
            record.rollbackSequence = nil
            for index in record.disks.indices {
                record.disks[index].resyncReason = "A machine ran on \(record.disks[index].target)."
            }
        }
        try forgetFingerprint()
        try removeHistory()
        do {
            try openOrCreateStore()
        } catch {
            degrade(ControlFailure.from(error))
            throw error
        }
        return Acknowledgement(
            message: "The history of group \(name) is dropped; its disks are compared with their source as soon as its "
                + "process server connects.")
    }
}

/// Recovered disks are not what they were; nothing was changed.
struct TouchedTargets: Error {
    let failure: ControlFailure
}
