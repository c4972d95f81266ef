// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

@Suite struct NBDClientHandshakeTests {
    static let bitmap = "qemu:dirty-bitmap:b0"

    static let greeting = hex(
        """
        4e42444d41474943 ; NBDMAGIC
        49484156454f5054 ; IHAVEOPT
        0003             ; fixed newstyle, no zeroes
        """)
    static let structuredAcknowledged = hex("0003e889045565a9 00000008 00000001 00000000")
    static let contexts = hex(
        """
        0003e889045565a9 0000000a 00000004 00000013 00000001 ; context 1
        626173653a616c6c6f636174696f6e                       ; base:allocation
        0003e889045565a9 0000000a 00000004 00000018 00000002 ; context 2
        71656d753a64697274792d6269746d61703a6230             ; qemu:dirty-bitmap:b0
        0003e889045565a9 0000000a 00000001 00000000          ; acknowledged
        """)
    static let export = hex(
        """
        0003e889045565a9 00000007 00000003 0000000c 0000 0000000000100000 0003 ; 1 MiB, read-only
        0003e889045565a9 00000007 00000003 0000000e 0003 00000200 00001000 02000000 ; 512, 4096, 32 MiB
        0003e889045565a9 00000007 00000003 00000006 0009 01020304 ; information nobody knows
        0003e889045565a9 00000007 00000001 00000000          ; acknowledged
        """)

    static func machine() -> NBDClientHandshake {
        NBDClientHandshake(exportName: "disk", contexts: ["base:allocation"], requiredContexts: [bitmap])
    }

    /// All actions until the bytes are used up, the waits left out.
    static func play(
        _ machine: inout NBDClientHandshake, _ bytes: ByteBuffer, pieces: Int
    ) throws(NBDError) -> [NBDClientHandshake.Action] {
        var bytes = bytes
        var gathered = ByteBuffer()
        var actions: [NBDClientHandshake.Action] = []
        while let piece = bytes.readSlice(length: min(pieces, bytes.readableBytes)), piece.readableBytes > 0 {
            gathered.writeImmutableBuffer(piece)
            while true {
                let action = try machine.received(&gathered)
                if action == .wait { break }
                actions.append(action)
                if case .finished = action { return actions }
            }
        }
        return actions
    }

