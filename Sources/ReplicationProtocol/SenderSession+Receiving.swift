// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension SenderSession {
    /// What the caller does about a frame.
    public enum ReceivedAction: Hashable, Sendable {
        case ignore
        /// The session is open: batches go on after ``Frame/Welcome/lastDurable``, or its disks are synced first.
        case welcomed(Frame.Welcome)
        case refused(Frame.Refuse)
        /// Everything up to here survives the receiver's power loss and need not be kept.
        case durable(through: UInt64)
        case applied(through: UInt64)
        /// More may be sent.
        case creditGrew(available: UInt64)
        case throttled(Frame.Throttle)
        case digestsAnswered(Frame.DigestAnswer)
        case syncDurable(DiskNumber)
        case bookmarkRequested(Frame.BookmarkRequest)
        /// Make a pass, await that it is applied, and compare.
        case verifyRequested(Frame.VerifyRequest)
        case send(Frame)
        /// The receiver ended the session with a reason.
        case closed(Frame.Close)
        /// The receiver broke the protocol: send the frame and close.
        case violated(ProtocolError, send: Frame)
    }

    /// A frame came from the receiver.
    public mutating func received(_ frame: Frame) -> ReceivedAction {
        switch consume state {
        case .idle(let hello):
            // Nothing was asked; the connection is not even up.
            self = Self(.idle(hello))
            return .ignore
        case .greeted(let hello, let liveness):
            self = Self(.closed)
            return received(frame, greetedWith: hello, liveness)
        case .open(let open):
            self = Self(.closed)
            return received(frame, in: open)
        case .closed:
            self = Self(.closed)
            return .ignore
        }
    }

    private mutating func received(
        _ frame: Frame, greetedWith hello: Frame.Hello, _ liveness: LivenessCounter
    ) -> ReceivedAction {
        var liveness = liveness
        liveness.heard()
        switch frame {
        case .welcome(let welcome):
            let disks = DiskTable(hello.disks)
            guard welcome.disks.allSatisfy({ disks.contains($0.number) }), hello.codecs.isSuperset(of: welcome.codecs)
            else {
                return violate(.malformedFrame, "The Welcome names a disk or a codec that the Hello did not.")
            }
            guard Set(welcome.disks.map(\.number)).count == welcome.disks.count else {
                return violate(.malformedFrame, "The Welcome names a disk twice.")
            }
            let (next, overflow) = welcome.lastDurable.addingReportingOverflow(1)
            guard !overflow else { return violate(.malformedFrame, "The Welcome's last sequence is impossible.") }
            let outOfStep = welcome.disks.filter { $0.state != .differential }.map(\.number)
            state = .open(
                Open(
                    welcome: welcome, disks: disks, credit: CreditAccount(permitted: welcome.credit),
                    nextSequence: next, lastDurable: welcome.lastDurable, batch: nil,
                    syncs: SyncTable(outOfStep: Set(outOfStep))))
            return .welcomed(welcome)
        case .refuse(let refuse):
            self = Self(.closed)
            return .refused(refuse)
        case .close(let close):
            self = Self(.closed)
            return .closed(close)
        case .ping(let ping):
            self = Self(.greeted(hello, liveness))
            return ping.isAnswer ? .ignore : .send(.ping(Frame.Ping(nonce: ping.nonce, isAnswer: true)))
        case .hello, .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero,
            .syncEnd, .verifyBegin, .verifyEnd, .durable, .applied, .credit, .throttle, .digestAnswer, .syncDurable,
            .bookmarkRequest, .verifyRequest:
            return violate(.unexpectedFrame, "A \(frame.type) frame came before the Welcome.")
        }
    }

    private mutating func received(_ frame: Frame, in open: consuming Open) -> ReceivedAction {
        open.liveness.heard()
        switch frame {
        case .durable(let position):
            guard position.sequence < open.nextSequence else {
                return violate(.unexpectedFrame, "Sequence \(position.sequence) is called durable but was not sent.")
            }
            open.lastDurable = max(open.lastDurable, position.sequence)
            self = Self(.open(open))
            return .durable(through: position.sequence)
        case .applied(let position):
            guard position.sequence < open.nextSequence else {
                return violate(.unexpectedFrame, "Sequence \(position.sequence) is called applied but was not sent.")
            }
            open.lastApplied = max(open.lastApplied, position.sequence)
            self = Self(.open(open))
            return .applied(through: position.sequence)
        case .credit(let credit):
            guard open.credit.permit(total: credit.total) else {
                return violate(.unexpectedFrame, "The credit went down, to \(credit.total) bytes.")
            }
            let available = open.credit.available
            self = Self(.open(open))
            return .creditGrew(available: available)
        case .throttle(let throttle):
            self = Self(.open(open))
            return .throttled(throttle)
        case .digestAnswer(let answer):
            if let violation = open.syncs.answer(answer) { return violate(violation.code, violation.message) }
            self = Self(.open(open))
            return .digestsAnswered(answer)
        case .syncDurable(let durable):
            open.syncs.durable(durable.disk)
            self = Self(.open(open))
            return .syncDurable(durable.disk)
        case .bookmarkRequest(let request):
            self = Self(.open(open))
            return .bookmarkRequested(request)
        case .verifyRequest(let request):
            open.syncs.request(request)
            self = Self(.open(open))
            return .verifyRequested(request)
        case .ping(let ping):
            self = Self(.open(open))
            return ping.isAnswer ? .ignore : .send(.ping(Frame.Ping(nonce: ping.nonce, isAnswer: true)))
        case .close(let close):
            self = Self(.closed)
            return .closed(close)
        case .hello, .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero,
            .syncEnd, .verifyBegin, .verifyEnd, .welcome, .refuse:
            return violate(.unexpectedFrame, "A \(frame.type) frame came in an open session.")
        }
    }

    private mutating func violate(_ code: ReasonCode, _ message: String) -> ReceivedAction {
        self = Self(.closed)
        return .violated(ProtocolError(code, message), send: .close(Frame.Close(code, message)))
    }
}
