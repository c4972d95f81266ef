// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Which disks are out of step, which have their sync open, and the digest questions under way. Both ends keep one.
struct SyncTable: Sendable {
    /// Disks that need a sync before batches are taken; a disk leaves when the end of its sync is durable.
    private(set) var outOfStep: Set<DiskNumber>
    private(set) var open: [DiskNumber: Frame.SyncBegin] = [:]
    /// Disks whose sync was begun in this session.
    private var begun: Set<DiskNumber> = []
    /// The comparison that was asked for, until another is.
    private var requested: Frame.VerifyRequest?
    /// The disk that is being compared without being changed.
    private(set) var verification: Frame.VerifyBegin?
    /// Digests frames without an answer, oldest first.
    private(set) var questions: [Frame.Digests] = []

    init(outOfStep: Set<DiskNumber>) { self.outOfStep = outOfStep }

    /// Why no batch is taken now, or nil.
    var batchViolation: ProtocolError? {
        if let violation = verifyViolation { return violation }
        if let disk = open.keys.min() {
            return ProtocolError(.syncOpen, "No batch is taken while the sync of disk \(disk) is open: end it first.")
        }
        if let disk = outOfStep.min() {
            return ProtocolError(
                .syncOpen, "No batch is taken before disk \(disk) is in step: sync it and await its SyncDurable.")
        }
        return nil
    }

    private var verifyViolation: ProtocolError? {
        verification.map {
            ProtocolError(.verifyOpen, "Disk \($0.disk) is being compared: nothing changes before its VerifyEnd.")
        }
    }

    mutating func begin(_ sync: Frame.SyncBegin, on disks: DiskTable) -> ProtocolError? {
        if let violation = verifyViolation { return violation }
        guard disks.contains(sync.disk) else {
            return ProtocolError(.unknownDisk, "Disk \(sync.disk) is not one of this session's Hello.")
        }
        guard open[sync.disk] == nil else {
            return ProtocolError(.syncOpen, "The sync of disk \(sync.disk) is open already.")
        }
        open[sync.disk] = sync
        begun.insert(sync.disk)
        outOfStep.insert(sync.disk)
        return nil
    }

    func dataViolation(of disk: DiskNumber) -> ProtocolError? {
        open[disk] == nil ? ProtocolError(.syncNotOpen, "Disk \(disk) has no sync open: SyncBegin comes first.") : nil
    }

    /// Ends a disk's sync. Every disk that is out of step has to have begun its own before: else the end could be taken
    /// for a point at which one disk shows a new state of its source and another an old one.
    mutating func end(_ sync: Frame.SyncEnd) -> ProtocolError? {
        if let violation = dataViolation(of: sync.disk) { return violation }
        if let waiting = outOfStep.subtracting(begun).min() {
            return ProtocolError(
                .syncIncomplete,
                "The sync of disk \(sync.disk) cannot end before that of disk \(waiting) has begun: the disks of a group "
                    + "are synced together.")
        }
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
        let comparison = verification.flatMap { $0.disk == digests.disk ? $0.sectorsPerDigest : nil }
        guard let step = open[digests.disk]?.sectorsPerDigest ?? comparison else {
            return .failure(
                ProtocolError(
                    .syncNotOpen,
                    "Disk \(digests.disk) has neither a sync nor a comparison open: its SyncBegin or VerifyBegin comes "
                        + "first."))
        }
        guard questions.count < WireLimits.maximumUnansweredDigests else {
            return .failure(
                ProtocolError(
                    .tooManyDigests,
                    "\(questions.count) Digests frames wait for their answer; no more are taken before one is answered."
                ))
        }
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

    // MARK: Comparisons

    /// The operator asked for a comparison.
    mutating func request(_ request: Frame.VerifyRequest) { requested = request }

    /// - Parameters:
    ///   - last: The last sequence that was sent.
    ///   - applied: The last one that is on the targets.
    mutating func begin(
        _ verify: Frame.VerifyBegin, on disks: DiskTable, last: UInt64, applied: UInt64
    ) -> ProtocolError? {
        if let violation = batchViolation { return violation }
        guard disks.contains(verify.disk) else {
            return ProtocolError(.unknownDisk, "Disk \(verify.disk) is not one of this session's Hello.")
        }
        guard verify.request == requested else {
            return ProtocolError(.verifyMisplaced, "A comparison of disk \(verify.disk) was not asked for.")
        }
        guard verify.sequence == last, applied == last else {
            return ProtocolError(
                .verifyMisplaced,
                "A comparison at sequence \(verify.sequence) cannot begin: \(last) is the last one sent and \(applied) the "
                    + "last one applied. Await Applied, and send nothing after it.")
        }
        verification = verify
        return nil
    }

    mutating func end(_ verify: Frame.VerifyEnd) -> ProtocolError? {
        guard let open = verification, open.disk == verify.disk, open.request == verify.request else {
            return ProtocolError(
                .verifyMisplaced, "Disk \(verify.disk) is not being compared: VerifyBegin comes first.")
        }
        guard questions.isEmpty else {
            return ProtocolError(
                .unexpectedFrame,
                "The comparison of disk \(verify.disk) cannot end before all its digests are answered.")
        }
        verification = nil
        return nil
    }
}
