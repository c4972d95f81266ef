// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

@Suite struct NBDServerHandshakeTests {
    @Test func `the greeting`() {
        let greeting = NBDServerHandshake(encryption: .required).greeting()
        #expect(greeting == hex("4e42444d41474943 49484156454f5054 0003"))
    }

    @Test func `a whole handshake, byte for byte`() {
        var server = ServerConversation()
        _ = server.takeSent()
        server.receive(hex("49484156454f5054 00000008 00000000"))
        var sent = server.takeSent()
        #expect(sent == hex("0003e889045565a9 00000008 00000001 00000000"))
        server.receive(
            hex(
                """
                49484156454f5054 0000000a 00000039             ; set meta context
                00000004 6469736b                              ; disk
                00000002
                0000000f 626173653a616c6c6f636174696f6e        ; base:allocation
                00000016 6d61737465727461726765743a6368616e6765643a61 ; mastertarget:changed:a
                """))
        sent = server.takeSent()
        #expect(
            sent
                == hex(
                    """
                    0003e889045565a9 0000000a 00000004 00000013 00000001 626173653a616c6c6f636174696f6e
                    0003e889045565a9 0000000a 00000004 0000001a 00000002 6d61737465727461726765743a6368616e6765643a61
                    0003e889045565a9 0000000a 00000001 00000000
                    """))
        server.receive(hex("49484156454f5054 00000007 00000010 00000004 6469736b 0003 0003 0001 0002"))
        sent = server.takeSent()
        #expect(
            sent
                == hex(
                    """
                    0003e889045565a9 00000007 00000003 0000000c 0000 0000000000100000 08cd     ; 1 MiB, the flags
                    0003e889045565a9 00000007 00000003 0000000e 0003 00000200 00001000 02000000 ; 512, 4096, 32 MiB
                    0003e889045565a9 00000007 00000003 00000006 0001 6469736b                  ; disk
                    0003e889045565a9 00000007 00000003 00000008 0002 61206469736b              ; a disk
                    0003e889045565a9 00000007 00000001 00000000                                ; acknowledged
                    """))
        let end = server.end
        #expect(
            end
                == .finished(
                    NBDSessionTerms(
                        offer: ServerConversation.disk, hasStructuredReplies: true,
                        contexts: [
                            NBDContextBinding(number: 1, name: "base:allocation"),
                            NBDContextBinding(number: 2, name: "mastertarget:changed:a"),
                        ])))
    }

    @Test(
        arguments: [
            ([], [0, 3]), ([0, 3], [0, 3]), ([1], [0, 3, 1]), ([2], [0, 3, 2]), ([99, 2, 1, 1], [0, 3, 1, 2]),
        ] as [([UInt16], [UInt16])]) func `what is asked for is told, once`(asked: [UInt16], told: [UInt16]) throws
    {
        var server = ServerConversation()
        _ = server.takeSent()
        server.receive(Option.info("disk", asked))
        let sent = server.takeSent()
        let replies = try #require(ParsedReply.all(in: sent))
        #expect(replies.dropLast().map { $0.data.getInteger(at: $0.data.readerIndex, as: UInt16.self) } == told)
        #expect(replies.last?.kind == 1)
    }

    @Test func `the list, byte for byte`() {
        var server = ServerConversation()
        _ = server.takeSent()
        server.receive(Option.list)
        let sent = server.takeSent()
        #expect(
            sent
                == hex(
                    """
                    0003e889045565a9 00000003 00000002 0000000e 00000004 6469736b 61206469736b ; disk, a disk
                    0003e889045565a9 00000003 00000002 0000000a 00000006 6c6f636b6564          ; locked
                    0003e889045565a9 00000003 00000001 00000000                                ; acknowledged
                    """))
    }

    @Test func `what the protocol cannot say is left out of a list, what is too long is cut`() throws {
        var machine = NBDServerHandshake(encryption: .none)
        var bytes = hex("00000003").followed(by: Option.list)
        _ = try machine.received(&bytes)
        let long = String(repeating: "é", count: 3000)
        let sent = machine.listed([(long, ""), ("a\0b", ""), ("d", "x" + long)])
        let replies = try #require(ParsedReply.all(in: sent))
        #expect(replies.map(\.kind) == [2, 1])
        var data = replies[0].data
        #expect(data.readInteger(as: UInt32.self) == 1)
        #expect(data.readString(length: data.readableBytes) == "dx" + String(repeating: "é", count: 2047))
    }

    @Test(arguments: [UInt32(1), 3])
    func `the old way to an export`(flags: UInt32) {
        var server = ServerConversation(flags: ByteBuffer(integer: flags))
        _ = server.takeSent()
        server.receive(Option.exportName("disk").followed(by: hex("25609513")))
        // No structured replies, so no NBD_FLAG_SEND_DF.
        var expected = hex("0000000000100000 084d")
        if flags == 1 { expected.writeRepeatingByte(0, count: 124) }
        let sent = server.takeSent()
        #expect(sent == expected)
        var offer = ServerConversation.disk
        offer.flags.remove(.sendsDF)
        let end = server.end
        #expect(end == .finished(NBDSessionTerms(offer: offer, hasStructuredReplies: false, contexts: [])))
        let rest = server.rest
        #expect(rest == hex("25609513"), "what follows belongs to transmission")
    }

    @Test(arguments: ["none", "locked"]) func `the old way to no export`(name: String) {
        var server = ServerConversation()
        _ = server.takeSent()
        server.receive(Option.exportName(name))
        let (end, sent) = (server.end, server.sent)
        #expect(end == .closed)
        #expect(sent.readableBytes == 0)
    }

    @Test func `flags are told as they hold`() throws {
        var machine = NBDServerHandshake(encryption: .none)
        var bytes = hex("00000003").followed(by: Option.info("d"))
        _ = try machine.received(&bytes)
        let offer = NBDExportOffer(name: "d", size: 0, flags: [.sendsFastZero, .sendsDF, .sendsTrim])
        guard case .send(let sent) = machine.found(.offer(offer, contexts: [])) else {
            Issue.record("no answer")
            return
        }
        let replies = try #require(ParsedReply.all(in: sent))
        #expect(replies[0].data == hex("0000 0000000000000000 0021"), "has flags, trim")
    }

    static let wrongFlags: [(UInt32, NBDError.Code)] = [
        (0, .notNBD), (2, .notNBD), (4, .protocolViolation), (7, .protocolViolation), (0x8000_0003, .protocolViolation),
        (0x4745_5420, .protocolViolation),
    ]

    @Test(arguments: wrongFlags) func `wrong client flags end it`(flags: UInt32, code: NBDError.Code) {
        let server = ServerConversation(flags: ByteBuffer(integer: flags))
        let end = server.end
        #expect(end == .failed(code))
    }

    @Test func `a client that never chooses is cut off`() {
        var server = ServerConversation()
        for _ in 0..<NBDLimit.options { server.receive(Option.option(99)) }
        var end = server.end
        #expect(end == .open)
        server.receive(Option.go("disk"))
        end = server.end
        #expect(end == .failed(.tooLarge))
    }

    @Test func `the largest option is taken`() {
        var server = ServerConversation()
        _ = server.takeSent()
        server.receive(Option.option(99, ByteBuffer(repeating: 1, count: NBDLimit.optionBytes)), pieces: 1000)
        let sent = server.takeSent()
        #expect(ParsedReply.all(in: sent)?.map(\.kind) == [0x8000_0001])
        server.receive(Option.abort)
        let end = server.end
        #expect(end == .closed)
    }

    @Test func `the most queries are taken, and one more refused`() {
        var server = ServerConversation()
        _ = server.takeSent()
        let queries = [String](repeating: "base:", count: NBDLimit.queries)
        server.receive(Option.listContexts("disk", queries))
        server.receive(Option.listContexts("disk", queries + ["x:"]))
        let sent = server.takeSent()
        #expect(ParsedReply.all(in: sent)?.map(\.kind) == [4, 1, 0x8000_0009])
    }

    static let streams: [[ByteBuffer]] = [
        [
            Option.list, Option.structuredReply, NBDServerContextTests.base, Option.info("disk", [1, 2]),
            Option.go("disk", [3]),
            hex("25609513"),
        ],
        [
            Option.option(99, hex("010203")), Option.option(7, hex("00")), Option.info("none"),
            Option.exportName("disk"),
        ],
        [Option.listContexts("locked"), Option.startTLS, Option.abort],
        [Option.list, hex("49484156454f5054 00000063 00010001"), Option.list],
        [Option.list, hex("47455420")],
    ]

    @Test(arguments: streams, [1, 3, 17])
    func `in pieces of any size as at once`(stream: [ByteBuffer], pieces: Int) {
        let bytes = stream.reduce(hex("00000003")) { $0.followed(by: $1) }
        var whole = ServerConversation(flags: nil)
        whole.receive(bytes)
        var cut = ServerConversation(flags: nil)
        cut.receive(bytes, pieces: pieces)
        let (wholeEnd, cutEnd, wholeSent, cutSent) = (whole.end, cut.end, whole.sent, cut.sent)
        #expect(wholeEnd == cutEnd)
        #expect(wholeSent == cutSent)
        let (wholeRest, cutRest) = (whole.rest, cut.rest)
        if case .finished = wholeEnd { #expect(wholeRest == cutRest) }
    }

    @Test func `random bytes never trap`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bytes = ByteBuffer()
            for _ in 0..<8 {
                let data = (0..<UInt32.random(in: 0...24, using: &generator)).map { _ in
                    [0, 0, 0, 1, 4, 0x3a, 0xff].randomElement(using: &generator) ?? UInt8(0)
                }
                let code = UInt32.random(in: 0...12, using: &generator)
                bytes.writeImmutableBuffer(Option.option(code, ByteBuffer(bytes: data)))
            }
            var server = ServerConversation(Bool.random(using: &generator) ? .none : .required)
            server.receive(bytes)
            // Any end will do: what is tested is that there is one.
        }
    }
}
