// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension SenderSession {
    /// What became of something the caller wants to send.
    public enum SendAction: Hashable, Sendable {
        /// Send it; after a Write its payload.
        case send(Frame)
        /// Nothing changed; ask again after ``ReceivedAction/creditGrew(available:)``.
        case awaitCredit
        /// It does not fit the session: a mistake of the caller, or the session is not open. Nothing changed.
        case refuse(ProtocolError)
    }

    /// Opens the next batch; its sequence has to be ``nextSequence``.
    public mutating func begin(_ batch: Frame.BatchBegin) -> SendAction {
        send(.batchBegin(batch)) { open in
            if let violation = open.syncs.batchViolation { return .refuse(violation) }
            guard open.batch == nil else {
                return .refuse(Self.misuse("Batch \(batch.sequence) begins inside another."))
            }
            guard batch.sequence == open.nextSequence, batch.sequence < .max else {
                return .refuse(
                    ProtocolError(
                        .sequenceGap, "Batch \(batch.sequence) is not the next one, which is \(open.nextSequence)."))
            }
            open.batch = BatchProgress(batch)
            return nil
        }
    }

    /// Data of the open batch.
    public mutating func write(_ write: Frame.Write) -> SendAction {
        send(.write(write)) { open in
            guard open.batch != nil else { return .refuse(Self.misuse("A Write came outside of a batch.")) }
            if let refusal = open.charge(write) { return refusal }
            open.batch?.add(dataBytes: write.dataBytes)
            return nil
        }
    }

    /// Zeroes of the open batch.
    public mutating func zero(_ zero: Frame.Zero) -> SendAction {
        send(.zero(zero)) { open in
            guard open.batch != nil else { return .refuse(Self.misuse("A Zero came outside of a batch.")) }
            if let refusal = open.charge(zero) { return refusal }
            open.batch?.add(dataBytes: 0)
            return nil
        }
    }

    /// Ends the open batch, counting what it held.
    public mutating func endBatch(lastTime: Timestamp) -> SendAction {
        switch consume state {
        case .open(var open):
            guard let batch = open.batch else {
                self = Self(.open(open))
                return .refuse(Self.misuse("A batch ends that did not begin."))
            }
            let end = batch.end(at: max(lastTime, batch.begin.firstTime))
            open.batch = nil
            open.nextSequence = end.sequence + 1
            self = Self(.open(open))
            return .send(.batchEnd(end))
        case .idle(let hello):
            self = Self(.idle(hello))
            return .refuse(Self.notOpen)
        case .greeted(let hello, let liveness):
            self = Self(.greeted(hello, liveness))
            return .refuse(Self.notOpen)
        case .closed:
            self = Self(.closed)
            return .refuse(Self.notOpen)
        }
    }

    /// A bookmark between two batches; it takes a sequence of its own.
    public mutating func bookmark(_ bookmark: Frame.Bookmark) -> SendAction {
        send(.bookmark(bookmark)) { open in
            if let violation = open.syncs.batchViolation { return .refuse(violation) }
            guard open.batch == nil else { return .refuse(Self.misuse("A bookmark came inside a batch.")) }
            guard bookmark.sequence == open.nextSequence, bookmark.sequence < .max else {
                return .refuse(
                    ProtocolError(
                        .sequenceGap,
                        "Bookmark \(bookmark.sequence) is not the next one, which is \(open.nextSequence)."))
            }
            open.nextSequence += 1
            return nil
        }
    }

    /// Opens the sync of a disk; no batch may be open.
    public mutating func begin(_ sync: Frame.SyncBegin) -> SendAction {
        send(.syncBegin(sync)) { open in
            guard open.batch == nil else { return .refuse(Self.misuse("A sync begins inside a batch.")) }
            return open.syncs.begin(sync, on: open.disks).map { .refuse($0) }
        }
    }

    /// Asks which ranges of a disk whose sync or comparison is open differ on the target. Costs no credit.
    public mutating func ask(_ digests: Frame.Digests) -> SendAction {
        send(.digests(digests)) { open in
            switch open.syncs.ask(digests, on: open.disks) {
            case .success: nil
            case .failure(let violation): .refuse(violation)
            }
        }
    }

    /// Data of a disk whose sync is open.
    public mutating func syncWrite(_ write: Frame.Write) -> SendAction {
        send(.syncWrite(write)) { open in
            if let violation = open.syncs.dataViolation(of: write.disk) { return .refuse(violation) }
            return open.charge(write)
        }
    }

    /// Zeroes of a disk whose sync is open.
    public mutating func syncZero(_ zero: Frame.Zero) -> SendAction {
        send(.syncZero(zero)) { open in
            if let violation = open.syncs.dataViolation(of: zero.disk) { return .refuse(violation) }
            return open.charge(zero)
        }
    }

    /// Ends the sync of a disk; the next batch follows the sequence that it gives.
    public mutating func end(_ sync: Frame.SyncEnd) -> SendAction {
        send(.syncEnd(sync)) { open in
            guard sync.sequence < .max, sync.sequence >= open.nextSequence - 1 else {
                return .refuse(
                    ProtocolError(
                        .sequenceGap,
                        "The sync of disk \(sync.disk) ends at sequence \(sync.sequence), before the last one sent."))
            }
            if let violation = open.syncs.end(sync) { return .refuse(violation) }
            open.nextSequence = sync.sequence + 1
            return nil
        }
    }

    /// Opens the comparison of a disk: asked for, and after everything that was sent is applied.
    public mutating func begin(_ verify: Frame.VerifyBegin) -> SendAction {
        send(.verifyBegin(verify)) { open in
            guard open.batch == nil else { return .refuse(Self.misuse("A comparison begins inside a batch.")) }
            return open.syncs.begin(verify, on: open.disks, last: open.nextSequence - 1, applied: open.lastApplied)
                .map { .refuse($0) }
        }
    }

    /// Ends the comparison of a disk.
    public mutating func end(_ verify: Frame.VerifyEnd) -> SendAction {
        send(.verifyEnd(verify)) { open in open.syncs.end(verify).map { .refuse($0) } }
    }

    /// Digests frames that may be asked now without ``SendAction/refuse(_:)``.
    public var availableQuestions: Int {
        switch state {
        case .open(let open): WireLimits.maximumUnansweredDigests - open.syncs.questions.count
        case .idle: 0
        case .greeted: 0
        case .closed: 0
        }
    }

    /// Runs one check of an open session; nil from it means that the frame goes out.
    private mutating func send(_ frame: Frame, _ check: (inout Open) -> SendAction?) -> SendAction {
        switch consume state {
        case .open(var open):
            let refusal = check(&open)
            self = Self(.open(open))
            return refusal ?? .send(frame)
        case .idle(let hello):
            self = Self(.idle(hello))
            return .refuse(Self.notOpen)
        case .greeted(let hello, let liveness):
            self = Self(.greeted(hello, liveness))
            return .refuse(Self.notOpen)
        case .closed:
            self = Self(.closed)
            return .refuse(Self.notOpen)
        }
    }

    private static func misuse(_ message: String) -> ProtocolError { ProtocolError(.unexpectedFrame, message) }

    private static var notOpen: ProtocolError {
        ProtocolError(.unexpectedFrame, "No session is open: nothing can be sent before a Welcome or after a Close.")
    }
}

extension SenderSession.Open {
    /// Holds a Write against the disks, the session's limits and the credit, which it takes.
    mutating func charge(_ write: Frame.Write) -> SenderSession.SendAction? {
        if let violation = disks.violation(disk: write.disk, sector: write.sector, count: UInt64(write.sectorCount)) {
            return .refuse(violation)
        }
        guard write.dataBytes <= Int(welcome.maximumWriteBytes) else {
            return .refuse(
                ProtocolError(
                    .oversizedWrite,
                    "A Write of \(write.dataBytes) bytes is beyond the session's \(welcome.maximumWriteBytes)."))
        }
        guard welcome.codecs.allows(write.codec) else {
            return .refuse(ProtocolError(.codecNotAgreed, "The receiver does not take \(write.codec) payloads."))
        }
        return credit.use(write.dataBytes) ? nil : .awaitCredit
    }

    mutating func charge(_ zero: Frame.Zero) -> SenderSession.SendAction? {
        if let violation = disks.violation(disk: zero.disk, sector: zero.sector, count: zero.sectorCount) {
            return .refuse(violation)
        }
        return credit.use(WireLimits.zeroCreditBytes) ? nil : .awaitCredit
    }
}
