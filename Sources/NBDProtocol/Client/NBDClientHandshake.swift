// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The client's side of the fixed newstyle handshake, up to transmission.
///
/// ```
/// greeting ──flags──► structuredReply ──ack──► metaContext ──ack──► go ──ack──► done
///                          └──unsupported, contexts not required──► go
/// any ── error reply, wrong magic, wrong option ──► failed
/// ```
///
/// Bytes go in as they come from the network, in pieces of any size; ``Action`` says what to do next.
/// Source: NBD protocol, "Handshake phase".
public struct NBDClientHandshake: ~Copyable {
    /// What the caller does next.
    public enum Action: Equatable {
        /// Nothing to do until more bytes come.
        case wait
        /// Send these and go on.
        case send(ByteBuffer)
        /// Transmission begins; what is left of the bytes belongs to it.
        case finished(NBDExport)
    }

    private enum State {
        case greeting
        case structuredReply
        case metaContext(Replies)
        case go(Replies)
        case done
        case failed
    }

    /// What the replies to the current option have told so far.
    private struct Replies {
        var count = 0
        var hasStructuredReplies = false
        var contexts: [String: UInt32] = [:]
        var size: UInt64?
        var flags: NBDTransmissionFlags = []
        var minimumBlockSize: UInt32 = 1
        var maximumBlockSize = UInt32(NBDLimit.readBytes)
    }

    private let exportName: String
    private let wantedContexts: [String]
    private let requiredContexts: Set<String>
    private var state = State.greeting

    /// - Parameters:
    ///   - contexts: Metadata contexts to ask for; the server may lack them.
    ///   - requiredContexts: Those without which the handshake fails with `.unknownContext`.
    public init(exportName: String, contexts: [String], requiredContexts: [String] = []) {
        self.exportName = exportName
        self.wantedContexts = contexts + requiredContexts.filter { !contexts.contains($0) }
        self.requiredContexts = Set(requiredContexts)
    }

    /// Takes what it can use off the front of `bytes`. Called again until it answers `.wait` or `.finished`.
    public mutating func received(_ bytes: inout ByteBuffer) throws(NBDError) -> Action {
        do {
            while true {
                if let action = try step(&bytes) { return action }
            }
        } catch {
            state = .failed
            throw error
        }
    }

    /// One message; nil when it was taken and asks for nothing.
    private mutating func step(_ bytes: inout ByteBuffer) throws(NBDError) -> Action? {
        switch state {
        case .greeting:
            return try greeted(&bytes)
        case .structuredReply:
            guard let reply = try OptionReply(parsing: &bytes, expecting: .structuredReply) else { return .wait }
            return try receivedStructuredReply(reply)
        case .metaContext(let replies):
            guard let reply = try OptionReply(parsing: &bytes, expecting: .setMetaContext) else { return .wait }
            return try receivedMetaContext(reply, replies)
        case .go(let replies):
            guard let reply = try OptionReply(parsing: &bytes, expecting: .go) else { return .wait }
            return try receivedGo(reply, replies)
        case .done:
            throw NBDError(.protocolViolation, "the handshake is over; its machine takes no more bytes")
        case .failed:
            throw NBDError(.protocolViolation, "the handshake has failed; its machine takes no more bytes")
        }
    }

    /// Greeting: 0 u64 NBDMAGIC · 8 u64 IHAVEOPT · 16 u16 handshake flags. Answer: u32 client flags, then options.
    private mutating func greeted(_ bytes: inout ByteBuffer) throws(NBDError) -> Action {
        guard bytes.readableBytes >= 18 else {
            if let magic = bytes.getInteger(at: bytes.readerIndex, as: UInt64.self), magic != NBDMagic.greeting {
                throw NBDError(.notNBD, "the peer does not greet as an NBD server does; check the port")
            }
            return .wait
        }
        guard bytes.readInteger(as: UInt64.self) == NBDMagic.greeting,
            bytes.readInteger(as: UInt64.self) == NBDMagic.option,
            let flags = bytes.readInteger(as: UInt16.self), flags & 1 == 1  // NBD_FLAG_FIXED_NEWSTYLE
        else {
            throw NBDError(.notNBD, "the peer is no NBD server with the fixed newstyle handshake; check the port")
        }
        var answer = ByteBuffer()
        answer.writeInteger(UInt32(1 | (flags & 2)))  // NBD_FLAG_C_FIXED_NEWSTYLE, and NO_ZEROES where offered
        writeOption(.structuredReply, ByteBuffer(), to: &answer)
        state = .structuredReply
        return .send(answer)
    }

