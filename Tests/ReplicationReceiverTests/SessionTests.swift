// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import ReplicationReceiver
import RetentionStore
import StoragePrimitives
import Testing

/// Sessions that go well.
@Suite(.serialized) struct SessionTests {
    @Test func `a batch reaches the group as it was sent, overlaps included`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            let first = Fixture.write(1, 0, Fixture.data(16, 1))
            let second = Fixture.write(1, 8, Fixture.data(16, 2))
            try await sender.send(Fixture.begin(1))
            try await sender.send(.write(first), payload: Fixture.data(16, 1))
            try await sender.send(.write(second), payload: Fixture.data(16, 2))
            try await sender.send(.zero(Frame.Zero(disk: DiskNumber(7), sector: 8, sectorCount: 16)))
            try await sender.send(Fixture.end(1, extents: 3, bytes: 16384))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            let stamp = BatchStamp(
                sourceSequence: 1, firstTime: Timestamp(nanoseconds: 100), lastTime: Timestamp(nanoseconds: 200),
                accuracy: .exact)
            let extents = [
                Extent(disk: DiskNumber(1), sector: 0, sectorCount: 16, content: .data(first.checksum)),
                Extent(disk: DiskNumber(1), sector: 8, sectorCount: 16, content: .data(second.checksum)),
                Extent(disk: DiskNumber(7), sector: 8, sectorCount: 16, content: .zeroes),
            ]
            #expect(fixture.group.events == [.part(stamp, extents, isLast: true)])
            let status = fixture.listener.status
            #expect(status.totals.batches == 1)
            #expect(status.totals.dataBytes == ByteCount(16384))
            #expect(status.sessions.map(\.group) == ["erp"])
        }
    }

    @Test func `a batch larger than memory comes in parts within the credit`() async throws {
        try await Fixture.run(
            settings: Fixture.settings {
                $0.minimumCredit = .mebibytes(2)
                $0.sessionCredit = .mebibytes(2)
            }
        ) { fixture in
            let sender = try await fixture.connect()
            var machine = SenderSession(
                try Frame.Hello(host: "ps-1", group: "erp", fencingToken: 5, disks: Fixture.disks))
            if case .send(let hello) = machine.connected() { try await sender.send(hello) }
            if let welcome = await sender.next() { _ = machine.received(welcome) }
            let begin = Frame.BatchBegin(sequence: 1, firstTime: Timestamp(nanoseconds: 1), accuracy: .exact)
            if case .send(let frame) = machine.begin(begin) { try await sender.send(frame) }
            let data = Fixture.data(1000)
            for index in 0..<64 {
                while true {
                    let action = machine.write(Fixture.write(1, UInt64(index % 16) * 1000, data))
                    if case .send(let frame) = action {
                        try await sender.send(frame, payload: data)
                        break
                    }
                    #expect(action == .awaitCredit)
                    guard let frame = await sender.next() else { return #expect(Bool(false)) }
                    _ = machine.received(frame)
                }
            }
            if case .send(let end) = machine.endBatch(lastTime: Timestamp(nanoseconds: 2)) {
                try await sender.send(end)
            }
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            #expect(fixture.group.dataBytes == 64 * 512_000)
        }
    }

    @Test func `zeroes alone never run out of credit`() async throws {
        try await Fixture.run(
            settings: Fixture.settings {
                $0.minimumCredit = .kibibytes(64)
                $0.sessionCredit = .kibibytes(64)
            }
        ) { fixture in
            let sender = try await fixture.connect()
            var machine = SenderSession(
                try Frame.Hello(host: "ps-1", group: "erp", fencingToken: 5, disks: Fixture.disks))
            if case .send(let hello) = machine.connected() { try await sender.send(hello) }
            if let welcome = await sender.next() { _ = machine.received(welcome) }
            let begin = Frame.BatchBegin(sequence: 1, firstTime: Timestamp(nanoseconds: 1), accuracy: .exact)
            if case .send(let frame) = machine.begin(begin) { try await sender.send(frame) }
            for _ in 0..<1000 {
                while true {
                    let action = machine.zero(Frame.Zero(disk: DiskNumber(1), sector: 0, sectorCount: 8))
                    if case .send(let frame) = action {
                        try await sender.send(frame)
                        break
                    }
                    guard let frame = await sender.next() else { return #expect(Bool(false)) }
                    _ = machine.received(frame)
                }
            }
            if case .send(let end) = machine.endBatch(lastTime: Timestamp(nanoseconds: 2)) {
                try await sender.send(end)
            }
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
        }
    }

    @Test func `compressed data arrives as it was`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            let data = Fixture.data(512)
            var compressed = ByteBuffer()
            let size = try #require(LZ4Codec.compress(data.readableBytesSpan, to: &compressed, limit: 200_000))
            let write = Frame.Write(
                disk: DiskNumber(1), sector: 0, sectorCount: 512, checksum: Checksum(of: data.readableBytesSpan),
                codec: .lz4, payloadBytes: size)
            try await sender.send(Fixture.begin(1))
            try await sender.send(.write(write))
            // In two pieces, to be put together again.
            let half = compressed.readSlice(length: size / 2)
            try await sender.send(try #require(half))
            try await sender.send(compressed)
            try await sender.send(Fixture.end(1, extents: 1, bytes: 262_144))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
        }
    }

    @Test func `a sync asks, answers, copies and lets batches in when it is durable`() async throws {
        let digests = [RangeDigest(low: 1, high: 1), RangeDigest(low: 2, high: 2)]
        try await Fixture.run(MemoryGroup(unsynced: [DiskNumber(1)], digests: digests)) { fixture in
            let sender = try await fixture.connect()
            try await sender.send(Fixture.hello())
            guard case .welcome(let welcome) = await sender.next() else { return #expect(Bool(false)) }
            #expect(welcome.disks.map(\.state) == [.initialSync, .differential])
            try await sender.send(
                .syncBegin(Frame.SyncBegin(disk: DiskNumber(1), kind: .resync, granularity: 262_144, seed: 7)))
            let question = Frame.Digests(disk: DiskNumber(1), sector: 0, digests: [digests[0], digests[0]])
            try await sender.send(.digests(question))
            #expect(
                await sender.nextAnswer()
                    == .digestAnswer(
                        Frame.DigestAnswer(disk: DiskNumber(1), sector: 0, differing: [false, true])))
            let write = Fixture.write(1, 512, Fixture.data(512))
            try await sender.send(.syncWrite(write), payload: Fixture.data(512))
            try await sender.send(.syncZero(Frame.Zero(disk: DiskNumber(1), sector: 0, sectorCount: 8)))
            try await sender.send(
                .syncEnd(
                    Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 5), sequence: 3, accuracy: .exact)))
            #expect(await sender.nextAnswer() == .syncDurable(Frame.SyncDurable(disk: DiskNumber(1))))
            try await sender.send(Fixture.begin(4))
            try await sender.send(Fixture.end(4, extents: 0, bytes: 0))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 4)))
            #expect(fixture.group.events.first == .beginSync(DiskNumber(1)))
            #expect(fixture.group.events.contains(.endSync(DiskNumber(1), 3)))
        }
    }

    @Test func `bookmarks are ordered like batches, and can be asked for`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            let request = Frame.BookmarkRequest(idHigh: 1, idLow: 2, kind: .applicationConsistent, label: "drill")
            #expect(fixture.listener.tell("erp", .bookmarkRequest(request)))
            #expect(!fixture.listener.tell("crm", .bookmarkRequest(request)))
            #expect(await sender.nextAnswer() == .bookmarkRequest(request))
            let bookmark = try Frame.Bookmark(
                sequence: 1, idHigh: 1, idLow: 2, time: Timestamp(nanoseconds: 9), kind: .applicationConsistent,
                label: "drill")
            try await sender.send(.bookmark(bookmark))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            #expect(fixture.group.events == [.bookmark(1, "drill")])
        }
    }

    @Test func `a sender that comes back goes on where the group stands`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            try await sender.send(Fixture.end(1, extents: 0, bytes: 0))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            try await sender.send(.close(Frame.Close(.finished, "Nothing more to send.")))
            await sender.ended()
            let again = try await fixture.connect()
            try await again.send(Fixture.hello())
            guard case .welcome(let welcome) = await again.next() else { return #expect(Bool(false)) }
            #expect(welcome.lastDurable == 1)
            #expect(fixture.listener.status.openedSessions == 2)
        }
    }

    @Test func `a session can be ended from this side, and shutting down says so`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            try await fixture.listener.endSession(of: "erp", .groupNotReady, "Group erp is being recovered.").get()
            #expect(fixture.listener.status.sessions.isEmpty)
            #expect(
                await sender.nextAnswer() == .close(Frame.Close(.groupNotReady, "Group erp is being recovered.")))
        }
        let group = MemoryGroup()
        var last: TestSender?
        try await Fixture.run(group) { fixture in last = try await fixture.welcomed() }
        guard case .close(let close)? = await last?.nextAnswer() else { return #expect(Bool(false)) }
        #expect(close.code == .shuttingDown)
    }

    @Test func `what an earlier session had in flight is no credit for the next`() async throws {
        let group = MemoryGroup(withholdsCredit: true)
        try await Fixture.run(group) { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            try await sender.send(.write(Fixture.write(1, 0, Fixture.data(2048))), payload: Fixture.data(2048))
            try await sender.send(Fixture.end(1, extents: 1, bytes: 1 << 20))
            #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            await sender.close()
            let again = try await fixture.welcomed()
            group.release()
            try await again.send(Fixture.begin(2))
            try await again.send(.write(Fixture.write(1, 0, Fixture.data(8))), payload: Fixture.data(8))
            try await again.send(Fixture.end(2, extents: 1, bytes: 4096))
            #expect(await again.next() == .durable(Frame.Position(sequence: 2)))
            group.release()
            var frame = await again.next()
            if case .applied = frame { frame = await again.next() }
            #expect(frame == .credit(Frame.Credit(total: 32 << 20 | 4096)))
        }
    }
}

@Suite struct ReleaseLedgerTests {
    @Test func `zeroes come back after the data before them`() {
        var ledger = ReleaseLedger()
        #expect(ledger.handed(dataBytes: 0, zeroCredit: 512) == 512)
        #expect(ledger.handed(dataBytes: 1000, zeroCredit: 512) == 0)
        #expect(ledger.handed(dataBytes: 0, zeroCredit: 1024) == 0)
        #expect(ledger.released(bytes: 400) == 400)
        #expect(ledger.released(bytes: 600) == 600 + 512 + 1024)
        #expect(ledger.handed(dataBytes: 0, zeroCredit: 512) == 512)
        #expect(ledger.handed(dataBytes: 10, zeroCredit: 0) == 0)
        #expect(ledger.released(bytes: 10) == 10)
    }
}
