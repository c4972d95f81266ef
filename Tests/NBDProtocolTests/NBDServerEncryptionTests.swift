// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

/// STARTTLS in the server's handshake.
@Suite struct NBDServerEncryptionTests {
    @Test func `bytes in the clear behind STARTTLS are an injection`() throws {
        // With it, and after it.
        var server = ServerConversation(.required)
        server.receive(Option.startTLS.followed(by: Option.list))
        var end = server.end
        #expect(end == .failed(.protocolViolation))
        var machine = try NBDServerHandshakeTableTests.Place.startingTLS.machine()
        var bytes = ByteBuffer()
        let nothing = try machine.received(&bytes)
        #expect(nothing == .wait)
        bytes = hex("00")
        var thrown: NBDError?
        do { _ = try machine.received(&bytes) } catch { thrown = error }
        #expect(thrown?.code == .protocolViolation)
        // One byte at a time, the option itself is none.
        server = ServerConversation(.required)
        server.receive(Option.startTLS, pieces: 1)
        end = server.end
        #expect(end == .startingTLS)
    }

    @Test func `TLS forgets what was settled before, and everything goes after it`() throws {
        var server = ServerConversation(.required)
        _ = server.takeSent()
        for option in [Option.structuredReply, NBDServerContextTests.base, Option.go("disk"), Option.list] {
            server.receive(option)
        }
        var sent = server.takeSent()
        #expect(ParsedReply.all(in: sent)?.map(\.kind) == [0x8000_0005, 0x8000_0005, 0x8000_0005, 0x8000_0005])
        server.receive(Option.startTLS)
        server.startTLS()
        _ = server.takeSent()
        server.receive(NBDServerContextTests.base)
        sent = server.takeSent()
        #expect(ParsedReply.all(in: sent)?.map(\.kind) == [0x8000_0003], "no structured replies yet")
        for option in [Option.structuredReply, NBDServerContextTests.base, Option.go("disk")] { server.receive(option) }
        guard case .finished(let terms) = server.end else {
            Issue.record("no session")
            return
        }
        #expect(terms.contexts.map(\.name) == ["base:allocation"])
    }
}
