// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension ReceiverSession.Open {
    typealias Outcome = Result<ReceiverSession.ReceivedAction, ProtocolError>

    // MARK: Batches

    mutating func begin(_ begin: Frame.BatchBegin) -> Outcome {
        if let violation = syncs.batchViolation { return .failure(violation) }
        guard case .none = content else { return violation("Batch \(begin.sequence) begins inside another.") }
        switch place(begin.sequence, "Batch") {
        case .failure(let violation): return .failure(violation)
        case .success(true):
            content = .batch(BatchProgress(begin))
            return .success(.beginBatch(begin))
        case .success(false):
            content = .repeat(BatchProgress(begin))
            return .success(.ignore)
        }
    }

    mutating func write(_ write: Frame.Write) -> Outcome {
        switch content {
        case .none:
            return violation("A Write came outside of a batch.")
        case .batch(var batch):
            if let violation = charge(write) { return .failure(violation) }
            batch.add(dataBytes: write.dataBytes)
            content = .batch(batch)
            payload = .keep(write)
            return .success(.beginData(write))
        case .repeat(var batch):
            if let violation = charge(write) { return .failure(violation) }
            batch.add(dataBytes: write.dataBytes)
            content = .repeat(batch)
            payload = .discard(write)
            return .success(.ignore)
        }
    }

    mutating func zero(_ zero: Frame.Zero) -> Outcome {
        switch content {
        case .none:
            return violation("A Zero came outside of a batch.")
        case .batch(var batch):
            if let violation = charge(zero) { return .failure(violation) }
            batch.add(dataBytes: 0)
            content = .batch(batch)
            return .success(.addZeroes(zero))
        case .repeat(var batch):
            if let violation = charge(zero) { return .failure(violation) }
            batch.add(dataBytes: 0)
            content = .repeat(batch)
            return .success(.returnCredit(bytes: WireLimits.zeroCreditBytes))
        }
    }

    mutating func end(_ end: Frame.BatchEnd) -> Outcome {
        switch content {
        case .none:
            return violation("Batch \(end.sequence) ends but did not begin.")
        case .batch(let batch):
            if let violation = batch.violation(of: end) { return .failure(violation) }
            content = .none
            lastAccepted = end.sequence
            return .success(.endBatch(batch.begin, lastTime: end.lastTime))
        case .repeat(let batch):
            if let violation = batch.violation(of: end) { return .failure(violation) }
            content = .none
            return .success(acknowledgeRepeat(end.sequence))
        }
    }

    mutating func bookmark(_ bookmark: Frame.Bookmark) -> Outcome {
        if let violation = syncs.batchViolation { return .failure(violation) }
        guard case .none = content else { return violation("Bookmark \(bookmark.sequence) came inside a batch.") }
        switch place(bookmark.sequence, "Bookmark") {
        case .failure(let violation): return .failure(violation)
        case .success(true):
            lastAccepted = bookmark.sequence
            return .success(.bookmark(bookmark))
        case .success(false):
            return .success(acknowledgeRepeat(bookmark.sequence))
        }
    }

    /// Whether a sequence is the next one (true) or a repeat (false); a gap is a violation.
    private func place(_ sequence: UInt64, _ what: String) -> Result<Bool, ProtocolError> {
        if sequence > 0, sequence <= lastAccepted { return .success(false) }
        guard sequence > 0, sequence - 1 == lastAccepted, sequence < .max else {
            return .failure(
                ProtocolError(
                    .sequenceGap,
                    "\(what) \(sequence) came after \(lastAccepted): what is between was never received. Go on from "
                        + "the Welcome's last durable sequence, or resync."))
        }
        return .success(true)
    }

    /// A repeat is acknowledged at once where it is durable; else its own acknowledgement is on the way.
    private func acknowledgeRepeat(_ sequence: UInt64) -> ReceiverSession.ReceivedAction {
        sequence <= lastDurable ? .send(.durable(Frame.Position(sequence: lastDurable))) : .ignore
    }

    // MARK: Syncs

    mutating func begin(_ sync: Frame.SyncBegin) -> Outcome {
        guard case .none = content else { return violation("A sync of disk \(sync.disk) begins inside a batch.") }
        if let violation = syncs.begin(sync, on: disks) { return .failure(violation) }
        return .success(.beginSync(sync))
    }

    mutating func ask(_ digests: Frame.Digests) -> Outcome {
        let (sync, verify) = (syncs.open[digests.disk], syncs.verification)
        return syncs.ask(digests, on: disks).flatMap { sectors in
            if let sync { return .success(.compare(digests, sync, sectors: sectors)) }
            // Asking was allowed, so that one of both is open.
            guard let verify else { return violation("Digests of disk \(digests.disk) came outside of a comparison.") }
            return .success(.compareAtRest(digests, verify, sectors: sectors))
        }
    }

    mutating func begin(_ verify: Frame.VerifyBegin) -> Outcome {
        guard case .none = content else {
            return violation("A comparison of disk \(verify.disk) begins inside a batch.")
        }
        if let violation = syncs.begin(verify, on: disks, last: lastAccepted, applied: lastApplied) {
            return .failure(violation)
        }
        return .success(.ignore)
    }

    mutating func end(_ verify: Frame.VerifyEnd) -> Outcome {
        if let violation = syncs.end(verify) { return .failure(violation) }
        return .success(.endVerify(verify))
    }

    mutating func syncWrite(_ write: Frame.Write) -> Outcome {
        if let violation = syncs.dataViolation(of: write.disk) ?? charge(write) { return .failure(violation) }
        payload = .keep(write)
        return .success(.beginData(write))
    }

    mutating func syncZero(_ zero: Frame.Zero) -> Outcome {
        if let violation = syncs.dataViolation(of: zero.disk) ?? charge(zero) { return .failure(violation) }
        return .success(.addZeroes(zero))
    }

    mutating func end(_ sync: Frame.SyncEnd) -> Outcome {
        guard sync.sequence >= lastAccepted, sync.sequence < .max else {
            return .failure(
                ProtocolError(
                    .sequenceGap,
                    "The sync of disk \(sync.disk) ends at sequence \(sync.sequence), before the last one received, "
                        + "\(lastAccepted)."))
        }
        if let violation = syncs.end(sync) { return .failure(violation) }
        lastAccepted = sync.sequence
        return .success(.endSync(sync))
    }

    // MARK: Checks before effect

    private mutating func charge(_ write: Frame.Write) -> ProtocolError? {
        if let violation = disks.violation(disk: write.disk, sector: write.sector, count: UInt64(write.sectorCount)) {
            return violation
        }
        guard codecs.allows(write.codec) else {
            return ProtocolError(.codecNotAgreed, "A payload is \(write.codec), which the Welcome does not allow.")
        }
        return charge(bytes: write.dataBytes)
    }

    private mutating func charge(_ zero: Frame.Zero) -> ProtocolError? {
        disks.violation(disk: zero.disk, sector: zero.sector, count: zero.sectorCount)
            ?? charge(bytes: WireLimits.zeroCreditBytes)
    }

    private mutating func charge(bytes: Int) -> ProtocolError? {
        if credit.use(bytes) { return nil }
        return ProtocolError(
            .creditExceeded, "\(bytes) bytes were sent with a credit of \(credit.available): wait for Credit.")
    }

    private func violation(_ message: String) -> Outcome { .failure(ProtocolError(.unexpectedFrame, message)) }
}
