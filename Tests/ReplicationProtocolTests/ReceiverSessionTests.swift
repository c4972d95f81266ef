// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives
import Testing

@Suite struct ReceiverSessionTests {
    private enum Stage: CaseIterable { case awaitingHello, deciding, open, batch, `repeat`, sync, closed }

    private func admission(
        _ states: [Frame.Welcome.DiskState] = [.differential, .differential]
    ) -> ReceiverSession.Admission {
        ReceiverSession.Admission(
            sessionID: 9,
            disks: zip(Samples.disks, states).map { Frame.Welcome.Disk(number: $0.number, state: $1) },
            lastDurable: 40, lastAccepted: 41, credit: 4096, idleTimeoutMilliseconds: 30_000)
    }

    private func begin(_ sequence: UInt64) -> Frame.BatchBegin {
        Frame.BatchBegin(sequence: sequence, firstTime: Timestamp(nanoseconds: 1000), accuracy: .exact)
    }

    private func session(_ stage: Stage) throws -> ReceiverSession {
        var session = ReceiverSession()
        if stage == .awaitingHello { return session }
        _ = session.received(.hello(try Samples.hello()))
        if stage == .deciding { return session }
        _ = session.admitted(admission())
        switch stage {
        case .awaitingHello, .deciding, .open: break
        case .batch: _ = session.received(.batchBegin(begin(42)))
        case .repeat: _ = session.received(.batchBegin(begin(41)))
        case .sync: _ = session.received(.syncBegin(Samples.sync))
        case .closed: _ = session.end(.shuttingDown, "")
        }
        return session
    }

    @Test func `every frame in every state has its meaning`() throws {
        let x = "unexpectedFrame"
        // Columns: awaitingHello, deciding, open, batch, repeat, sync, closed.
        let table: [FrameType: [String]] = [
            .hello: ["admit", x, x, x, x, x, "ignore"],
            .batchBegin: [x, x, "beginBatch", x, x, "syncOpen", "ignore"],
            .write: [x, x, x, "beginData", "ignore", x, "ignore"],
            .zero: [x, x, x, "addZeroes", "returnCredit", x, "ignore"],
            .batchEnd: [x, x, x, "batchMismatch", "batchMismatch", x, "ignore"],
            .bookmark: [x, x, "bookmark", x, x, "syncOpen", "ignore"],
            .syncBegin: [x, x, "beginSync", x, x, "syncOpen", "ignore"],
            .digests: [x, x, "syncNotOpen", "syncNotOpen", "syncNotOpen", "compare", "ignore"],
            .syncWrite: [x, x, "syncNotOpen", "syncNotOpen", "syncNotOpen", "beginData", "ignore"],
            .syncZero: [x, x, "syncNotOpen", "syncNotOpen", "syncNotOpen", "addZeroes", "ignore"],
            .syncEnd: [x, x, "syncNotOpen", "syncNotOpen", "syncNotOpen", "endSync", "ignore"],
            .verifyBegin: [x, x, "verifyMisplaced", x, x, "syncOpen", "ignore"],
            .verifyEnd: [x, x] + [String](repeating: "verifyMisplaced", count: 4) + ["ignore"],
            .verifyRequest: [x, x, x, x, x, x, "ignore"],
            .welcome: [x, x, x, x, x, x, "ignore"], .refuse: [x, x, x, x, x, x, "ignore"],
            .durable: [x, x, x, x, x, x, "ignore"], .applied: [x, x, x, x, x, x, "ignore"],
            .credit: [x, x, x, x, x, x, "ignore"], .throttle: [x, x, x, x, x, x, "ignore"],
            .digestAnswer: [x, x, x, x, x, x, "ignore"], .syncDurable: [x, x, x, x, x, x, "ignore"],
            .bookmarkRequest: [x, x, x, x, x, x, "ignore"],
            .ping: [x, x, "ignore", "ignore", "ignore", "ignore", "ignore"],
            .close: ["closed", "closed", "closed", "closed", "closed", "closed", "ignore"],
        ]
        #expect(Set(table.keys) == Set(FrameType.allCases))
        for frame in try Samples.all() {
            for (stage, expected) in zip(Stage.allCases, table[frame.type] ?? []) {
                var session = try session(stage)
                let action = session.received(frame)
                #expect(label(action) == expected, "\(frame.type) in \(stage)")
                switch action {
                case .violated(_, let frame):
                    #expect(session.isClosed == true)
                    let isBeforeWelcome = stage == .awaitingHello || stage == .deciding
                    #expect(frame.type == (isBeforeWelcome ? .refuse : .close))
                case .closed: #expect(session.isClosed == true)
                default: #expect(session.isClosed == (stage == .closed))
                }
            }
        }
    }