    private mutating func receivedStructuredReply(_ reply: OptionReply) throws(NBDError) -> Action? {
        var replies = Replies()
        switch reply.kind {
        case .acknowledged:
            replies.hasStructuredReplies = true
            guard !wantedContexts.isEmpty else { return sendGo(replies) }
            return sendMetaContexts(replies)
        case .unsupported:
            guard requiredContexts.isEmpty else {
                throw NBDError(
                    .unknownContext,
                    "the server has no structured replies and so no "
                        + "\(requiredContexts.sorted().joined(separator: ", "))")
            }
            return sendGo(replies)
        case .encryptionRequired, .info, .metaContext, .unknown, .otherError, .other:
            throw reply.error(asking: "structured replies", export: exportName)
        }
    }

    private mutating func receivedMetaContext(_ reply: OptionReply, _ soFar: Replies) throws(NBDError) -> Action? {
        var replies = soFar
        var body = reply.body
        switch reply.kind {
        case .metaContext:  // u32 number, then the name
            replies.count += 1
            guard replies.count <= NBDLimit.optionReplies, let number = body.readInteger(as: UInt32.self),
                body.readableBytes <= NBDLimit.stringBytes
            else { throw NBDError(.protocolViolation, "the server's reply on metadata contexts is malformed") }
            replies.contexts[String(buffer: body)] = number
            state = .metaContext(replies)
            return nil
        case .acknowledged:
            let missing = requiredContexts.subtracting(replies.contexts.keys)
            guard missing.isEmpty else {
                throw NBDError(
                    .unknownContext,
                    "export '\(exportName)' has no \(missing.sorted().joined(separator: ", ")); "
                        + "name the bitmap when the export is added")
            }
            replies.count = 0
            return sendGo(replies)
        case .unsupported:
            guard requiredContexts.isEmpty else {
                throw NBDError(.unknownContext, "the server has no metadata contexts")
            }
            replies.count = 0
            return sendGo(replies)
        case .info, .encryptionRequired, .unknown, .otherError, .other:
            throw reply.error(asking: "metadata contexts", export: exportName)
        }
    }

    private mutating func receivedGo(_ reply: OptionReply, _ soFar: Replies) throws(NBDError) -> Action? {
        var replies = soFar
        var body = reply.body
        switch reply.kind {
        case .info:
            replies.count += 1
            guard replies.count <= NBDLimit.optionReplies, let type = body.readInteger(as: UInt16.self) else {
                throw NBDError(.protocolViolation, "the server's information on the export is malformed")
            }
            switch type {
            case 0:  // NBD_INFO_EXPORT: u64 size, u16 flags
                guard let size = body.readInteger(as: UInt64.self), let flags = body.readInteger(as: UInt16.self) else {
                    throw NBDError(.protocolViolation, "the server's information on the export is cut short")
                }
                replies.size = size
                replies.flags = NBDTransmissionFlags(rawValue: flags)
            case 3:  // NBD_INFO_BLOCK_SIZE: u32 minimum, u32 preferred, u32 maximum
                guard let minimum = body.readInteger(as: UInt32.self), body.readInteger(as: UInt32.self) != nil,
                    let maximum = body.readInteger(as: UInt32.self), minimum.nonzeroBitCount == 1, minimum <= 65536,
                    maximum >= minimum
                else { throw NBDError(.protocolViolation, "the server's block sizes make no sense") }
                replies.minimumBlockSize = minimum
                replies.maximumBlockSize = min(maximum, UInt32(NBDLimit.readBytes))
            default: break  // A client must ignore information it does not know.
            }
            state = .go(replies)
            return nil
        case .acknowledged:
            guard let size = replies.size else {
                throw NBDError(.protocolViolation, "the server did not say how large export '\(exportName)' is")
            }
            state = .done
            return .finished(
                NBDExport(
                    name: exportName, size: size, flags: replies.flags, minimumBlockSize: replies.minimumBlockSize,
                    maximumBlockSize: replies.maximumBlockSize, hasStructuredReplies: replies.hasStructuredReplies,
                    contexts: replies.contexts))
        case .metaContext, .unsupported, .encryptionRequired, .unknown, .otherError, .other:
            throw reply.error(asking: "the export", export: exportName)
        }
    }

