// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

/// Every state of the server's handshake with every option, and every question with every answer.
@Suite struct NBDServerHandshakeTableTests {
    static let acknowledged: UInt32 = 1
    static let unsupported: UInt32 = 0x8000_0001
    static let policy: UInt32 = 0x8000_0002
    static let invalid: UInt32 = 0x8000_0003
    static let encryptionRequired: UInt32 = 0x8000_0005
    static let unknown: UInt32 = 0x8000_0006
    static let tooBig: UInt32 = 0x8000_0009

    enum Place: String, CaseIterable, Sendable {
        case plain, structured, beforeTLS, afterTLS, listing, finding, startingTLS, over, failed

        /// A machine that stands there; nil where it could not be brought there.
        func machine() throws(NBDError) -> NBDServerHandshake {
            let encrypted: Bool
            switch self {
            case .beforeTLS, .afterTLS, .startingTLS: encrypted = true
            case .plain, .structured, .listing, .finding, .over, .failed: encrypted = false
            }
            var machine = NBDServerHandshake(encryption: encrypted ? .required : .none)
            var bytes = hex("00000003")
            _ = try machine.received(&bytes)
            switch self {
            case .plain, .beforeTLS: break
            case .structured: bytes = Option.structuredReply
            case .afterTLS, .startingTLS: bytes = Option.startTLS
            case .listing: bytes = Option.list
            case .finding: bytes = Option.info("disk")
            case .over: bytes = Option.abort
            case .failed: bytes = hex("00")
            }
            if self == .failed {
                var wrong = hex("0000000000000000")
                do { _ = try machine.received(&wrong) } catch {}
            } else {
                _ = try machine.received(&bytes)
            }
            if self == .afterTLS { machine.tlsStarted() }
            return machine
        }
    }

    enum Outcome: Equatable, Sendable {
        case wait, list, startTLS, close
        case find(String, [String])
        case reply(UInt32)
        case thrown(NBDError.Code)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let code: UInt32
        let bytes: ByteBuffer
        /// In the order of `Place.allCases`; one for those of listing and finding, which take nothing.
        let plain: Outcome
        let structured: Outcome
        let beforeTLS: Outcome
        let afterTLS: Outcome
        var testDescription: String { name }

        init(
            _ name: String, _ bytes: ByteBuffer, plain: Outcome, structured: Outcome? = nil,
            beforeTLS: Outcome = .reply(NBDServerHandshakeTableTests.encryptionRequired), afterTLS: Outcome? = nil
        ) {
            self.name = name
            code = bytes.getInteger(at: bytes.readerIndex + 8) ?? 0
            self.bytes = bytes
            self.plain = plain
            self.structured = structured ?? plain
            self.beforeTLS = beforeTLS
            self.afterTLS = afterTLS ?? plain
        }

        func expected(_ place: Place) -> Outcome {
            switch place {
            case .plain: plain
            case .structured: structured
            case .beforeTLS: beforeTLS
            case .afterTLS: afterTLS
            case .listing, .finding: .wait
            case .startingTLS, .over, .failed: .thrown(.protocolViolation)
            }
        }
    }

