// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import RetentionStore
import StoragePrimitives

/// Comparisons of the targets with their sources: nothing is changed by them.
extension SessionHandler {
    /// A comparison that the operator asked for.
    struct Comparison {
        let request: Frame.VerifyRequest
        /// Disks of which the end has not come.
        var disks: Set<DiskNumber>
        let tell: @Sendable (ComparisonEvent) -> Void
    }

    /// Asks the sender for a comparison; one at a time.
    func startComparison(_ request: Frame.VerifyRequest, _ tell: @escaping @Sendable (ComparisonEvent) -> Void) {
        guard let attachment, attachment.isActive else { return tell(.failed("The process server is not connected.")) }
        guard comparison == nil else { return tell(.failed("Another comparison of the group is under way.")) }
        comparison = Comparison(request: request, disks: Set(attachment.hello.disks.map(\.number)), tell: tell)
        report(machine.tell(.verifyRequest(request)))
        flush()
    }

    func compareAtRest(_ question: Frame.Digests, _ verify: Frame.VerifyBegin, _ sectors: Range<UInt64>) {
        guard let attachment, let mailbox else { return }
        let ticket = nextTicket
        nextTicket += 1
        comparisons.append(
            PendingComparison(ticket: ticket, question: question, sectors: sectors, step: verify.sectorsPerDigest))
        attachment.group.digestAtRest(
            question.disk, sectors: sectors, granularity: Int(verify.granularity), seed: verify.seed,
            sourceSequence: verify.sequence
        ) { result in
            mailbox.post(comparison: ticket, result)
        }
    }

    /// A stretch was read and its answer is known.
    func tellComparison(_ pending: PendingComparison, _ digests: [RangeDigest]) {
        guard let step = pending.step, let comparison else { return }
        var differing: [Range<UInt64>] = []
        for (index, digest) in pending.question.digests.enumerated()
        where !digests.indices.contains(index) || digests[index] != digest {
            // The session has checked that the question lies within the disk.
            let start = pending.sectors.lowerBound + UInt64(index) * step
            let bytes = start * Sector.size..<min(start + step, pending.sectors.upperBound) * Sector.size
            if let last = differing.last, last.upperBound == bytes.lowerBound {
                differing[differing.count - 1] = last.lowerBound..<bytes.upperBound
            } else {
                differing.append(bytes)
            }
        }
        comparison.tell(
            .compared(
                pending.question.disk, bytes: UInt64(pending.sectors.count) * Sector.size, differing: differing))
    }

    func endComparison(_ verify: Frame.VerifyEnd) {
        comparison?.disks.remove(verify.disk)
        guard let comparison, comparison.disks.isEmpty else { return }
        self.comparison = nil
        comparison.tell(.ended)
    }

    /// The session lets go of its group.
    func abandonComparison() {
        comparison?.tell(.failed("The session with the process server ended before all disks were compared."))
        comparison = nil
    }
}

/// A question to the store under way.
struct PendingComparison {
    let ticket: UInt64
    let question: Frame.Digests
    let sectors: Range<UInt64>
    /// Sectors of one digest, where nothing is to be changed by the answer; nil for a resync.
    let step: UInt64?
}
