// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import RetentionStore
import StoragePrimitives

/// What the machine says, done.
extension SessionHandler {
    func perform(_ action: ReceiverSession.ReceivedAction) {
        do throws(RetentionError) {
            switch action {
            case .ignore: break
            case .admit(let hello): admit(hello)
            case .beginBatch(let begin): intake?.begin(begin)
            case .beginData(let write):
                counters.dataBytes += ByteCount(write.dataBytes)
                try intake?.begin(write)
            case .addZeroes(let zero): try intake?.add(zero)
            case .endBatch(let begin, let lastTime):
                counters.batches += 1
                try intake?.end(begin, lastTime: lastTime)
            case .returnCredit(let bytes): report(machine.released(bytes: bytes))
            case .bookmark(let bookmark):
                counters.bookmarks += 1
                try intake?.append(bookmark)
            case .beginSync(let sync): try intake?.begin(sync)
            case .compare(let question, let sync, let sectors):
                try intake?.flush()
                compare(question, sync, sectors)
            case .endSync(let sync): try intake?.end(sync)
            case .compareAtRest(let question, let verify, let sectors): compareAtRest(question, verify, sectors)
            case .endVerify(let verify): endComparison(verify)
            case .send(let frame): send(frame)
            case .closed(let close):
                logger.info(
                    "The sender closed its session", metadata: ["code": "\(close.code)", "reason": "\(close.message)"])
                finish(with: nil)
            case .violated(let error, let frame):
                fail(error)
                finish(with: frame)
            }
        } catch {
            end(error.reasonCode, error.message)
        }
    }

    func perform(_ action: ReceiverSession.PayloadAction, with piece: ByteBuffer) {
        switch action {
        case .fill(let isLast):
            intake?.fill(piece)
            if isLast, intake?.endData() == false { payloadDiffered() }
        case .gather(let write, let isLast):
            if intake?.gather(piece, of: write, isLast: isLast) == false { payloadDiffered() }
        case .discard: break
        case .discardLast(let creditBytes): report(machine.released(bytes: creditBytes))
        }
    }

    private func payloadDiffered() {
        let error = ProtocolError(
            .payloadCorrupt, "The data of a Write does not match its checksum: nothing of its batch was taken.")
        fail(error)
        end(error.code, error.message)
    }

    func report(_ action: ReceiverSession.ReportAction) {
        switch action {
        case .send(let frame): send(frame)
        case .none: break
        }
    }

    /// Everything that one read from the socket brought has been taken in.
    func readCompleted() {
        if let attachment, attachment.isActive {
            // A sender that is about to run out of credit could wait for what lies in a part that is not full.
            if machine.availableCredit < UInt64(WireLimits.maximumWriteBytes) {
                do throws(RetentionError) {
                    try intake?.flush()
                } catch {
                    return end(error.reasonCode, error.message)
                }
            }
            returnCredit(releasedBytes: 0)
            countUp(for: attachment.id)
        }
    }

    func countUp(for session: UInt64) {
        shared.board.count(counters, of: session)
        counters = ReceiverStatus.Counters()
    }

    private func returnCredit(releasedBytes: Int) {
        guard let credit = intake?.takeCredit(releasedBytes: releasedBytes), credit > 0 else { return }
        report(machine.released(bytes: credit))
    }

    // MARK: The store's reports

    private func compare(_ question: Frame.Digests, _ sync: Frame.SyncBegin, _ sectors: Range<UInt64>) {
        guard let attachment, let mailbox else { return }
        let ticket = nextTicket
        nextTicket += 1
        comparisons.append(PendingComparison(ticket: ticket, question: question, sectors: sectors, step: nil))
        attachment.group.digest(
            question.disk, sectors: sectors, granularity: Int(sync.granularity), seed: sync.seed
        ) { result in
            mailbox.post(comparison: ticket, result)
        }
    }

    /// The mailbox has something. Runs once for however much it is.
    func storeReported() {
        guard let letters = mailbox?.empty() else { return }
        if let sequence = letters.durable { report(machine.durable(through: sequence)) }
        if let sequence = letters.applied { report(machine.applied(through: sequence)) }
        for disk in letters.syncsDurable { report(machine.syncDurable(disk)) }
        returnCredit(releasedBytes: letters.releasedBytes)
        comparisonAnswers.merge(letters.comparisons) { first, _ in first }
        while let next = comparisons.first, let answer = comparisonAnswers.removeValue(forKey: next.ticket) {
            comparisons.removeFirst()
            switch answer {
            case .success(let digests):
                tellComparison(next, digests)
                report(machine.compared(next.question, with: digests))
            case .failure(let error): return end(error.reasonCode, error.message)
            }
        }
        if let failure = letters.failure {
            fail(ProtocolError(.storeFailed, failure.message))
            return end(.storeFailed, failure.message)
        }
        flush()
    }
}

extension RetentionError {
    /// What a sender is told.
    var reasonCode: ReasonCode {
        switch code {
        case .unknownDisk: .unknownDisk
        case .misaligned: .misaligned
        case .outOfRange: .outOfRange
        case .emptyExtent: .emptyRange
        case .batchTooLarge: .oversizedWrite
        case .sequenceGap, .sequenceRepeat: .sequenceGap
        case .batchOpen: .batchMismatch
        case .syncOpen: .syncOpen
        case .noSyncOpen: .syncNotOpen
        case .notAccepting, .closed: .groupNotReady
        case .noSuchPoint, .pointNotExact, .historyDamaged, .notAGroup, .unknownVersion, .journalDamaged,
            .manifestDamaged, .targetMismatch, .retentionFull, .retentionFailed, .targetFailed:
            .storeFailed
        }
    }
}