    static let rows = [
        Row(
            "export name", Option.exportName("disk"), plain: .find("disk", []), beforeTLS: .thrown(.encryptionRequired)),
        Row("the default export", Option.exportName(""), plain: .find("", []), beforeTLS: .thrown(.encryptionRequired)),
        Row("abort", Option.abort, plain: .close, beforeTLS: .close),
        Row("abort with data", Option.option(2, hex("01020304")), plain: .close, beforeTLS: .close),
        Row("list", Option.list, plain: .list),
        Row("list with data", Option.option(3, hex("00")), plain: .reply(invalid)),
        Row("peek export", Option.option(4, hex("6469736b")), plain: .reply(unsupported)),
        Row(
            "start TLS", Option.startTLS, plain: .reply(policy), beforeTLS: .startTLS, afterTLS: .reply(invalid)),
        Row("start TLS with data", Option.option(5, hex("00")), plain: .reply(invalid), beforeTLS: .reply(invalid)),
        Row("info", Option.info("disk", [0, 1, 2, 3, 99]), plain: .find("disk", [])),
        Row("info of the default", Option.info(""), plain: .find("", [])),
        Row("info of nothing", Option.option(6), plain: .reply(invalid)),
        Row("go", Option.go("disk", [3]), plain: .find("disk", [])),
        Row(
            "go, name past the end", Option.option(7, hex("00000005 6469736b 0000")), plain: .reply(invalid)),
        Row("go, name without end", Option.option(7, hex("ffffffff 6469736b 0000")), plain: .reply(invalid)),
        Row("go, no number of requests", Option.option(7, hex("00000004 6469736b 00")), plain: .reply(invalid)),
        Row("go, a request missing", Option.option(7, hex("00000004 6469736b 0002 0003")), plain: .reply(invalid)),
        Row("go, bytes behind", Option.option(7, hex("00000004 6469736b 0001 0003 00")), plain: .reply(invalid)),
        Row("go, a name with NUL", Option.option(7, hex("00000004 64690073 0000")), plain: .reply(invalid)),
        Row("go, a name that is no UTF-8", Option.option(7, hex("00000002 c328 0000")), plain: .reply(invalid)),
        Row("go, a name too long", Option.go(String(repeating: "d", count: 4097)), plain: .reply(invalid)),
        Row(
            "go, the longest name", Option.go(String(repeating: "d", count: 4096)),
            plain: .find(String(repeating: "d", count: 4096), [])),
        Row("structured replies", Option.structuredReply, plain: .reply(acknowledged)),
        Row("structured replies with data", Option.option(8, hex("00")), plain: .reply(invalid)),
        Row("list all contexts", Option.listContexts("disk"), plain: .find("disk", [])),
        Row(
            "list contexts", Option.listContexts("disk", ["base:", "x:y", ""]),
            plain: .find("disk", ["base:", "x:y", ""])),
        Row("list contexts, no count", Option.option(9, hex("00000001 64")), plain: .reply(invalid)),
        Row(
            "set contexts", Option.setContexts("disk", ["base:allocation", "a:b"]), plain: .reply(invalid),
            structured: .find("disk", ["base:allocation", "a:b"])),
        Row(
            "set contexts, namespaces alone", Option.setContexts("disk", ["base:", "a:", "", "a:b:"]),
            plain: .reply(invalid), structured: .find("disk", ["a:b:"])),
        Row("set no contexts", Option.setContexts("disk"), plain: .reply(invalid), structured: .find("disk", [])),
        Row(
            "set contexts, a query missing", Option.option(10, hex("00000001 64 00000002 00000001 61")),
            plain: .reply(invalid)),
        Row(
            "set contexts, bytes behind", Option.option(10, hex("00000001 64 00000001 00000001 61 62")),
            plain: .reply(invalid)),
        Row(
            "set contexts, a query past the end", Option.option(10, hex("00000001 64 00000001 00000009 61")),
            plain: .reply(invalid)),
        Row(
            "list contexts, queries without number", Option.option(9, hex("00000001 64 ffffffff")),
            plain: .reply(tooBig)),
        Row("extended headers", Option.option(11), plain: .reply(unsupported)),
        Row("an option nobody knows", Option.option(0xffff_ffff, hex("0102030405")), plain: .reply(unsupported)),
        Row("data without bound", hex("49484156454f5054 00000063 ffffffff"), plain: .close, beforeTLS: .close),
        Row("data over the limit", hex("49484156454f5054 00000007 00010001"), plain: .close, beforeTLS: .close),
        Row(
            "an export name over the limit", hex("49484156454f5054 00000001 00010001"), plain: .thrown(.tooLarge),
            beforeTLS: .thrown(.tooLarge)),
        Row(
            "an export name that is none", Option.option(1, hex("00")), plain: .thrown(.protocolViolation),
            beforeTLS: .thrown(.encryptionRequired)),
        Row("a cut option", hex("49484156454f5054 00000063 00000004 00"), plain: .wait, beforeTLS: .wait),
        Row("the wrong magic", hex("49484156454f5055"), plain: .thrown(.notNBD), beforeTLS: .thrown(.notNBD)),
    ]

