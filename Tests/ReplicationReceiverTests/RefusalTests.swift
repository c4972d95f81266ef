// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOSSL
import ReplicationProtocol
import ReplicationReceiver
import StoragePrimitives
import Testing

/// What a broken or hostile peer gets: a code and a sentence, and no effect on the group.
@Suite(.serialized) struct RefusalTests {
    private func expectRefusal(_ code: ReasonCode, _ frame: Frame?, _ comment: Comment? = nil) {
        switch frame {
        case .refuse(let refuse)?:
            #expect(refuse.code == code, comment)
            #expect(refuse.message.count > 10)
        default: Issue.record("\(String(describing: frame)) in place of a refusal \(code)")
        }
    }

    private func expectClose(_ code: ReasonCode, _ frame: Frame?, _ comment: Comment? = nil) {
        switch frame {
        case .close(let close)?:
            #expect(close.code == code, comment)
            #expect(close.message.count > 10)
        default: Issue.record("\(String(describing: frame)) in place of a close \(code)")
        }
    }

    @Test func `without a certificate of the authority nothing is parsed`() async throws {
        try await Fixture.run { fixture in
            let stranger = try TestAuthority().identity(role: "process-server", host: "ps-1")
            let expired = try fixture.authority.identity(role: "process-server", host: "ps-1", isExpired: true)
            for identity in [stranger, expired, nil] {
                let sender = try await TestSender(
                    port: fixture.port, identity: identity, authority: fixture.authority)
                try await sender.send(Fixture.hello())
                #expect(await sender.next() == nil)
            }
            #expect(fixture.listener.status.openedSessions == 0)
            #expect(fixture.listener.status.lastError?.code == .connectionLost)
        }
    }

    @Test func `another application protocol or an older TLS gets nothing`() async throws {
        try await Fixture.run { fixture in
            for (alpn, version) in [(["h2"], TLSVersion.tlsv13), ([], .tlsv13), ([WireProtocol.alpn], .tlsv12)] {
                let sender = try await TestSender(
                    port: fixture.port, identity: fixture.sender, authority: fixture.authority, alpn: alpn,
                    version: version)
                try await sender.send(Fixture.hello())
                #expect(await sender.next() == nil)
            }
            #expect(fixture.listener.status.openedSessions == 0)
        }
    }

    @Test func `a certificate of another role is refused by name`() async throws {
        try await Fixture.run { fixture in
            for role in ["operator", "master-target", "", nil] {
                // An empty OU cannot be made; it is the same as none.
                let identity = try fixture.authority.identity(role: role == "" ? nil : role, host: "ps-1")
                let sender = try await fixture.connect(identity)
                expectRefusal(.roleNotAdmitted, await sender.next())
                await sender.ended()
            }
        }
    }

    @Test func `a Hello that does not fit is refused by name`() async throws {
        try await Fixture.run { fixture in
            let big = Frame.Hello.Disk(
                number: DiskNumber(1), sourceID: "wwn-1", sectorCount: 1 << 15, logicalBlockSize: 512)
            let cases: [(Frame, ReasonCode)] = [
                (try Fixture.hello(group: "crm"), .unknownGroup), (try Fixture.hello(host: "ps-2"), .hostNotAdmitted),
                (try Fixture.hello(token: 4), .staleFencingToken),
                (try Fixture.hello(disks: [big, Fixture.disks[1]]), .diskSizeDiffers),
                (try Fixture.hello(disks: [Fixture.disks[0]]), .disksDiffer),
                (.ping(Frame.Ping(nonce: 1)), .unexpectedFrame), (Fixture.begin(1), .unexpectedFrame),
            ]
            for (frame, code) in cases {
                let sender = try await fixture.connect()
                try await sender.send(frame)
                expectRefusal(code, await sender.next())
                await sender.ended()
            }
            #expect(fixture.listener.status.openedSessions == 0)
            #expect(fixture.listener.status.refusals == UInt64(cases.count))
            #expect(fixture.group.events.isEmpty)
        }
    }

