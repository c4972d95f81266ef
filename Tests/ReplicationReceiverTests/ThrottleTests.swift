// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import ReplicationReceiver
import RetentionStore
import StoragePrimitives
import Testing

@Suite struct ThrottleDeciderTests {
    private static let second: Int64 = 1_000_000_000

    private static let limits = {
        var limits = ThrottleDecider.Limits()
        limits.backlogBytes = 900
        limits.backlogNanoseconds = 30 * second
        limits.calmLooks = 2
        limits.holdMilliseconds = 3000
        return limits
    }()

    private static let calm = IngestPressure()
    private static let blocked = IngestPressure(blocked: "The retention volume has no room left.")
    private static let overQuota = IngestPressure(
        backlogNanoseconds: 1, usedBytes: ByteCount(101), quota: ByteCount(100))

    private static func behind(_ bytes: UInt64, _ seconds: Int64) -> IngestPressure {
        IngestPressure(backlogBytes: bytes, backlogNanoseconds: seconds * second)
    }

    /// What each look says: the cause and the hold, or nothing.
    private func looks(_ pressures: [IngestPressure]) -> [String] {
        var decider = ThrottleDecider(Self.limits)
        return pressures.map { pressure in
            decider.look(pressure).map { "\($0.cause) \($0.holdMilliseconds)" } ?? "-"
        }
    }

    @Test func `each cause begins at its limit, and not before`() {
        let table: [(IngestPressure, String)] = [
            (Self.calm, "-"), (Self.blocked, "journal 3000"), (Self.overQuota, "quota 3000"),
            (IngestPressure(backlogNanoseconds: 1, usedBytes: ByteCount(100), quota: ByteCount(100)), "-"),
            // Over its quota, but nothing waits: holding the sender would change nothing.
            (IngestPressure(usedBytes: ByteCount(101), quota: ByteCount(100)), "-"),
            (IngestPressure(backlogNanoseconds: 1, usedBytes: ByteCount(101)), "-"),
            (Self.behind(900, 30), "target 3000"), (Self.behind(899, 30), "-"), (Self.behind(900, 29), "-"),
            (Self.behind(.max, .max / Self.second), "target 3000"),
            (
                IngestPressure(blocked: "full", backlogBytes: 900, backlogNanoseconds: 30 * Self.second),
                "journal 3000"
            ),
        ]
        for (pressure, expected) in table { #expect(looks([pressure]) == [expected], "\(pressure)") }
    }

    @Test func `a hold is renewed, and ends after two calm looks in a row`() {
        #expect(
            looks([Self.blocked, Self.blocked, Self.calm, Self.blocked, Self.calm, Self.calm, Self.calm])
                == ["journal 3000", "journal 3000", "journal 3000", "journal 3000", "journal 3000", "journal 0", "-"])
    }

    @Test func `a slow target is let go below a third of what made it wait`() {
        #expect(
            looks([
                Self.behind(900, 30), Self.behind(300, 10), Self.behind(299, 40), Self.behind(900, 9),
                Self.behind(900, 29),
            ]) == ["target 3000", "target 3000", "target 3000", "target 0", "-"])
    }

    @Test func `one cause gives way to another`() {
        #expect(
            looks([Self.behind(900, 30), Self.blocked, Self.overQuota, Self.calm, Self.calm])
                == ["target 3000", "journal 3000", "quota 3000", "quota 3000", "quota 0"])
    }
}

extension SessionTests {
    @Test func `a sender is told to wait while the group does not keep up, and that it need not any more`() async throws
    {
        try await Fixture.run(
            settings: Fixture.settings {
                $0.pressureInterval = .milliseconds(10)
            }
        ) { fixture in
            let sender = try await fixture.welcomed()
            #expect(fixture.listener.status.sessions.first?.throttle == nil)
            fixture.group.press(IngestPressure(blocked: "The retention volume has no room left."))
            guard case .throttle(let first)? = await sender.nextAnswer() else { return #expect(Bool(false)) }
            #expect(first.cause == .journal)
            #expect(first.holdMilliseconds == 3000)
            #expect(first.message.contains("no room left"))
            #expect(fixture.listener.status.sessions.first?.throttle?.cause == .journal)
            fixture.group.press(IngestPressure())
            while case .throttle(let next)? = await sender.nextAnswer() {
                if next.holdMilliseconds == 0 { break }
            }
            try await sender.send(Fixture.begin(1))
            try await sender.send(Fixture.end(1, extents: 0, bytes: 0))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            #expect(fixture.listener.status.sessions.first?.throttle == nil)
        }
    }

    @Test func `a sync that ends before another has begun ends the session, and the group learns nothing of it`()
        async throws
    {
        try await Fixture.run(MemoryGroup(unsynced: [DiskNumber(1), DiskNumber(7)])) { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(
                .syncBegin(Frame.SyncBegin(disk: DiskNumber(1), kind: .initial, granularity: 65_536, seed: 7)))
            try await sender.send(
                .syncEnd(
                    Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 5), sequence: 0, accuracy: .exact)))
            guard case .close(let close)? = await sender.nextAnswer() else { return #expect(Bool(false)) }
            #expect(close.code == .syncIncomplete)
            #expect(fixture.group.events == [.beginSync(DiskNumber(1))])
        }
    }

    @Test func `a comparison names the ranges that differ, and tells when the session breaks off`() async throws {
        let digests = [RangeDigest(low: 1, high: 1), RangeDigest(low: 2, high: 2)]
        try await Fixture.run(MemoryGroup(digests: digests)) { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            try await sender.send(Fixture.end(1, extents: 0, bytes: 0))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            let (events, inbox) = AsyncStream<ComparisonEvent>.makeStream()
            let request = Frame.VerifyRequest(idHigh: 1, idLow: 2)
            #expect(fixture.listener.compare("erp", request) { inbox.yield($0) })
            #expect(!fixture.listener.compare("crm", request) { _ in })
            #expect(await sender.nextAnswer() == .verifyRequest(request))
            var iterator = events.makeAsyncIterator()
            for disk in [DiskNumber(1), DiskNumber(7)] {
                try await sender.send(
                    .verifyBegin(
                        Frame.VerifyBegin(request: request, disk: disk, sequence: 1, granularity: 65_536, seed: 3)))
                let question = Frame.Digests(disk: disk, sector: 128, digests: [digests[0], digests[0]])
                try await sender.send(.digests(question))
                #expect(
                    await sender.nextAnswer()
                        == .digestAnswer(Frame.DigestAnswer(disk: disk, sector: 128, differing: [false, true])))
                #expect(
                    await iterator.next() == .compared(disk, bytes: 131_072, differing: [131_072..<196_608]))
                try await sender.send(.verifyEnd(Frame.VerifyEnd(request: request, disk: disk)))
            }
            #expect(await iterator.next() == .ended)
            #expect(fixture.listener.compare("erp", request) { inbox.yield($0) })
            #expect(await sender.nextAnswer() == .verifyRequest(request))
            await sender.close()
            guard case .failed(let reason)? = await iterator.next() else { return #expect(Bool(false)) }
            #expect(reason.contains("ended before"))
        }
    }
}
