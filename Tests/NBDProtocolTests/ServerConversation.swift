// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore

/// A server with one export, `disk`, which is the default too, on top of the handshake's machine: it answers what it is asked for.
struct ServerConversation: ~Copyable {
    enum End: Equatable {
        case open
        case startingTLS
        case finished(NBDSessionTerms)
        case closed
        case failed(NBDError.Code)
    }

    static let disk = NBDExportOffer(
        name: "disk", description: "a disk", size: 1 << 20,
        flags: [.hasFlags, .sendsFlush, .sendsFUA, .sendsWriteZeroes, .sendsDF, .sendsFastZero], minimumBlockSize: 512,
        preferredBlockSize: 4096, maximumBlockSize: 32 << 20)
    static let contexts = ["base:allocation", "mastertarget:changed:a", "mastertarget:changed:b"]

    private var machine: NBDServerHandshake
    private var gathered = ByteBuffer()
    /// All that was sent, the greeting too.
    private(set) var sent: ByteBuffer
    private(set) var end = End.open
    /// What came after the handshake.
    var rest: ByteBuffer { gathered }

    init(_ encryption: NBDServerHandshake.Encryption = .none, flags: ByteBuffer? = hex("00000003")) {
        machine = NBDServerHandshake(encryption: encryption)
        sent = machine.greeting()
        if let flags { receive(flags) }
    }

    /// What was sent since the last time.
    mutating func takeSent() -> ByteBuffer {
        defer { sent.clear() }
        return sent
    }

    mutating func startTLS() {
        machine.tlsStarted()
        end = .open
    }

    mutating func receive(_ bytes: ByteBuffer, pieces: Int = .max) {
        var bytes = bytes
        while let piece = bytes.readSlice(length: min(pieces, bytes.readableBytes)), piece.readableBytes > 0 {
            gathered.writeImmutableBuffer(piece)
            if end == .open { run() }
        }
    }

    private mutating func run() {
        do throws(NBDError) {
            while true {
                var action = try machine.received(&gathered)
                if case .find(let name, let queries) = action { action = machine.found(Self.look(for: name, queries)) }
                switch action {
                case .wait: return
                case .send(let bytes): sent.writeImmutableBuffer(bytes)
                case .list: sent.writeImmutableBuffer(machine.listed([("disk", "a disk"), ("locked", "")]))
                case .find: return
                case .startTLS(let bytes):
                    sent.writeImmutableBuffer(bytes)
                    end = .startingTLS
                    return
                case .finished(let terms, let bytes):
                    sent.writeImmutableBuffer(bytes)
                    end = .finished(terms)
                    return
                case .close(let bytes):
                    sent.writeImmutableBuffer(bytes)
                    end = .closed
                    return
                }
            }
        } catch {
            end = .failed(error.code)
        }
    }

    static func look(for name: String, _ queries: [String]) -> NBDServerHandshake.Lookup {
        switch name {
        case "disk", "":
            let matching = contexts.filter { context in
                queries.isEmpty || queries.contains { $0 == context || ($0.hasSuffix(":") && context.hasPrefix($0)) }
            }
            return .offer(disk, contexts: matching)
        case "locked": return .refused("not you")
        default: return .unknown("no export '\(name)'")
        }
    }
}

/// Options as a client writes them.
enum Option {
    /// u64 IHAVEOPT · u32 option · u32 length · data.
    static func option(_ code: UInt32, _ data: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(NBDMagic.option)
        bytes.writeInteger(code)
        bytes.writeInteger(UInt32(data.readableBytes))
        return bytes.followed(by: data)
    }

    static func exportName(_ name: String) -> ByteBuffer { option(1, ByteBuffer(string: name)) }
    static let abort = option(2)
    static let list = option(3)
    static let startTLS = option(5)
    static func info(_ name: String, _ types: [UInt16] = []) -> ByteBuffer { option(6, question(name, types)) }
    static func go(_ name: String, _ types: [UInt16] = []) -> ByteBuffer { option(7, question(name, types)) }
    static let structuredReply = option(8)
    static func listContexts(_ name: String, _ queries: [String] = []) -> ByteBuffer {
        option(9, contexts(name, queries))
    }
    static func setContexts(_ name: String, _ queries: [String] = []) -> ByteBuffer {
        option(10, contexts(name, queries))
    }

    private static func question(_ name: String, _ types: [UInt16]) -> ByteBuffer {
        var data = string(name)
        data.writeInteger(UInt16(types.count))
        for type in types { data.writeInteger(type) }
        return data
    }

    private static func contexts(_ name: String, _ queries: [String]) -> ByteBuffer {
        var data = string(name)
        data.writeInteger(UInt32(queries.count))
        for query in queries { data.writeImmutableBuffer(string(query)) }
        return data
    }

    private static func string(_ text: String) -> ByteBuffer {
        var data = ByteBuffer()
        data.writeInteger(UInt32(text.utf8.count))
        data.writeString(text)
        return data
    }
}

/// A reply to an option, taken apart without the code under test.
struct ParsedReply: Equatable {
    let option: UInt32
    let kind: UInt32
    let data: ByteBuffer

    /// All replies in `bytes`; nil where something else is among them.
    static func all(in bytes: ByteBuffer) -> [ParsedReply]? {
        var bytes = bytes
        var replies: [ParsedReply] = []
        while bytes.readableBytes > 0 {
            guard bytes.readInteger(as: UInt64.self) == 0x3_e889_0455_65a9,
                let option = bytes.readInteger(as: UInt32.self),
                let kind = bytes.readInteger(as: UInt32.self), let length = bytes.readInteger(as: UInt32.self),
                let data = bytes.readSlice(length: Int(length))
            else { return nil }
            replies.append(ParsedReply(option: option, kind: kind, data: data))
        }
        return replies
    }
}