    @Test func `garbage is refused by name`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.connect()
            try await sender.send(ByteBuffer(repeating: 0x41, count: 4096))
            expectRefusal(.headerCorrupt, await sender.next())
            let open = try await fixture.welcomed()
            try await open.send(ByteBuffer(repeating: 0, count: 64))
            expectClose(.headerCorrupt, await open.nextAnswer())
        }
    }

    @Test func `a range that is wrong ends the session before anything is taken`() async throws {
        try await Fixture.run { fixture in
            let cases: [(Frame.Write, ReasonCode)] = [
                (Fixture.write(7, 4, Fixture.data(8)), .misaligned),
                (Fixture.write(7, 8, Fixture.data(4)), .misaligned),
                (Fixture.write(1, 1 << 14, Fixture.data(1)), .outOfRange),
                (Fixture.write(1, .max, Fixture.data(2)), .outOfRange),
                (Fixture.write(3, 0, Fixture.data(8)), .unknownDisk),
            ]
            for (write, code) in cases {
                let sender = try await fixture.welcomed()
                try await sender.send(Fixture.begin(1))
                try await sender.send(.write(write), payload: Fixture.data(Int(write.sectorCount)))
                expectClose(code, await sender.nextAnswer())
                await sender.ended()
            }
            #expect(fixture.group.events.isEmpty)
        }
    }

    @Test func `an oversized Write is refused from its header`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            var header = ByteBuffer()
            header.writeMultipleIntegers(
                UInt32(WireLimits.maximumWriteBytes + 25), FrameType.write.rawValue, UInt8(0), UInt16(0), UInt64(0),
                endianness: .little)
            header.writeInteger(
                Checksum(of: header.readableBytesSpan, seed: WireProtocol.headerSeed).rawValue, endianness: .little)
            try await sender.send(header)
            expectClose(.frameTooLong, await sender.nextAnswer())
        }
    }

    @Test func `a payload that does not match its checksum ends the session and its batch`() async throws {
        try await Fixture.run { fixture in
            for codec in [Codec.none, .lz4] {
                let sender = try await fixture.welcomed()
                try await sender.send(Fixture.begin(1))
                let good = Fixture.write(1, 0, Fixture.data(2048))
                try await sender.send(.write(good), payload: Fixture.data(2048))
                try await sender.send(.write(good), payload: Fixture.data(2048))
                let write = Frame.Write(
                    disk: DiskNumber(1), sector: 0, sectorCount: 8, checksum: Checksum(rawValue: 1), codec: codec,
                    payloadBytes: 100)
                let payload = codec == .none ? Fixture.data(8) : ByteBuffer(repeating: 7, count: 100)
                try await sender.send(.write(write), payload: payload)
                expectClose(.payloadCorrupt, await sender.nextAnswer())
                await sender.ended()
                #expect(fixture.group.events.last == .abandoned)
                #expect(fixture.group.durable == 0)
            }
        }
    }

    @Test func `a gap ends the session, a repeat is acknowledged and ignored`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            for _ in 0..<2 {
                try await sender.send(Fixture.begin(1))
                try await sender.send(.write(Fixture.write(1, 0, Fixture.data(8))), payload: Fixture.data(8))
                try await sender.send(Fixture.end(1, extents: 1, bytes: 4096))
                #expect(await sender.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            }
            #expect(fixture.group.events.count == 1)
            try await sender.send(Fixture.begin(3))
            expectClose(.sequenceGap, await sender.nextAnswer())
        }
    }

    @Test func `a BatchEnd that does not describe its batch ends the session`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            try await sender.send(Fixture.end(1, extents: 1, bytes: 4096))
            expectClose(.batchMismatch, await sender.nextAnswer())
            #expect(fixture.group.events.isEmpty)
        }
    }

    @Test func `data beyond the credit ends the session`() async throws {
        try await Fixture.run(
            MemoryGroup(withholdsCredit: true),
            settings: Fixture.settings {
                $0.minimumCredit = .mebibytes(2)
                $0.sessionCredit = .mebibytes(2)
            }
        ) { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            for _ in 0..<3 {
                try await sender.send(.write(Fixture.write(1, 0, Fixture.data(2048))), payload: Fixture.data(2048))
            }
            expectClose(.creditExceeded, await sender.nextAnswer())
        }
    }

    @Test func `a connection that ends inside a frame is truncated, and its batch is abandoned`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            try await sender.send(Fixture.begin(1))
            for _ in 0..<2 {
                try await sender.send(.write(Fixture.write(1, 0, Fixture.data(2048))), payload: Fixture.data(2048))
            }
            try await sender.send(.write(Fixture.write(1, 0, Fixture.data(8))), payload: Fixture.data(7))
            await sender.close()
            await eventually { fixture.listener.status.sessions.isEmpty }
            #expect(fixture.listener.status.lastError?.code == .truncated)
            #expect(fixture.group.events.last == .abandoned)
        }
    }

    @Test func `a newer token ends the older session, and an older one is refused`() async throws {
        try await Fixture.run { fixture in
            let older = try await fixture.welcomed(token: 5)
            try await older.send(Fixture.begin(1))
            let newer = try await fixture.welcomed(token: 6)
            expectClose(.superseded, await older.nextAnswer())
            let stale = try await fixture.connect()
            try await stale.send(Fixture.hello(token: 5))
            expectRefusal(.staleFencingToken, await stale.next())
            try await newer.send(Fixture.begin(1))
            try await newer.send(Fixture.end(1, extents: 0, bytes: 0))
            #expect(await newer.nextAnswer() == .durable(Frame.Position(sequence: 1)))
            #expect(fixture.listener.status.sessions.map(\.fencingToken) == [6])
        }
    }

    @Test func `a peer that goes silent is asked, then closed`() async throws {
        try await Fixture.run(settings: Fixture.settings { $0.idleTimeout = .milliseconds(150) }) { fixture in
            let mute = try await fixture.connect()
            expectRefusal(.handshakeTimeout, await mute.next())
            let sender = try await fixture.welcomed()
            guard case .ping(let ping) = await sender.next() else {
                Issue.record("no Ping")
                return
            }
            #expect(!ping.isAnswer)
            expectClose(.idleTimeout, await sender.nextAnswer())
            await sender.ended()
        }
    }

    @Test func `a connection without a handshake is cut`() async throws {
        try await Fixture.run(settings: Fixture.settings { $0.handshakeTimeout = .milliseconds(50) }) { fixture in
            let half = try await RawConnection.connect(port: fixture.port)
            try await half.closeFuture.get()
            #expect(fixture.listener.status.lastError?.code == .handshakeTimeout)
        }
    }

    @Test func `more sessions than the limit are told to come back`() async throws {
        try await Fixture.run(settings: Fixture.settings { $0.maximumSessions = 0 }) { fixture in
            let sender = try await fixture.connect()
            try await sender.send(Fixture.hello())
            let answer = await sender.next()
            expectRefusal(.tooManySessions, answer)
            if case .refuse(let refuse)? = answer { #expect(refuse.retryAfterMilliseconds == 5000) }
        }
    }

    @Test func `more connections than the limit are cut`() async throws {
        try await Fixture.run(
            settings: Fixture.settings {
                $0.maximumSessions = 1
                $0.maximumHandshakes = 0
            }
        ) { fixture in
            let first = try await fixture.welcomed()
            let second = try await RawConnection.connect(port: fixture.port)
            try await second.closeFuture.get()
            try await first.send(.ping(Frame.Ping(nonce: 3)))
            #expect(await first.next() == .ping(Frame.Ping(nonce: 3, isAnswer: true)))
        }
    }

    @Test func `a store that fails ends the session, and a failed group is not welcomed`() async throws {
        try await Fixture.run { fixture in
            let sender = try await fixture.welcomed()
            fixture.group.fail(.init(.retentionFailed, "The retention volume failed: put it right."))
            expectClose(.storeFailed, await sender.nextAnswer())
            let again = try await fixture.connect()
            try await again.send(Fixture.hello())
            expectRefusal(.groupFailed, await again.next())
        }
    }
}
