// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension ReceiverSession {
    /// What the caller does about a frame.
    public enum ReceivedAction: Hashable, Sendable {
        case ignore
        /// Ask the directory, then call ``admitted(_:)`` or
        /// ``end(_:_:retryAfterMilliseconds:)``.
        case admit(Frame.Hello)
        case beginBatch(Frame.BatchBegin)
        /// Data for the open batch or sync; its payload follows.
        case beginData(Frame.Write)
        /// A range of zeroes for the open batch or sync.
        case addZeroes(Frame.Zero)
        case endBatch(Frame.BatchBegin, lastTime: Timestamp)
        /// A range of a repeat: nothing to keep; give its credit back.
        case returnCredit(bytes: Int)
        case bookmark(Frame.Bookmark)
        case beginSync(Frame.SyncBegin)
        /// Compare the sectors with the target and call ``compared(_:with:)``.
        case compare(Frame.Digests, Frame.SyncBegin, sectors: Range<UInt64>)
        case endSync(Frame.SyncEnd)
        /// Compare the sectors with the target, which nothing changes meanwhile, and call ``compared(_:with:)``.
        case compareAtRest(Frame.Digests, Frame.VerifyBegin, sectors: Range<UInt64>)
        /// All of the disk was compared.
        case endVerify(Frame.VerifyEnd)
        case send(Frame)
        /// The sender ended the session.
        case closed(Frame.Close)
        /// The peer broke the protocol: send the frame as the last one.
        case violated(ProtocolError, send: Frame)
    }

    /// A frame came from the sender.
    public mutating func received(_ frame: Frame) -> ReceivedAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.closed)
            return receivedFirst(frame)
        case .deciding(let hello):
            self = Self(.closed)
            return received(frame, deciding: hello)
        case .open(let open):
            self = Self(.closed)
            return received(frame, in: open)
        case .closed:
            self = Self(.closed)
            return .ignore
        }
    }

    private mutating func receivedFirst(_ frame: Frame) -> ReceivedAction {
        switch frame {
        case .hello(let hello):
            state = .deciding(hello)
            return .admit(hello)
        case .close(let close):
            return .closed(close)
        case .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero, .syncEnd,
            .verifyBegin, .verifyEnd, .welcome, .refuse, .durable, .applied, .credit, .throttle, .digestAnswer,
            .syncDurable, .bookmarkRequest, .verifyRequest, .ping:
            return refuse(frame, "before the Hello")
        }
    }

    private mutating func received(_ frame: Frame, deciding hello: Frame.Hello) -> ReceivedAction {
        switch frame {
        case .close(let close):
            return .closed(close)
        case .hello, .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero,
            .syncEnd, .verifyBegin, .verifyEnd, .welcome, .refuse, .durable, .applied, .credit, .throttle,
            .digestAnswer, .syncDurable, .bookmarkRequest, .verifyRequest, .ping:
            return refuse(frame, "before the Welcome")
        }
    }

    private mutating func received(_ frame: Frame, in open: consuming Open) -> ReceivedAction {
        open.liveness.heard()
        let result: Result<ReceivedAction, ProtocolError> =
            switch frame {
            case .batchBegin(let begin): open.begin(begin)
            case .write(let write): open.write(write)
            case .zero(let zero): open.zero(zero)
            case .batchEnd(let end): open.end(end)
            case .bookmark(let bookmark): open.bookmark(bookmark)
            case .syncBegin(let sync): open.begin(sync)
            case .digests(let digests): open.ask(digests)
            case .syncWrite(let write): open.syncWrite(write)
            case .syncZero(let zero): open.syncZero(zero)
            case .syncEnd(let sync): open.end(sync)
            case .verifyBegin(let verify): open.begin(verify)
            case .verifyEnd(let verify): open.end(verify)
            case .ping(let ping):
                .success(ping.isAnswer ? .ignore : .send(.ping(Frame.Ping(nonce: ping.nonce, isAnswer: true))))
            case .close(let close): .success(.closed(close))
            case .hello, .welcome, .refuse, .durable, .applied, .credit, .throttle, .digestAnswer, .syncDurable,
                .bookmarkRequest, .verifyRequest:
                .failure(ProtocolError(.unexpectedFrame, "A \(frame.type) frame came in an open session."))
            }
        switch result {
        case .success(.closed(let close)):
            return .closed(close)
        case .success(let action):
            state = .open(open)
            return action
        case .failure(let violation):
            return .violated(violation, send: .close(Frame.Close(violation.code, violation.message)))
        }
    }

    private func refuse(_ frame: Frame, _ when: String) -> ReceivedAction {
        let message = "A \(frame.type) frame came \(when)."
        return .violated(
            ProtocolError(.unexpectedFrame, message), send: .refuse(Frame.Refuse(.unexpectedFrame, message)))
    }

    /// What the caller does with a piece of a payload.
    public enum PayloadAction: Hashable, Sendable {
        /// Copy the bytes to the extent that was begun; with the last ones, end and check it.
        case fill(isLast: Bool)
        /// The bytes are compressed: gather them; with the last ones, decompress and fill the extent.
        case gather(Frame.Write, isLast: Bool)
        case discard
        /// The last bytes of a repeat: give the credit back.
        case discardLast(creditBytes: Int)
    }

    /// A piece of the payload of the Write or SyncWrite that was received last.
    public mutating func receivedPayload(isLast: Bool) -> PayloadAction {
        switch consume state {
        case .awaitingHello:
            self = Self(.awaitingHello)
            return .discard
        case .deciding(let hello):
            self = Self(.deciding(hello))
            return .discard
        case .open(var open):
            open.liveness.heard()
            let action: PayloadAction =
                switch open.payload {
                case .none: .discard
                case .keep(let write): write.codec == .none ? .fill(isLast: isLast) : .gather(write, isLast: isLast)
                case .discard(let write): isLast ? .discardLast(creditBytes: write.dataBytes) : .discard
                }
            if isLast { open.payload = .none }
            self = Self(.open(open))
            return action
        case .closed:
            self = Self(.closed)
            return .discard
        }
    }
}
