// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

@Suite struct NBDReplyEncoderTests {
    static let structured = NBDReplyEncoder(isStructured: true)
    static let simple = NBDReplyEncoder(isStructured: false)

    @Test func `simple replies, byte for byte`() {
        #expect(Self.simple.acknowledgement(cookie: 0x0102_0304_0506_0708) == hex("67446698 00000000 0102030405060708"))
        #expect(
            Self.simple.failure(cookie: 1, .noSpace, "words go nowhere") == hex("67446698 0000001c 0000000000000001"))
        #expect(
            Self.simple.dataHeader(cookie: 1, offset: 4096, count: 512, isLast: true)
                == hex("67446698 00000000 0000000000000001"))
    }

    @Test func `structured replies, byte for byte`() {
        let replies = Self.structured
        #expect(replies.acknowledgement(cookie: 1) == hex("668e33ef 0001 0000 0000000000000001 00000000"))
        #expect(
            replies.failure(cookie: 1, .inputOutput, "bad")
                == hex("668e33ef 0001 8001 0000000000000001 00000009 00000005 0003 626164"))
        #expect(
            replies.dataHeader(cookie: 1, offset: 256, count: 4, isLast: false)
                == hex("668e33ef 0000 0001 0000000000000001 0000000c 0000000000000100"))
        #expect(
            replies.dataHeader(cookie: 1, offset: 256, count: 0xffff_fff7, isLast: true)
                == hex("668e33ef 0001 0001 0000000000000001 ffffffff 0000000000000100"))
        #expect(
            replies.hole(cookie: 1, offset: 260, count: 4, isLast: true)
                == hex("668e33ef 0001 0002 0000000000000001 0000000c 0000000000000104 00000004"))
        #expect(
            replies.status(
                cookie: 1, context: 2,
                extents: [NBDExtent(length: 0x1000, flags: [.isHole, .isZero]), NBDExtent(length: 0x2000, flags: [])],
                isLast: false)
                == hex("668e33ef 0000 0005 0000000000000001 00000014 00000002 00001000 00000003 00002000 00000000"))
    }

    @Test func `a message that is too long is cut in whole characters`() {
        let reply = Self.structured.failure(cookie: 1, .invalid, String(repeating: "€", count: 2000))
        // 4096 bytes hold 1365 characters of three.
        #expect(reply.readableBytes == 26 + 4095)
        #expect(reply.getInteger(at: reply.readerIndex + 24, as: UInt16.self) == 4095)
        #expect(reply.getString(at: reply.readerIndex + 26, length: 4095) == String(repeating: "€", count: 1365))
    }

    @Test(arguments: [
        (NBDReplyError.notPermitted, 1), (.inputOutput, 5), (.noMemory, 12), (.invalid, 22), (.noSpace, 28),
        (.overflow, 75),
        (.notSupported, 95), (.shutdown, 108),
    ]) func `errors have the protocol's numbers`(error: NBDReplyError, number: Int) {
        let reply = Self.simple.failure(cookie: 1, error, "")
        #expect(reply.getInteger(at: reply.readerIndex + 4, as: UInt32.self) == UInt32(number))
    }
}