    private func label(_ action: ReceiverSession.ReceivedAction) -> String {
        switch action {
        case .violated(let error, _): "\(error.code)"
        default: String("\(action)".prefix { $0 != "(" })
        }
    }

    private func code(_ action: ReceiverSession.ReceivedAction) -> ReasonCode? {
        if case .violated(let error, _) = action { error.code } else { nil }
    }

    @Test func `admission welcomes only who is waiting for it`() throws {
        for stage in Stage.allCases {
            var session = try session(stage)
            let action = session.admitted(admission())
            guard stage == .deciding else {
                #expect(action == .abandon)
                continue
            }
            #expect(
                action
                    == .send(
                        .welcome(
                            Frame.Welcome(
                                sessionID: 9, lastDurable: 40, credit: 4096, codecs: [.lz4],
                                idleTimeoutMilliseconds: 30_000,
                                disks: Samples.disks.map {
                                    Frame.Welcome.Disk(number: $0.number, state: .differential)
                                }))))
        }
    }

    @Test func `an end is a Refuse before the Welcome and a Close after it`() throws {
        for stage in Stage.allCases {
            var session = try session(stage)
            let action = session.end(.shuttingDown, "later", retryAfterMilliseconds: 7)
            switch stage {
            case .awaitingHello, .deciding:
                #expect(action == .end(.refuse(Frame.Refuse(.shuttingDown, "later", retryAfterMilliseconds: 7))))
            case .open, .batch, .repeat, .sync: #expect(action == .end(.close(Frame.Close(.shuttingDown, "later"))))
            case .closed: #expect(action == .ignore)
            }
            #expect(session.isClosed == true)
        }
    }

    @Test func `silence is asked about, then ended`() throws {
        for stage in Stage.allCases {
            var session = try session(stage)
            var labels: [String] = []
            for _ in 0..<4 { labels.append(String("\(session.tick())".prefix { $0 != "(" })) }
            let expected =
                switch stage {
                case .awaitingHello: ["end", "none", "none", "none"]
                case .deciding, .closed: ["none", "none", "none", "none"]
                case .open, .batch, .repeat, .sync: ["send", "send", "end", "none"]
                }
            #expect(labels == expected)
        }
    }

    @Test func `the store's reports become frames in an open session only`() throws {
        for stage in Stage.allCases {
            var session = try session(stage)
            let isOpen = stage != .awaitingHello && stage != .deciding && stage != .closed
            func expect(_ action: ReceiverSession.ReportAction, _ frame: Frame) {
                #expect(action == (isOpen ? .send(frame) : .none))
            }
            expect(session.durable(through: 41), .durable(Frame.Position(sequence: 41)))
            expect(session.applied(through: 41), .applied(Frame.Position(sequence: 41)))
            expect(session.released(bytes: 512), .credit(Frame.Credit(total: 4608)))
            expect(session.syncDurable(DiskNumber(1)), .syncDurable(Frame.SyncDurable(disk: DiskNumber(1))))
            // Not again, and not backwards.
            #expect(session.durable(through: 41) == .none)
            #expect(session.applied(through: 40) == .none)
            #expect(session.released(bytes: 0) == .none)
        }
    }

    @Test func `a batch is taken when it is the next one`() throws {
        var session = try session(.batch)
        #expect(session.received(.write(Samples.write)) == .beginData(Samples.write))
        #expect(session.receivedPayload(isLast: false) == .fill(isLast: false))
        #expect(session.receivedPayload(isLast: true) == .fill(isLast: true))
        let end = Frame.BatchEnd(sequence: 42, lastTime: Timestamp(nanoseconds: 1000), extentCount: 1, dataBytes: 1024)
        #expect(session.received(.batchEnd(end)) == .endBatch(begin(42), lastTime: Timestamp(nanoseconds: 1000)))
        #expect(session.received(.batchBegin(begin(43))) == .beginBatch(begin(43)))
    }

    @Test func `a repeat is checked, acknowledged and not kept`() throws {
        var session = try session(.repeat)
        #expect(session.received(.write(Samples.write)) == .ignore)
        #expect(session.receivedPayload(isLast: false) == .discard)
        #expect(session.receivedPayload(isLast: true) == .discardLast(creditBytes: 1024))
        let end = Frame.BatchEnd(sequence: 41, lastTime: Timestamp(nanoseconds: 1000), extentCount: 1, dataBytes: 1024)
        // 41 is taken but not durable: its acknowledgement is on the way.
        #expect(session.received(.batchEnd(end)) == .ignore)
        #expect(session.received(.batchBegin(begin(40))) == .ignore)
        let empty = Frame.BatchEnd(sequence: 40, lastTime: Timestamp(nanoseconds: 1000), extentCount: 0, dataBytes: 0)
        #expect(session.received(.batchEnd(empty)) == .send(.durable(Frame.Position(sequence: 40))))
        #expect(session.received(.batchBegin(begin(42))) == .beginBatch(begin(42)))
    }

    @Test func `a gap ends the session`() throws {
        for sequence in [0, 43, 100, UInt64.max] {
            var session = try session(.open)
            #expect(code(session.received(.batchBegin(begin(sequence)))) == .sequenceGap)
            #expect(session.isClosed == true)
        }
    }

    @Test func `a batch that is not what it says ends the session`() throws {
        let time = Timestamp(nanoseconds: 1000)
        let cases: [(Frame.BatchEnd, ReasonCode)] = [
            (Frame.BatchEnd(sequence: 43, lastTime: time, extentCount: 0, dataBytes: 0), .batchMismatch),
            (Frame.BatchEnd(sequence: 42, lastTime: time, extentCount: 1, dataBytes: 0), .batchMismatch),
            (Frame.BatchEnd(sequence: 42, lastTime: time, extentCount: 0, dataBytes: 1), .batchMismatch),
            (
                Frame.BatchEnd(sequence: 42, lastTime: Timestamp(nanoseconds: 999), extentCount: 0, dataBytes: 0),
                .timesReversed
            ),
        ]
        for (end, expected) in cases {
            var session = try session(.batch)
            #expect(code(session.received(.batchEnd(end))) == expected)
        }
    }

    @Test func `ranges are checked before they have an effect`() throws {
        let cases: [(UInt16, UInt64, UInt64, ReasonCode)] = [
            (2, 0, 8, .unknownDisk), (1, 0x0010_0000, 1, .outOfRange), (1, 0, 0x0010_0001, .outOfRange),
            (1, .max, .max, .outOfRange), (1, 1, .max, .outOfRange), (7, 1, 8, .misaligned), (7, 8, 7, .misaligned),
            (1, 5, 0, .emptyRange),
        ]
        for (disk, sector, count, expected) in cases {
            var session = try session(.batch)
            let zero = Frame.Zero(disk: DiskNumber(disk), sector: sector, sectorCount: count)
            #expect(code(session.received(.zero(zero))) == expected)
        }
    }

    @Test func `a sender beyond its credit is ended`() throws {
        var session = try session(.batch)
        for _ in 0..<4 {
            #expect(session.received(.write(Samples.write)) == .beginData(Samples.write))
            _ = session.receivedPayload(isLast: true)
        }
        #expect(session.availableCredit == 0)
        _ = session.released(bytes: 1023)
        #expect(code(session.received(.write(Samples.write))) == .creditExceeded)
    }

    @Test func `a codec that was not agreed is refused`() throws {
        var session = ReceiverSession()
        let hello = try Frame.Hello(host: "h", group: "g", fencingToken: 1, codecs: [], disks: Samples.disks)
        _ = session.received(.hello(hello))
        _ = session.admitted(admission())
        _ = session.received(.batchBegin(begin(42)))
        let write = Frame.Write(
            disk: DiskNumber(1), sector: 0, sectorCount: 8, checksum: Checksum(rawValue: 0), codec: .lz4,
            payloadBytes: 9)
        #expect(code(session.received(.write(write))) == .codecNotAgreed)
    }

    @Test func `digests are compared range by range`() throws {
        var session = try session(.sync)
        // 3 ranges of 512 sectors from 512 on.
        #expect(
            session.received(.digests(Samples.digests)) == .compare(Samples.digests, Samples.sync, sectors: 512..<2048))
        let target = [RangeDigest(low: 1, high: 2), RangeDigest(low: 0, high: 4), RangeDigest(low: 5, high: 6)]
        let answer = Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [false, true, false])
        #expect(session.compared(Samples.digests, with: target) == .send(.digestAnswer(answer)))
        #expect(session.compared(Samples.digests, with: target) == .none)
        // What the store did not answer counts as different.
        _ = session.received(.digests(Samples.digests))
        let all = Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [true, true, true])
        #expect(session.compared(Samples.digests, with: []) == .send(.digestAnswer(all)))
    }

    @Test func `the last range of a disk is cut at its end`() throws {
        var session = ReceiverSession()
        let disk = Samples.disk(1, sectors: 1000)
        _ = session.received(.hello(try Frame.Hello(host: "h", group: "g", fencingToken: 1, disks: [disk])))
        _ = session.admitted(admission([.initialSync]))
        _ = session.received(.syncBegin(Samples.sync))
        let two = Frame.Digests(
            disk: DiskNumber(1), sector: 0, digests: [.init(low: 0, high: 0), .init(low: 0, high: 0)])
        #expect(session.received(.digests(two)) == .compare(two, Samples.sync, sectors: 0..<1000))
        let past = Frame.Digests(disk: DiskNumber(1), sector: 512, digests: two.digests)
        #expect(code(session.received(.digests(past))) == .outOfRange)
    }

    @Test func `digests are bounded, and start on a range`() throws {
        var session = try session(.sync)
        for _ in 0..<WireLimits.maximumUnansweredDigests { _ = session.received(.digests(Samples.digests)) }
        #expect(code(session.received(.digests(Samples.digests))) == .tooManyDigests)
        var other = try self.session(.sync)
        let crooked = Frame.Digests(disk: DiskNumber(1), sector: 8, digests: [RangeDigest(low: 0, high: 0)])
        #expect(code(other.received(.digests(crooked))) == .misaligned)
    }

    @Test func `a sync ends after its answers, and not before the last sequence`() throws {
        let time = Timestamp(nanoseconds: 5)
        var early = try session(.sync)
        #expect(
            code(
                early.received(.syncEnd(Frame.SyncEnd(disk: DiskNumber(1), time: time, sequence: 40, accuracy: .exact)))
            ) == .sequenceGap
        )
        var unanswered = try session(.sync)
        _ = unanswered.received(.digests(Samples.digests))
        let end = Frame.SyncEnd(disk: DiskNumber(1), time: time, sequence: 60, accuracy: .exact)
        #expect(code(unanswered.received(.syncEnd(end))) == .unexpectedFrame)
        var session = try session(.sync)
        #expect(session.received(.syncEnd(end)) == .endSync(end))
        _ = session.syncDurable(DiskNumber(1))
        #expect(session.received(.batchBegin(begin(61))) == .beginBatch(begin(61)))
    }

    @Test func `a disk that is out of step keeps batches out until it is synced`() throws {
        var session = ReceiverSession()
        _ = session.received(.hello(try Samples.hello()))
        _ = session.admitted(admission([.resync, .differential]))
        var refused = ReceiverSession()
        _ = refused.received(.hello(try Samples.hello()))
        _ = refused.admitted(admission([.resync, .differential]))
        #expect(code(refused.received(.batchBegin(begin(42)))) == .syncOpen)
        _ = session.received(.syncBegin(Samples.sync))
        _ = session.received(
            .syncEnd(
                Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 1), sequence: 41, accuracy: .exact)))
        _ = session.syncDurable(DiskNumber(1))
        #expect(session.received(.batchBegin(begin(42))) == .beginBatch(begin(42)))
    }
}

