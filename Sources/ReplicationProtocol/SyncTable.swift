// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Which disks are out of step, which have their sync open, and the digest questions under way. Both ends keep one.
struct SyncTable: Sendable {
    /// Disks that need a sync before batches are taken; a disk leaves when the end of its sync is durable.
    private(set) var outOfStep: Set<DiskNumber>
    private(set) var open: [DiskNumber: Frame.SyncBegin] = [:]
    /// Digests frames without an answer, oldest first.
    private(set) var questions: [Frame.Digests] = []

    init(outOfStep: Set<DiskNumber>) { self.outOfStep = outOfStep }

    /// Why no batch is taken now, or nil.
    var batchViolation: ProtocolError? {
        if let disk = open.keys.min() {
            return ProtocolError(.syncOpen, "No batch is taken while the sync of disk \(disk) is open: end it first.")
        }
        if let disk = outOfStep.min() {
            return ProtocolError(
                .syncOpen, "No batch is taken before disk \(disk) is in step: sync it and await its SyncDurable.")
        }
        return nil
    }

    mutating func begin(_ sync: Frame.SyncBegin, on disks: DiskTable) -> ProtocolError? {
        guard disks.contains(sync.disk) else {
            return ProtocolError(.unknownDisk, "Disk \(sync.disk) is not one of this session's Hello.")
        }
        guard open[sync.disk] == nil else {
            return ProtocolError(.syncOpen, "The sync of disk \(sync.disk) is open already.")
        }
        open[sync.disk] = sync
        outOfStep.insert(sync.disk)
        return nil
    }

    func dataViolation(of disk: DiskNumber) -> ProtocolError? {
        open[disk] == nil ? ProtocolError(.syncNotOpen, "Disk \(disk) has no sync open: SyncBegin comes first.") : nil
    }

    mutating func end(_ sync: Frame.SyncEnd) -> ProtocolError? {
        if let violation = dataViolation(of: sync.disk) { return violation }
        guard !questions.contains(where: { $0.disk == sync.disk }) else {
            return ProtocolError(
                .unexpectedFrame, "The sync of disk \(sync.disk) cannot end before all its digests are answered.")
        }
        open[sync.disk] = nil
        return nil
    }

    /// The end of the disk's sync is durable. A sync that was opened again in the meantime stays open.
    mutating func durable(_ disk: DiskNumber) {
        if open[disk] == nil { outOfStep.remove(disk) }
    }

    /// Takes a question; answers the sectors that it covers, the last range cut at the disk's end.
    mutating func ask(_ digests: Frame.Digests, on disks: DiskTable) -> Result<Range<UInt64>, ProtocolError> {
        guard let sync = open[digests.disk] else {
            return .failure(
                ProtocolError(.syncNotOpen, "Disk \(digests.disk) has no sync open: SyncBegin comes first."))
        }
        guard questions.count < WireLimits.maximumUnansweredDigests else {
            return .failure(
                ProtocolError(
                    .tooManyDigests,
                    "\(questions.count) Digests frames wait for their answer; no more are taken before one is answered."
                ))
        }
        let step = sync.sectorsPerDigest
        let total = disks.sectorCount(of: digests.disk)
        guard digests.sector % step == 0 else {
            return .failure(
                ProtocolError(
                    .misaligned,
                    "Digests of disk \(digests.disk) start at sector \(digests.sector), not on a range of \(step)."))
        }
        // At most 4,096 digests of 2,048 sectors: the product is small.
        let length = UInt64(digests.digests.count) * step
        let (lastStart, overflow) = digests.sector.addingReportingOverflow(length - step)
        guard !overflow, lastStart < total else {
            return .failure(
                ProtocolError(
                    .outOfRange, "Digests of disk \(digests.disk) from sector \(digests.sector) on pass its end."))
        }
        questions.append(digests)
        return .success(digests.sector..<lastStart + min(step, total - lastStart))
    }

    /// Takes the answer to the oldest question.
    mutating func answer(_ answer: Frame.DigestAnswer) -> ProtocolError? {
        guard let question = questions.first, question.disk == answer.disk, question.sector == answer.sector,
            question.digests.count == answer.count
        else {
            return ProtocolError(
                .unexpectedFrame, "A DigestAnswer for disk \(answer.disk) sector \(answer.sector) answers no question.")
        }
        questions.removeFirst()
        return nil
    }
}