    /// u32 length and export name · u32 number of queries · each u32 length and context name.
    private mutating func sendMetaContexts(_ replies: Replies) -> Action {
        var body = ByteBuffer()
        body.writeInteger(UInt32(exportName.utf8.count))
        body.writeString(exportName)
        body.writeInteger(UInt32(wantedContexts.count))
        for context in wantedContexts {
            body.writeInteger(UInt32(context.utf8.count))
            body.writeString(context)
        }
        var option = ByteBuffer()
        writeOption(.setMetaContext, body, to: &option)
        state = .metaContext(replies)
        return .send(option)
    }

    /// u32 length and export name · u16 number of requests · u16 each: NBD_INFO_BLOCK_SIZE, since we keep to the sizes.
    private mutating func sendGo(_ replies: Replies) -> Action {
        var body = ByteBuffer()
        body.writeInteger(UInt32(exportName.utf8.count))
        body.writeString(exportName)
        body.writeInteger(1, as: UInt16.self)
        body.writeInteger(3, as: UInt16.self)
        var option = ByteBuffer()
        writeOption(.go, body, to: &option)
        state = .go(replies)
        return .send(option)
    }

    /// u64 IHAVEOPT · u32 option · u32 length · body.
    private func writeOption(_ option: NBDOption, _ body: ByteBuffer, to bytes: inout ByteBuffer) {
        bytes.writeInteger(NBDMagic.option)
        bytes.writeInteger(option.rawValue)
        bytes.writeInteger(UInt32(body.readableBytes))
        bytes.writeImmutableBuffer(body)
    }
}

/// One reply to an option: 0 u64 magic · 8 u32 option · 12 u32 kind · 16 u32 length · 20 body.
struct OptionReply {
    let kind: NBDOptionReply
    let body: ByteBuffer

    /// Nil when the reply is not complete yet; then nothing is taken.
    init?(parsing bytes: inout ByteBuffer, expecting option: NBDOption) throws(NBDError) {
        let start = bytes.readerIndex
        guard bytes.readableBytes >= 20, let magic = bytes.getInteger(at: start, as: UInt64.self),
            let answered = bytes.getInteger(at: start + 8, as: UInt32.self),
            let code = bytes.getInteger(at: start + 12, as: UInt32.self),
            let length = bytes.getInteger(at: start + 16, as: UInt32.self)
        else { return nil }
        guard magic == NBDMagic.optionReply else {
            throw NBDError(.protocolViolation, "a reply to an option begins with the wrong magic number")
        }
        guard answered == option.rawValue else {
            throw NBDError(.protocolViolation, "the server answers option \(answered), and \(option.rawValue) was sent")
        }
        guard length <= NBDLimit.optionReplyBytes else {
            throw NBDError(.tooLarge, "a reply to an option of \(length) bytes is over the limit")
        }
        guard bytes.readableBytes >= 20 + Int(length) else { return nil }
        bytes.moveReaderIndex(forwardBy: 20)
        kind = NBDOptionReply(code: code)
        body = bytes.readSlice(length: Int(length)) ?? ByteBuffer()
    }

    func error(asking what: String, export: String) -> NBDError {
        let words = body.readableBytes <= NBDLimit.messageBytes ? String(buffer: body) : ""
        let detail = words.isEmpty ? "" : ": \(words)"
        return switch kind {
        case .encryptionRequired:
            NBDError(.encryptionRequired, "the NBD server wants TLS, which this client does not speak\(detail)")
        case .unknown: NBDError(.unknownExport, "the NBD server has no export '\(export)'\(detail)")
        case .unsupported: NBDError(.optionRefused, "the NBD server does not know how to negotiate \(what)\(detail)")
        case .otherError(let code):
            NBDError(.optionRefused, "the NBD server refused \(what) with error \(code & 0x7fff_ffff)\(detail)")
        case .acknowledged, .info, .metaContext, .other:
            NBDError(.protocolViolation, "the NBD server's reply on \(what) is of a kind that does not belong there")
        }
    }
}