@Suite struct GroupTermsTests {
    private let terms = GroupTerms(
        group: "erp",
        disks: Samples.disks.map {
            GroupTerms.Disk(
                number: $0.number, sourceID: $0.sourceID, sectorCount: $0.sectorCount,
                logicalBlockSize: $0.logicalBlockSize)
        },
        admittedHosts: ["host-a", "h"], fencingToken: 5)

    private func refusal(
        host: String = "host-a", token: UInt64 = 5, _ disks: [Frame.Hello.Disk] = Samples.disks,
        certified: String = "host-a"
    ) throws -> ReasonCode? {
        let hello = try Frame.Hello(host: host, group: "erp", fencingToken: token, disks: disks)
        return terms.refusal(of: hello, certifiedHost: certified)?.code
    }

    @Test func `a Hello is held against every term`() throws {
        #expect(try refusal() == nil)
        #expect(try refusal(token: 6) == nil)
        #expect(try refusal(token: 4) == .staleFencingToken)
        #expect(try refusal(host: "h") == .hostNotAdmitted)
        #expect(try refusal(host: "x", certified: "x") == .hostNotAdmitted)
        #expect(try refusal([Samples.disks[0]]) == .disksDiffer)
        #expect(try refusal(Samples.disks + [Samples.disk(9, sectors: 8)]) == .disksDiffer)
        #expect(try refusal([Samples.disks[0], Samples.disk(9, sectors: 8)]) == .disksDiffer)
        let other = Frame.Hello.Disk(
            number: DiskNumber(1), sourceID: "wwn-other", sectorCount: 0x0010_0000, logicalBlockSize: 512)
        #expect(try refusal([other, Samples.disks[1]]) == .disksDiffer)
        #expect(try refusal([Samples.disk(1, sectors: 8), Samples.disks[1]]) == .diskSizeDiffers)
        #expect(
            try refusal([Samples.disks[0], Samples.disk(7, sectors: 0x8000)]) == .logicalBlockSizeDiffers)
    }
}
