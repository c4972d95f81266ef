// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives
import Testing

/// Comparisons of targets with their sources, at both ends.
@Suite struct ComparisonSessionTests {
    private func receiver(applied: UInt64 = 41, isAsked: Bool = true) throws -> ReceiverSession {
        var session = ReceiverSession()
        _ = session.received(.hello(try Samples.hello()))
        _ = session.admitted(
            ReceiverSession.Admission(
                sessionID: 9, disks: Samples.welcome.disks, lastDurable: 40, lastAccepted: 41, credit: 4096,
                idleTimeoutMilliseconds: 30_000))
        _ = session.durable(through: 41)
        _ = session.applied(through: applied)
        if isAsked {
            #expect(session.tell(.verifyRequest(Samples.request)) == .send(.verifyRequest(Samples.request)))
        }
        return session
    }

    private func code(_ action: ReceiverSession.ReceivedAction) -> ReasonCode? {
        if case .violated(let error, _) = action { error.code } else { nil }
    }

    private func batch(_ sequence: UInt64) -> Frame.BatchBegin {
        Frame.BatchBegin(sequence: sequence, firstTime: Timestamp(nanoseconds: 1), accuracy: .exact)
    }

    @Test func `a comparison is asked for, begins when everything is applied, and changes nothing`() throws {
        var session = try receiver()
        let verify = Samples.verify()
        #expect(session.received(.verifyBegin(verify)) == .ignore)
        #expect(
            session.received(.digests(Samples.digests))
                == .compareAtRest(Samples.digests, verify, sectors: 512..<2048))
        let target = [RangeDigest(low: 1, high: 2), RangeDigest(low: 0, high: 4), RangeDigest(low: 5, high: 6)]
        let answer = Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [false, true, false])
        #expect(session.compared(Samples.digests, with: target) == .send(.digestAnswer(answer)))
        let end = Frame.VerifyEnd(request: Samples.request, disk: DiskNumber(1))
        #expect(session.received(.verifyEnd(end)) == .endVerify(end))
        #expect(session.received(.batchBegin(batch(42))) == .beginBatch(batch(42)))
    }

    @Test func `a comparison that nobody asked for, or of another moment, is refused`() throws {
        var unasked = try receiver(isAsked: false)
        #expect(code(unasked.received(.verifyBegin(Samples.verify()))) == .verifyMisplaced)
        var early = try receiver(applied: 40)
        #expect(code(early.received(.verifyBegin(Samples.verify()))) == .verifyMisplaced)
        for sequence in [UInt64(0), 40, 42, .max] {
            var session = try receiver()
            #expect(code(session.received(.verifyBegin(Samples.verify(at: sequence)))) == .verifyMisplaced)
        }
        var strange = try receiver()
        #expect(code(strange.received(.verifyBegin(Samples.verify(disk: 3)))) == .unknownDisk)
        var inside = try receiver()
        _ = inside.received(.batchBegin(batch(42)))
        #expect(code(inside.received(.verifyBegin(Samples.verify()))) == .unexpectedFrame)
    }

    @Test func `nothing is taken while a comparison is open`() throws {
        let frames: [(Frame, ReasonCode)] = [
            (.batchBegin(batch(42)), .verifyOpen), (.syncBegin(Samples.sync), .verifyOpen),
            (.verifyBegin(Samples.verify(disk: 7)), .verifyOpen), (.syncWrite(Samples.write), .syncNotOpen),
            (
                .syncEnd(
                    Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 1), sequence: 41, accuracy: .exact)),
                .syncNotOpen
            ),
            (
                .digests(
                    Frame.Digests(disk: DiskNumber(7), sector: 0, digests: [RangeDigest(low: 0, high: 0)])),
                .syncNotOpen
            ),
            (.verifyEnd(Frame.VerifyEnd(request: Samples.request, disk: DiskNumber(7))), .verifyMisplaced),
        ]
        for (frame, expected) in frames {
            var session = try receiver()
            _ = session.received(.verifyBegin(Samples.verify()))
            #expect(code(session.received(frame)) == expected, "\(frame.type)")
        }
        var unanswered = try receiver()
        _ = unanswered.received(.verifyBegin(Samples.verify()))
        _ = unanswered.received(.digests(Samples.digests))
        let end = Frame.VerifyEnd(request: Samples.request, disk: DiskNumber(1))
        #expect(code(unanswered.received(.verifyEnd(end))) == .unexpectedFrame)
    }

    @Test func `a sender compares only what it was asked for, when it is applied`() throws {
        var session = SenderSession(try Samples.hello())
        _ = session.connected()
        _ = session.received(.welcome(Samples.welcome))
        func refusal(_ action: SenderSession.SendAction) -> ReasonCode? {
            if case .refuse(let error) = action { error.code } else { nil }
        }
        #expect(refusal(session.begin(Samples.verify(at: 42))) == .verifyMisplaced)
        #expect(session.received(.verifyRequest(Samples.request)) == .verifyRequested(Samples.request))
        _ = session.begin(batch(42))
        #expect(refusal(session.begin(Samples.verify(at: 42))) == .unexpectedFrame)
        _ = session.endBatch(lastTime: Timestamp(nanoseconds: 2))
        #expect(refusal(session.begin(Samples.verify(at: 42))) == .verifyMisplaced)
        _ = session.received(.applied(Frame.Position(sequence: 42)))
        let verify = Samples.verify(at: 42)
        #expect(session.begin(verify) == .send(.verifyBegin(verify)))
        #expect(refusal(session.begin(batch(43))) == .verifyOpen)
        #expect(session.ask(Samples.digests) == .send(.digests(Samples.digests)))
        let end = Frame.VerifyEnd(request: Samples.request, disk: DiskNumber(1))
        #expect(refusal(session.end(end)) == .unexpectedFrame)
        let answer = Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [true, false, true])
        #expect(session.received(.digestAnswer(answer)) == .digestsAnswered(answer))
        #expect(session.end(end) == .send(.verifyEnd(end)))
        #expect(session.begin(batch(43)) == .send(.batchBegin(batch(43))))
    }
}