    @Test(arguments: [1, 7, 1 << 20])
    func `a whole handshake, in pieces of any size`(pieces: Int) throws {
        var machine = Self.machine()
        let sent = try Self.play(&machine, Self.greeting, pieces: pieces)
        #expect(
            sent == [
                .send(
                    hex(
                        """
                        00000003                           ; fixed newstyle, no zeroes
                        49484156454f5054 00000008 00000000 ; structured replies
                        """))
            ])
        let asked = try Self.play(&machine, Self.structuredAcknowledged, pieces: pieces)
        #expect(
            asked == [
                .send(
                    hex(
                        """
                        49484156454f5054 0000000a 00000037 ; set meta context
                        00000004 6469736b                  ; disk
                        00000002
                        0000000f 626173653a616c6c6f636174696f6e
                        00000014 71656d753a64697274792d6269746d61703a6230
                        """))
            ])
        let went = try Self.play(&machine, Self.contexts, pieces: pieces)
        #expect(
            went == [
                .send(hex("49484156454f5054 00000007 0000000c 00000004 6469736b 0001 0003"))
            ])
        let finished = try Self.play(&machine, Self.export, pieces: pieces)
        #expect(
            finished == [
                .finished(
                    NBDExport(
                        name: "disk", size: 1 << 20, flags: [.hasFlags, .isReadOnly], minimumBlockSize: 512,
                        maximumBlockSize: 32 << 20, hasStructuredReplies: true,
                        contexts: ["base:allocation": 1, Self.bitmap: 2]))
            ])
    }

    @Test func `a server without structured replies is used when no context is required`() throws {
        var machine = NBDClientHandshake(exportName: "disk", contexts: ["base:allocation"])
        _ = try Self.play(&machine, Self.greeting, pieces: 64)
        let unsupported = hex("0003e889045565a9 00000008 80000001 00000000")
        let actions = try Self.play(&machine, unsupported, pieces: 64)
        #expect(actions == [.send(hex("49484156454f5054 00000007 0000000c 00000004 6469736b 0001 0003"))])
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [ByteBuffer]
        let code: NBDError.Code
        var testDescription: String { name }
    }

    static let refusals = [
        Refusal(name: "not NBD", bytes: [hex("5353482d322e302d")], code: .notNBD),
        Refusal(name: "old style", bytes: [hex("4e42444d41474943 00420281861253 00 0000")], code: .notNBD),
        Refusal(name: "no fixed newstyle", bytes: [hex("4e42444d41474943 49484156454f5054 0000")], code: .notNBD),
        Refusal(
            name: "wrong reply magic", bytes: [greeting, hex("0003e889045565aa 00000008 00000001 00000000")],
            code: .protocolViolation),
        Refusal(
            name: "answer to another option", bytes: [greeting, hex("0003e889045565a9 00000007 00000001 00000000")],
            code: .protocolViolation),
        Refusal(
            name: "endless reply", bytes: [greeting, hex("0003e889045565a9 00000008 00000001 ffffffff")],
            code: .tooLarge),
        Refusal(
            name: "TLS wanted", bytes: [greeting, hex("0003e889045565a9 00000008 80000005 00000000")],
            code: .encryptionRequired),
        Refusal(
            name: "structured replies missing", bytes: [greeting, hex("0003e889045565a9 00000008 80000001 00000000")],
            code: .unknownContext),
        Refusal(
            name: "info where none belongs", bytes: [greeting, hex("0003e889045565a9 00000008 00000003 00000000")],
            code: .protocolViolation),
        Refusal(
            name: "bitmap missing",
            bytes: [greeting, structuredAcknowledged, hex("0003e889045565a9 0000000a 00000001 00000000")],
            code: .unknownContext),
        Refusal(
            name: "context cut short",
            bytes: [greeting, structuredAcknowledged, hex("0003e889045565a9 0000000a 00000004 00000002 0001")],
            code: .protocolViolation),
        Refusal(
            name: "unknown export",
            bytes: [
                greeting, structuredAcknowledged, contexts, hex("0003e889045565a9 00000007 80000006 00000002 6e6f"),
            ], code: .unknownExport),
        Refusal(
            name: "no size",
            bytes: [greeting, structuredAcknowledged, contexts, hex("0003e889045565a9 00000007 00000001 00000000")],
            code: .protocolViolation),
        Refusal(
            name: "block size 0",
            bytes: [
                greeting, structuredAcknowledged, contexts,
                hex("0003e889045565a9 00000007 00000003 0000000e 0003 00000000 00001000 02000000"),
            ], code: .protocolViolation),
    ]

    @Test(arguments: refusals) func `refused by name`(refusal: Refusal) throws {
        var machine = Self.machine()
        var thrown: NBDError?
        do {
            for bytes in refusal.bytes { _ = try Self.play(&machine, bytes, pieces: 64) }
        } catch {
            thrown = error
        }
        #expect(thrown?.code == refusal.code)
        var more = Self.greeting
        thrown = nil
        do { _ = try machine.received(&more) } catch { thrown = error }
        #expect(thrown?.code == .protocolViolation, "a failed machine takes no more bytes")
    }

    @Test func `a server that never ends its contexts is cut off`() throws {
        var machine = Self.machine()
        _ = try Self.play(&machine, Self.greeting, pieces: 64)
        _ = try Self.play(&machine, Self.structuredAcknowledged, pieces: 64)
        let one = hex("0003e889045565a9 0000000a 00000004 00000005 00000001 61")
        var thrown: NBDError?
        var count = 0
        while thrown == nil, count <= NBDLimit.optionReplies {
            do { _ = try Self.play(&machine, one, pieces: 64) } catch { thrown = error }
            count += 1
        }
        #expect(count == NBDLimit.optionReplies + 1)
        #expect(thrown?.code == .protocolViolation)
    }
}
