// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives
import Testing

@Suite struct SenderSessionTests {
    private enum Stage: CaseIterable { case idle, greeted, open, closed }

    private func session(_ stage: Stage) throws -> SenderSession {
        var session = SenderSession(try Samples.hello())
        if stage == .idle { return session }
        _ = session.connected()
        if stage == .greeted { return session }
        _ = session.received(.welcome(Samples.welcome))
        if stage == .open { return session }
        _ = session.close(.finished, "")
        return session
    }

    private let begin = Frame.BatchBegin(sequence: 42, firstTime: Timestamp(nanoseconds: 1000), accuracy: .exact)

    @Test func `connecting says Hello once`() throws {
        let expected: [Stage: SenderSession.ConnectedAction] = [
            .idle: .send(.hello(try Samples.hello())), .greeted: .ignore, .open: .ignore, .closed: .ignore,
        ]
        for stage in Stage.allCases {
            var session = try session(stage)
            #expect(session.connected() == expected[stage])
        }
    }

    @Test func `every frame in every state has its meaning`() throws {
        // Per frame: what it means greeted and open. Idle and closed ignore everything.
        typealias Row = (FrameType, greeted: String, open: String)
        let table: [Row] = [
            (.welcome, "welcomed", "unexpectedFrame"), (.refuse, "refused", "unexpectedFrame"),
            (.durable, "unexpectedFrame", "durable"), (.applied, "unexpectedFrame", "applied"),
            (.credit, "unexpectedFrame", "creditGrew"), (.throttle, "unexpectedFrame", "throttled"),
            (.digestAnswer, "unexpectedFrame", "unexpectedFrame"), (.syncDurable, "unexpectedFrame", "syncDurable"),
            (.bookmarkRequest, "unexpectedFrame", "bookmarkRequested"), (.ping, "ignore", "ignore"),
            (.close, "closed", "closed"), (.hello, "unexpectedFrame", "unexpectedFrame"),
            (.batchBegin, "unexpectedFrame", "unexpectedFrame"), (.write, "unexpectedFrame", "unexpectedFrame"),
            (.zero, "unexpectedFrame", "unexpectedFrame"), (.batchEnd, "unexpectedFrame", "unexpectedFrame"),
            (.bookmark, "unexpectedFrame", "unexpectedFrame"), (.syncBegin, "unexpectedFrame", "unexpectedFrame"),
            (.digests, "unexpectedFrame", "unexpectedFrame"), (.syncWrite, "unexpectedFrame", "unexpectedFrame"),
            (.syncZero, "unexpectedFrame", "unexpectedFrame"), (.syncEnd, "unexpectedFrame", "unexpectedFrame"),
            (.verifyBegin, "unexpectedFrame", "unexpectedFrame"), (.verifyEnd, "unexpectedFrame", "unexpectedFrame"),
            (.verifyRequest, "unexpectedFrame", "verifyRequested"),
        ]
        #expect(Set(table.map(\.0)) == Set(FrameType.allCases))
        for frame in try Samples.all() {
            let row = try #require(table.first { $0.0 == frame.type })
            for (stage, expected) in [
                (Stage.idle, "ignore"), (.greeted, row.greeted), (.open, row.open), (.closed, "ignore"),
            ] {
                var session = try session(stage)
                let action = session.received(frame)
                #expect(label(action) == expected, "\(frame.type) in \(stage)")
                if case .violated = action { #expect(session.isOpen == false) }
            }
        }
    }

    private func label(_ action: SenderSession.ReceivedAction) -> String {
        switch action {
        case .violated(let error, _): "\(error.code)"
        default: String("\(action)".prefix { $0 != "(" })
        }
    }

    @Test func `pings are answered`() throws {
        for stage in [Stage.greeted, .open] {
            var session = try session(stage)
            let answer = session.received(.ping(Frame.Ping(nonce: 5)))
            #expect(answer == .send(.ping(Frame.Ping(nonce: 5, isAnswer: true))))
        }
    }

    @Test func `nothing is sent outside of an open session`() throws {
        for stage in [Stage.idle, .greeted, .closed] {
            var session = try session(stage)
            let actions = [
                session.begin(begin), session.write(Samples.write),
                session.zero(Frame.Zero(disk: DiskNumber(1), sector: 0, sectorCount: 8)),
                session.endBatch(lastTime: Timestamp(nanoseconds: 1)), session.begin(Samples.sync),
                session.ask(Samples.digests), session.syncWrite(Samples.write),
                session.syncZero(Frame.Zero(disk: DiskNumber(1), sector: 0, sectorCount: 8)),
                session.end(
                    Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 1), sequence: 41, accuracy: .exact)),
            ]
            for action in actions {
                guard case .refuse(let error) = action else {
                    Issue.record("\(action) in \(stage)")
                    continue
                }
                #expect(error.code == .unexpectedFrame)
            }
            #expect(session.availableCredit == 0)
            #expect(session.nextSequence == nil)
        }
    }

    @Test func `a batch is counted, and the next one follows it`() throws {
        var session = try session(.open)
        #expect(session.begin(begin) == .send(.batchBegin(begin)))
        #expect(session.write(Samples.write) == .send(.write(Samples.write)))
        let zero = Frame.Zero(disk: DiskNumber(7), sector: 8, sectorCount: 1 << 14)
        #expect(session.zero(zero) == .send(.zero(zero)))
        let end = Frame.BatchEnd(
            sequence: 42, lastTime: Timestamp(nanoseconds: 2000), extentCount: 2, dataBytes: 1024)
        #expect(session.endBatch(lastTime: Timestamp(nanoseconds: 2000)) == .send(.batchEnd(end)))
        #expect(session.nextSequence == 43)
        #expect(session.availableCredit == 4096 - 1024 - 512)
        #expect(session.received(.durable(Frame.Position(sequence: 42))) == .durable(through: 42))
    }

    @Test func `credit runs out and comes back`() throws {
        var session = try session(.open)
        _ = session.begin(begin)
        for _ in 0..<4 { #expect(session.write(Samples.write) == .send(.write(Samples.write))) }
        #expect(session.write(Samples.write) == .awaitCredit)
        #expect(session.received(.credit(Frame.Credit(total: 5120))) == .creditGrew(available: 1024))
        #expect(session.write(Samples.write) == .send(.write(Samples.write)))
        guard case .violated(let error, _) = session.received(.credit(Frame.Credit(total: 5119))) else {
            Issue.record("credit may not shrink")
            return
        }
        #expect(error.code == .unexpectedFrame)
    }

    @Test func `a range that the disk does not have is not sent`() throws {
        let cases: [(UInt16, UInt64, UInt32, ReasonCode)] = [
            (2, 0, 8, .unknownDisk), (1, 0x0010_0000, 1, .outOfRange), (1, 0x000f_ffff, 2, .outOfRange),
            (1, .max, 1, .outOfRange), (7, 1, 8, .misaligned), (7, 8, 7, .misaligned),
        ]
        for (disk, sector, count, code) in cases {
            var session = try session(.open)
            _ = session.begin(begin)
            let write = Frame.Write(
                disk: DiskNumber(disk), sector: sector, sectorCount: count, checksum: Checksum(rawValue: 0))
            guard case .refuse(let error) = session.write(write) else {
                Issue.record("\(write)")
                continue
            }
            #expect(error.code == code)
        }
    }

    @Test func `a sync keeps batches out until it ends`() throws {
        var session = try session(.open)
        #expect(session.begin(Samples.sync) == .send(.syncBegin(Samples.sync)))
        guard case .refuse(let open) = session.begin(begin) else { return #expect(Bool(false)) }
        #expect(open.code == .syncOpen)
        #expect(session.ask(Samples.digests) == .send(.digests(Samples.digests)))
        let end = Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 9), sequence: 50, accuracy: .exact)
        guard case .refuse(let unanswered) = session.end(end) else { return #expect(Bool(false)) }
        #expect(unanswered.code == .unexpectedFrame)
        let answer = Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [true, false, true])
        #expect(session.received(.digestAnswer(answer)) == .digestsAnswered(answer))
        #expect(session.syncWrite(Samples.write) == .send(.syncWrite(Samples.write)))
        #expect(session.end(end) == .send(.syncEnd(end)))
        #expect(session.nextSequence == 51)
        let next = Frame.BatchBegin(sequence: 51, firstTime: Timestamp(nanoseconds: 9), accuracy: .exact)
        guard case .refuse(let waiting) = session.begin(next) else { return #expect(Bool(false)) }
        #expect(waiting.code == .syncOpen)
        _ = session.received(.syncDurable(Frame.SyncDurable(disk: DiskNumber(1))))
        #expect(session.begin(next) == .send(.batchBegin(next)))
    }

    @Test func `a disk that is out of step keeps batches out`() throws {
        var session = try session(.greeted)
        let welcome = Frame.Welcome(
            sessionID: 1, lastDurable: 0, credit: 1 << 20, codecs: [], idleTimeoutMilliseconds: 3000,
            disks: [Frame.Welcome.Disk(number: DiskNumber(7), state: .initialSync)])
        _ = session.received(.welcome(welcome))
        let first = Frame.BatchBegin(sequence: 1, firstTime: Timestamp(nanoseconds: 0), accuracy: .exact)
        guard case .refuse(let error) = session.begin(first) else { return #expect(Bool(false)) }
        #expect(error.code == .syncOpen)
        let compressed = Frame.Write(
            disk: DiskNumber(7), sector: 0, sectorCount: 8, checksum: Checksum(rawValue: 0), codec: .lz4,
            payloadBytes: 9)
        _ = session.begin(Frame.SyncBegin(disk: DiskNumber(7), kind: .initial, granularity: 4096, seed: 0))
        guard case .refuse(let codec) = session.syncWrite(compressed) else { return #expect(Bool(false)) }
        #expect(codec.code == .codecNotAgreed)
        _ = session.end(
            Frame.SyncEnd(disk: DiskNumber(7), time: Timestamp(nanoseconds: 1), sequence: 0, accuracy: .exact))
        _ = session.received(.syncDurable(Frame.SyncDurable(disk: DiskNumber(7))))
        #expect(session.begin(first) == .send(.batchBegin(first)))
    }

    @Test func `silence is asked about, then given up`() throws {
        for stage in Stage.allCases {
            var session = try session(stage)
            let actions = [session.tick(), session.tick(), session.tick(), session.tick()].map(label)
            let expected =
                switch stage {
                case .idle, .closed: ["none", "none", "none", "none"]
                case .greeted: ["none", "none", "giveUp", "none"]
                case .open: ["send", "send", "giveUp", "none"]
                }
            #expect(actions == expected)
        }
    }

    private func label(_ action: SenderSession.TickAction) -> String { String("\(action)".prefix { $0 != "(" }) }

    @Test func `a Welcome for another Hello is a violation`() throws {
        let strange = Frame.Welcome(
            sessionID: 1, lastDurable: 0, credit: 0, codecs: [], idleTimeoutMilliseconds: 1,
            disks: [Frame.Welcome.Disk(number: DiskNumber(3), state: .differential)])
        var session = try session(.greeted)
        guard case .violated = session.received(.welcome(strange)) else { return #expect(Bool(false)) }
        #expect(session.isOpen == false)
    }
}