    /// What the machine says to these bytes, and that an error reply goes to the option that was sent, with words.
    static func outcome(_ machine: inout NBDServerHandshake, _ row: Row) -> Outcome {
        var bytes = row.bytes
        do throws(NBDError) {
            switch try machine.received(&bytes) {
            case .wait: return .wait
            case .list: return .list
            case .find(let name, let queries): return .find(name, queries)
            case .startTLS(let sent):
                return sent == hex("0003e889045565a9 00000005 00000001 00000000") ? .startTLS : .wait
            case .send(let sent):
                guard let replies = ParsedReply.all(in: sent), replies.count == 1, replies[0].option == row.code else {
                    Issue.record("not one reply to option \(row.code): \(sent)")
                    return .wait
                }
                let hasWords = replies[0].data.readableBytes > 0
                #expect(hasWords == (replies[0].kind >= 1 << 31), "an error has words, and nothing else has")
                #expect(bytes.readableBytes == 0)
                return .reply(replies[0].kind)
            case .close(let sent):
                let replies = ParsedReply.all(in: sent)
                #expect(replies?.map(\.option) == [row.code])
                #expect(replies?.map(\.kind) == [row.code == 2 ? acknowledged : tooBig])
                return .close
            case .finished: return .wait
            }
        } catch {
            return .thrown(error.code)
        }
    }

    @Test(arguments: Place.allCases, rows)
    func `every state with every option`(place: Place, row: Row) throws {
        var machine = try place.machine()
        #expect(Self.outcome(&machine, row) == row.expected(place))
    }

    @Test(arguments: rows)
    func `after a refusal the next option is taken`(row: Row) throws {
        guard case .reply = row.plain else { return }
        var machine = try Place.plain.machine()
        _ = Self.outcome(&machine, row)
        var bytes = Option.list
        let next = try machine.received(&bytes)
        #expect(next == .list)
    }

    enum Question: UInt32, CaseIterable, Sendable {
        case exportName = 1
        case info = 6
        case go = 7
        case listContexts = 9
        case setContexts = 10

        var option: ByteBuffer {
            switch self {
            case .exportName: Option.exportName("disk")
            case .info: Option.info("disk")
            case .go: Option.go("disk")
            case .listContexts: Option.listContexts("disk", ["base:"])
            case .setContexts: Option.setContexts("disk", ["base:allocation"])
            }
        }
    }

    @Test(arguments: Question.allCases)
    func `every question with every answer`(question: Question) throws {
        for lookup in [
            NBDServerHandshake.Lookup.offer(ServerConversation.disk, contexts: ["base:allocation"]), .unknown("none"),
            .refused("no"),
        ] {
            var machine = try Place.structured.machine()
            var bytes = question.option
            _ = try machine.received(&bytes)
            let action = machine.found(lookup)
            switch (question, lookup) {
            case (.exportName, .unknown), (.exportName, .refused): #expect(action == .close(ByteBuffer()))
            case (.exportName, .offer), (.go, .offer):
                guard case .finished(let terms, let sent) = action else {
                    Issue.record("\(action)")
                    continue
                }
                #expect(terms.contexts.isEmpty)
                #expect(sent.readableBytes > 0)
            case (.info, .offer), (.listContexts, .offer), (.setContexts, .offer):
                guard case .send(let sent) = action, let replies = ParsedReply.all(in: sent) else {
                    Issue.record("\(action)")
                    continue
                }
                #expect(replies.allSatisfy { $0.option == question.rawValue })
                #expect(replies.map(\.kind) == (question == .info ? [3, 3, 1] : [4, 1]))
            case (_, .unknown):
                #expect(action == .send(Self.error(question.rawValue, Self.unknown, "none")))
            case (_, .refused): #expect(action == .send(Self.error(question.rawValue, Self.policy, "no")))
            }
            var more = Option.list
            var next: NBDServerHandshake.Action?
            // An error is what an over machine answers; there is nothing else to it.
            do { next = try machine.received(&more) } catch {}
            if case .send = action { #expect(next == .list) } else { #expect(next == nil, "the handshake is over") }
        }
    }

    static func error(_ option: UInt32, _ kind: UInt32, _ words: String) -> ByteBuffer {
        var bytes = hex("0003e889045565a9")
        bytes.writeInteger(option)
        bytes.writeInteger(kind)
        bytes.writeInteger(UInt32(words.utf8.count))
        bytes.writeString(words)
        return bytes
    }
}
