// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

/// Metadata contexts in the server's handshake.
@Suite struct NBDServerContextTests {
    /// The contexts of the session after these options.
    private func contexts(_ options: [ByteBuffer]) throws -> [NBDContextBinding] {
        var server = ServerConversation()
        for option in options { server.receive(option) }
        guard case .finished(let terms) = server.end else {
            Issue.record("no session")
            return []
        }
        return terms.contexts
    }

    static let base = Option.setContexts("disk", ["base:allocation"])

    @Test func `contexts count for the export they were selected for`() throws {
        let structured = Option.structuredReply
        let base = [NBDContextBinding(number: 1, name: "base:allocation")]
        #expect(try contexts([structured, Self.base, Option.go("disk")]) == base)
        #expect(try contexts([structured, Self.base, Option.exportName("disk")]) == base)
        #expect(try contexts([structured, Self.base, Option.info("none"), Option.list, Option.go("disk")]) == base)
        // Listing selects nothing, and unselects nothing.
        #expect(try contexts([structured, Self.base, Option.listContexts("disk"), Option.go("disk")]) == base)
        #expect(try contexts([structured, Option.listContexts("disk"), Option.go("disk")]).isEmpty)
        // The last one counts, for whatever export it was, and even if it failed.
        let changed = Option.setContexts("disk", ["mastertarget:changed:b"])
        #expect(
            try contexts([structured, Self.base, changed, Option.go("disk")]) == [
                NBDContextBinding(number: 1, name: "mastertarget:changed:b")
            ])
        for last in [
            Option.setContexts("none", ["base:allocation"]), Option.setContexts("disk"),
            Option.setContexts("disk", ["base:"]), Option.setContexts("disk", ["base:nothing"]),
            Option.option(10, hex("00")),
        ] { #expect(try contexts([structured, Self.base, last, Option.go("disk")]).isEmpty) }
        // The same disk by another name is another export.
        let byDefault = Option.setContexts("", ["base:allocation"])
        #expect(try contexts([structured, byDefault, Option.go("")]) == base)
        #expect(try contexts([structured, byDefault, Option.go("disk")]).isEmpty)
        #expect(try contexts([structured, Self.base, Option.exportName("")]).isEmpty)
        // Not without structured replies.
        #expect(try contexts([Self.base, structured, Option.go("disk")]).isEmpty)
    }

    @Test func `a list of contexts`() throws {
        for (queries, expected) in [
            ([], ServerConversation.contexts), (["base:"], ["base:allocation"]), (["base:nothing", "other:"], []),
            (["mastertarget:", "base:allocation"], ServerConversation.contexts),
        ] {
            var server = ServerConversation()
            _ = server.takeSent()
            server.receive(Option.listContexts("disk", queries))
            let sent = server.takeSent()
            let replies = try #require(ParsedReply.all(in: sent))
            #expect(replies.map(\.kind) == expected.map { _ in 4 } + [1])
            #expect(
                replies.dropLast().map(\.data) == expected.map { hex("00000000").followed(by: ByteBuffer(string: $0)) })
        }
    }

    @Test func `one context twice is one, and too many are refused`() throws {
        var machine = NBDServerHandshake(encryption: .none)
        var bytes = hex("00000003").followed(by: Option.structuredReply)
        _ = try machine.received(&bytes)
        bytes = Self.base
        _ = try machine.received(&bytes)
        let names = (0..<NBDLimit.contexts).map { "x:\($0)" }
        var action = machine.found(.offer(ServerConversation.disk, contexts: names + names))
        guard case .send(let sent) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(ParsedReply.all(in: sent)?.count == NBDLimit.contexts + 1)
        bytes = Self.base
        _ = try machine.received(&bytes)
        action = machine.found(.offer(ServerConversation.disk, contexts: names + ["x:more"]))
        guard case .send(let refusal) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(ParsedReply.all(in: refusal)?.map(\.kind) == [NBDServerHandshakeTableTests.tooBig])
        bytes = Option.go("disk")
        _ = try machine.received(&bytes)
        guard case .finished(let terms, _) = machine.found(.offer(ServerConversation.disk, contexts: names)) else {
            Issue.record("no session")
            return
        }
        #expect(terms.contexts.isEmpty, "the selection that failed replaced the one before it")
    }
}
