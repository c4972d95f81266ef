// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import NIOCore
import StoragePrimitives
import Testing

struct HostileClientTests {
    private static let mebibyte = 1 << 20

    // MARK: TLS

    @Test func `before TLS nothing is told and nobody is asked`() async throws {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte))
            let client = try await fixture.client()
            try await client.greet()
            for option in [3, 6, 7, 8, 9, 10, 99] as [UInt32] {
                let reply = try await client.ask(
                    option, option == 3 || option == 8 ? ByteBuffer() : TestClient.question("disk"))
                #expect(reply.map(\.kind) == [1 << 31 | 5], "option \(option)")
            }
            // It has no reply that could refuse it.
            await client.send(TestClient.option(1, ByteBuffer(string: "disk")))
            await client.ended()
            #expect(fixture.directory.peers.isEmpty)
        }
    }

    @Test func `who has no certificate of the authority gets nothing`() async throws {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte))
            let stranger = try TestAuthority()
            let identities = [
                nil, try stranger.identity(roles: ["nbd-client"], host: "h"),
                try fixture.authority.identity(roles: ["nbd-client"], host: "h", isExpired: true),
            ]
            for identity in identities {
                let client = try await fixture.client()
                try await client.greet()
                try await client.startTLS(try fixture.authority.client(identity))
                await client.send(TestClient.option(7, TestClient.question("disk")))
                await client.ended()
            }
            #expect(fixture.directory.peers.isEmpty)
            #expect(await eventually { fixture.listener.connectionCount == 0 })
        }
    }

    @Test func `what is no TLS, and what was said in the clear behind the request for it, ends the connection`()
        async throws
    {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            for rest in [ByteBuffer(repeating: 0x5a, count: 4096), TestClient.option(3)] {
                let client = try await fixture.client()
                try await client.greet()
                #expect(try await client.ask(5).map(\.kind) == [1])
                await client.send(rest)
                await client.ended()
                let injecting = try await fixture.client()
                try await injecting.greet()
                var bytes = TestClient.option(5)
                bytes.writeImmutableBuffer(rest)
                await injecting.send(bytes)
                await injecting.ended()
            }
            #expect(fixture.directory.peers.isEmpty)
        }
    }

    @Test func `the directory learns the role and the host, and of a doubtful certificate that it is one`() async throws
    {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte, [0: pattern(4096, seed: 1)]))
            let rows: [([String], NBDPeer)] = [
                (["nbd-client"], .certified(role: "nbd-client", host: "host-1")),
                (["process-server"], .certified(role: "process-server", host: "host-1")), ([], .unnamed),
                (["nbd-client", "operator"], .unnamed),
            ]
            for (roles, named) in rows {
                let client = try await fixture.client()
                let identity = try fixture.authority.identity(roles: roles, host: "host-1")
                var peer = named
                if case .certified(let role, let host, _) = named {
                    let serial = Array(identity.certificate.serialNumber.drop { $0 == 0 })
                    peer = .certified(role: role, host: host, serial: serial)
                }
                try await client.go("disk", tls: try fixture.authority.client(identity))
                #expect(fixture.directory.peers.last == peer)
                #expect(try await client.read(0, 4096) == pattern(4096, seed: 1))
            }
            fixture.directory["disk"] = .refused("That role may not.")
            let client = try await fixture.client()
            try await client.greet()
            let identity = try fixture.authority.identity(roles: ["wrong"], host: "host-1")
            try await client.startTLS(try fixture.authority.client(identity))
            let reply = try await client.ask(7, TestClient.question("disk"))
            #expect(reply.map(\.kind) == [1 << 31 | 2])
            #expect(reply.map { String(buffer: $0.data) } == ["That role may not."])
            #expect(try await client.ask(3).count == 2)
        }
    }

    @Test func `who is not admitted any more is ended, and the others go on`() async throws {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte, [0: pattern(4096, seed: 1)]))
            var clients: [TestClient] = []
            for host in ["good", "bad"] {
                let client = try await fixture.client()
                let identity = try fixture.authority.identity(roles: ["nbd-client"], host: host)
                try await client.go("disk", tls: try fixture.authority.client(identity))
                clients.append(client)
            }
            fixture.directory.banned = ["bad"]
            fixture.listener.lookAtPeers()
            await clients[1].ended()
            #expect(try await clients[0].read(0, 4096) == pattern(4096, seed: 1))
        }
    }

    @Test func `a renewed certificate is shown from then on`() async throws {
        try await ServerFixture.run(isEncrypted: true) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte, [0: pattern(4096, seed: 1)]))
            let other = try TestAuthority()
            try fixture.listener.use(other.trust(other.identity(roles: ["master-target"], host: "mt-2")))
            let client = try await fixture.client()
            let identity = try other.identity(roles: ["nbd-client"], host: "h")
            try await client.go("disk", tls: try other.client(identity))
            #expect(try await client.read(0, 4096) == pattern(4096, seed: 1))
        }
    }

    @Test func `without TLS there is none to start`() async throws {
        try await ServerFixture.run { fixture in
            let client = try await fixture.client()
            try await client.greet()
            #expect(try await client.ask(5).map(\.kind) == [1 << 31 | 2])
            #expect(try await client.ask(3).map(\.kind) == [1])
            #expect(fixture.directory.peers == [.local])
        }
    }

    // MARK: Crowds and idlers

    @Test func `a thousand connections are held to the limit, and those that are served go on`() async throws {
        try await ServerFixture.run(settings: ServerFixture.settings { $0.maximumConnections = 16 }) { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte, [0: pattern(4096, seed: 1)]))
            let served = try await fixture.client("disk")
            var crowd: [TestClient] = []
            for _ in 0..<1000 {
                crowd.append(try await fixture.client())
                #expect(fixture.listener.connectionCount <= 16)
            }
            #expect(try await served.read(0, 4096) == pattern(4096, seed: 1))
            for client in crowd { await client.close() }
            #expect(await eventually { fixture.listener.connectionCount == 1 })
            #expect(try await fixture.client("disk").read(0, 4096) == pattern(4096, seed: 1))
        }
    }

    @Test(arguments: [true, false])
    func `a client that does not finish its handshake is cut off`(isEncrypted: Bool) async throws {
        try await ServerFixture.run(
            isEncrypted: isEncrypted, settings: ServerFixture.settings { $0.handshakeTimeout = .milliseconds(200) }
        ) { fixture in
            let silent = try await fixture.client()
            await silent.ended()
            let halfway = try await fixture.client()
            var bytes = ByteBuffer(integer: 3 as UInt32)
            bytes.writeImmutableBuffer(TestClient.option(isEncrypted ? 5 : 3))
            await halfway.send(bytes)
            await halfway.ended()
            #expect(await eventually { fixture.listener.connectionCount == 0 })
        }
    }

    @Test func `a client whose export is looked for for too long is cut off`() async throws {
        final class Slow: NBDDirectory {
            func list(for peer: NBDPeer) -> [(name: String, description: String)] { [] }
            func find(_ name: String, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void) {}
        }
        try await ServerFixture.run(
            settings: ServerFixture.settings { $0.handshakeTimeout = .milliseconds(200) }, directory: Slow()
        ) { fixture in
            let client = try await fixture.client()
            try await client.greet()
            await client.send(TestClient.option(7, TestClient.question("disk")))
            await client.ended()
        }
    }

    /// With less than what fills the connection's buffer, and with more.
    @Test(arguments: [2, 64])
    func `a client that stops to read is cut off, and its memory serves others`(requests: UInt64) async throws {
        try await ServerFixture.run(
            settings: ServerFixture.settings { settings in
                settings.stallTimeout = .milliseconds(300)
                settings.totalWindow = .mebibytes(4)
            }
        ) { fixture in
            let image = try fixture.image(bytes: 32 * Self.mebibyte, [0: pattern(32 * Self.mebibyte, seed: 1)])
            fixture.serve(image)
            let deaf = try await fixture.client("disk")
            try await deaf.channel.setOption(.autoRead, value: false).get()
            for cookie in 0..<requests {
                deaf.push(TestClient.request(.read, cookie, offset: 0, length: 32 << 20))
            }
            let other = try await fixture.client("disk")
            #expect(try await other.read(0, 32 << 20) == (try image.readAll()))
            #expect(await eventually { fixture.listener.connectionCount == 1 })
            #expect(fixture.workers.freeBytes == 4 << 20)
            await deaf.close()
        }
    }

    @Test func `a client that reads slowly is served to the end`() async throws {
        try await ServerFixture.run(settings: ServerFixture.settings { $0.stallTimeout = .seconds(2) }) { fixture in
            let image = try fixture.image(bytes: 32 * Self.mebibyte, [0: pattern(32 * Self.mebibyte, seed: 1)])
            fixture.serve(image)
            let client = try await fixture.client("disk")
            try await client.channel.setOption(.autoRead, value: false).get()
            await client.begin(.read, 1, offset: 0, length: 32 << 20)
            // Longer than the timeout in all, and never as long without a read.
            let channel = client.channel
            let reading = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
                channel.read()
            }
            try await Task.sleep(for: .seconds(5))
            reading.cancel()
            #expect(channel.isActive)
            try await client.channel.setOption(.autoRead, value: true).get()
            #expect(try await client.answer(1).data == (try image.readAll()))
        }
    }

    @Test func `many readers of long ranges share little memory, and each gets every byte`() async throws {
        try await ServerFixture.run(
            settings: ServerFixture.settings { settings in
                settings.totalWindow = .mebibytes(1)
                settings.connectionWindow = .mebibytes(2)
            }
        ) { fixture in
            let image = try fixture.image(bytes: 8 * Self.mebibyte, [0: pattern(8 * Self.mebibyte, seed: 1)])
            fixture.serve(image)
            let expected = try image.readAll()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for index in 0..<16 {
                    // Those without structured replies hold more than there is: they have to take turns.
                    let client = try await fixture.client("disk", isStructured: index % 4 != 0)
                    tasks.addTask {
                        for cookie in 0..<4 as Range<UInt64> {
                            await client.begin(.read, cookie, offset: 0, length: 8 << 20)
                        }
                        for cookie in 0..<4 as Range<UInt64> {
                            let answer = try await client.answer(cookie)
                            #expect(answer.data == expected)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(fixture.workers.freeBytes == 1 << 20)
        }
    }

    // MARK: What is said

    @Test func `two requests of one cookie at a time end the connection`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: Self.mebibyte)
            let gate = Gate()
            fixture.serve(HookedDevice(image) { (call, _, _) in if call == .read { gate.wait() } })
            let client = try await fixture.client("disk")
            await client.begin(.read, 7, offset: 0, length: 4096)
            await client.begin(.read, 7, offset: 0, length: 4096)
            await client.ended()
            gate.open()
            // One after the other is no fault.
            let next = try await fixture.client("disk")
            for _ in 0..<3 { #expect(try await next.read(0, 4096, cookie: 7).count == 4096) }
        }
    }

    @Test func `a hundred thousand requests in a row are answered, however short their way`() async throws {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(fixture)
            defer { ingest.end() }
            ingest.serve(fixture)
            fixture.serve(try fixture.image(bytes: Self.mebibyte))
            for name in ["disk", "disk0"] {
                for command in [NBDCommand.cache, .flush, .resize, .trim] {
                    let client = try await fixture.client(name)
                    var bytes = ByteBuffer()
                    let count: UInt64 = command == .cache ? 100_000 : 10_000
                    for cookie in 0..<count {
                        bytes.writeImmutableBuffer(
                            TestClient.request(command, cookie, length: command == .flush ? 0 : 4096))
                    }
                    client.push(bytes)
                    let error: NBDReplyError? =
                        command == .resize ? .invalid : command == .trim && name == "disk" ? .notPermitted : nil
                    for cookie in 0..<count where cookie % 100 == 0 || cookie == count - 1 {
                        #expect(try await client.answer(cookie).error == error)
                    }
                    await client.close()
                }
            }
        }
    }

    @Test func `a client that does not wait for the answer to its choice is served`() async throws {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(fixture)
            defer { ingest.end() }
            ingest.serve(fixture)
            let client = try await fixture.client()
            var bytes = ByteBuffer(integer: 3 as UInt32)
            bytes.writeImmutableBuffer(TestClient.option(1, ByteBuffer(string: "disk0")))
            bytes.writeImmutableBuffer(TestClient.write(1, offset: 4096, pattern(4096, seed: 1)))
            await client.send(bytes)
            // Greeting, size and flags.
            _ = try await client.take(18 + 10)
            #expect(try await client.answer(1).error == nil)
            #expect(try await client.read(4096, 4096) == pattern(4096, seed: 1))
        }
    }

    @Test(arguments: [true, false])
    func `what was asked before the farewell is answered, also when the client closes its direction`(
        closes: Bool
    ) async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 4 * Self.mebibyte, [0: pattern(4 * Self.mebibyte, seed: 1)])
            let gate = Gate()
            fixture.serve(HookedDevice(image) { (call, _, _) in if call == .read { gate.wait() } })
            let client = try await fixture.client("disk")
            await client.begin(.read, 1, offset: 0, length: 4 << 20)
            await client.begin(.disconnect, 2)
            if closes { try await client.channel.close(mode: .output) }
            // Nothing more is taken.
            await client.begin(.read, 3, offset: 0, length: 4096)
            gate.open()
            #expect(try await client.answer(1).data == (try image.readAll()))
            await #expect(throws: TestClient.Ended.self) { _ = try await client.answer(3) }
        }
    }

    @Test(arguments: [true, false])
    func `a client that says it has had enough is told so, and closed`(isEncrypted: Bool) async throws {
        try await ServerFixture.run(isEncrypted: isEncrypted) { fixture in
            let client = try await fixture.client()
            try await client.greet()
            if isEncrypted {
                let identity = try fixture.authority.identity(roles: ["nbd-client"], host: "h")
                try await client.startTLS(try fixture.authority.client(identity))
            }
            #expect(try await client.ask(2).map(\.kind) == [1])
            await client.ended()
            #expect(await eventually { fixture.listener.connectionCount == 0 })
        }
    }

    @Test func `bytes that are no request end the connection, and only it`() async throws {
        try await ServerFixture.run { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte), isWritable: true)
            let good = try await fixture.client("disk")
            var tooLong = TestClient.request(.write, 1, offset: 0, length: 1 << 31)
            tooLong.writeRepeatingByte(0, count: 4096)
            for bytes in [
                ByteBuffer(repeating: 0xFF, count: 28), tooLong, ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"),
            ] {
                let client = try await fixture.client("disk")
                await client.send(bytes)
                await client.ended()
                let early = try await fixture.client()
                await early.send(bytes)
                await early.ended()
            }
            #expect(try await good.read(0, 4096).count == 4096)
        }
    }

    @Test func `a closed listener has no clients, and one whose place is taken says so`() async throws {
        try await ServerFixture.run { fixture in
            fixture.serve(try fixture.image(bytes: Self.mebibyte))
            let clients = [try await fixture.client("disk"), try await fixture.client()]
            await fixture.listener.close()
            for client in clients { await client.ended() }
            #expect(fixture.listener.connectionCount == 0)
        }
        try await ServerFixture.run(isEncrypted: true) { fixture in
            await #expect { try await fixture.another() } throws: { error in
                (error as? NBDServerError)?.code == .cannotListen
            }
        }
    }
}
