// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The server's side of the fixed newstyle handshake, up to transmission.
///
/// ```
/// clientFlags ──flags──► options ──LIST──► listing ──listed──► options
///                           │ ├──INFO, GO, EXPORT_NAME, contexts──► finding ──found──► options, or over (GO, EXPORT_NAME)
///                           │ └──STARTTLS──► startingTLS ──tlsStarted──► options, with nothing negotiated
///                           └──ABORT, data over the limit──► over
/// any ── wrong magic, unknown flags, bytes after STARTTLS, too many options ──► failed
/// ```
///
/// Bytes go in as they come from the network, in pieces of any size; ``Action`` says what to do next. An option that is
/// malformed or not known gets an error reply and the handshake goes on: where the framing is right, nothing is lost.
///
/// NBD_OPT_EXTENDED_HEADERS is not offered. Its 64-bit lengths serve clients that zero or ask about more than 4 GiB in one
/// request; with reads and writes of 32 MiB at most they save nothing here, and every client that knows the option goes on
/// with structured replies when it is refused.
/// Source: NBD protocol, "Handshake phase", "Fixed newstyle negotiation", "TLS support".
public struct NBDServerHandshake: ~Copyable {
    private enum State {
        case clientFlags
        case options
        case listing
        case finding(ExportSearch)
        case startingTLS
        case over
        case failed
    }

    private let encryption: Encryption
    private var state = State.clientFlags
    private var isEncrypted = false
    private var sendsZeroes = true
    private var optionCount = 0
    private var negotiation = ServerNegotiation()

    /// A handshake with a client that has just come.
    public init(encryption: Encryption) { self.encryption = encryption }

    /// The first bytes, sent as soon as the client is there: u64 NBDMAGIC · u64 IHAVEOPT · u16 handshake flags.
    public func greeting() -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(NBDMagic.greeting)
        bytes.writeInteger(NBDMagic.option)
        bytes.writeInteger(3, as: UInt16.self)  // NBD_FLAG_FIXED_NEWSTYLE, NBD_FLAG_NO_ZEROES
        return bytes
    }

    /// Takes what it can use off the front of `bytes`. Called again, after each answer too, until it says `.wait`,
    /// `.startTLS`, `.list`, `.find`, `.finished` or `.close`. What it leaves is at most one option
    /// (``NBDLimit/optionBytes``), and what the client sent while an answer is awaited, which is for the caller to bound.
    ///
    /// - Throws: ``NBDError`` when the connection has to be closed without another word, and when this is called after
    ///   `.finished`, `.close` or an error.
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
        case .clientFlags: return try receivedFlags(&bytes)
        case .options: return try receivedOption(&bytes)
        case .listing, .finding: return .wait
        case .startingTLS:
            // Taken for encrypted, they would let somebody on the way speak for the client (as CVE-2011-0411 of STARTTLS).
            guard bytes.readableBytes == 0 else { throw Self.injected }
            return .wait
        case .over: throw NBDError(.protocolViolation, "the handshake is over; its machine takes no more bytes")
        case .failed: throw NBDError(.protocolViolation, "the handshake has failed; its machine takes no more bytes")
        }
    }

    private static let injected = NBDError(
        .protocolViolation, "the client went on in the clear after it asked for TLS; nothing of that may be believed")

    /// u32 client flags.
    private mutating func receivedFlags(_ bytes: inout ByteBuffer) throws(NBDError) -> Action? {
        guard let flags = bytes.readInteger(as: UInt32.self) else { return .wait }
        guard flags & ~3 == 0 else {
            throw NBDError(
                .protocolViolation, "the client's flags \(String(flags, radix: 16)) are not known; it may not speak NBD"
            )
        }
        guard flags & 1 == 1 else {  // NBD_FLAG_C_FIXED_NEWSTYLE
            throw NBDError(.notNBD, "the client does not speak the fixed newstyle handshake; use one of after 2012")
        }
        sendsZeroes = flags & 2 == 0  // NBD_FLAG_C_NO_ZEROES
        state = .options
        return nil
    }

    private mutating func receivedOption(_ bytes: inout ByteBuffer) throws(NBDError) -> Action {
        guard let header = try ClientOptionHeader(peeking: bytes) else { return .wait }
        let code = header.code
        guard header.length <= UInt32(NBDLimit.optionBytes) else {
            let words = "option \(code) with \(header.length) bytes is over the limit of \(NBDLimit.optionBytes)"
            guard code != NBDOption.exportName.rawValue else { throw NBDError(.tooLarge, words) }
            state = .over
            return .close(OptionReplyWriter.refusal(of: code, .tooBig, words))
        }
        guard let data = header.body(takenFrom: &bytes) else { return .wait }
        optionCount += 1
        guard optionCount <= NBDLimit.options else {
            throw NBDError(.tooLarge, "the client sent over \(NBDLimit.options) options and chose no export")
        }
        if code == NBDOption.exportName.rawValue { return try receivedExportName(data) }
        let action: Action
        do throws(OptionRefusal) {
            action = try received(NBDOption(rawValue: code), code, data)
        } catch {
            return .send(OptionReplyWriter.refusal(of: code, error.reply, error.words))
        }
        if case .startTLS = action, bytes.readableBytes > 0 { throw Self.injected }
        return action
    }

    /// An option whose refusal can be told.
    private mutating func received(
        _ option: NBDOption?, _ code: UInt32, _ data: ByteBuffer
    ) throws(OptionRefusal) -> Action {
        guard mayNegotiate || option == .startTLS || option == .abort else {
            throw OptionRefusal(
                .encryptionRequired, "this server speaks with TLS only; start it first (NBD_OPT_STARTTLS)")
        }
        switch option {
        case .abort:  // What data there is does not matter.
            state = .over
            return .close(OptionReplyWriter.acknowledgement(of: code))
        case .startTLS:
            return try receivedStartTLS(data)
        case .list:
            try requireNone(data)
            state = .listing
            return .list
        case .structuredReply:
            try requireNone(data)
            negotiation.hasStructuredReplies = true
            return .send(OptionReplyWriter.acknowledgement(of: code))
        case .info:
            let question = try ExportQuestion(parsing: data)
            return find(question.name, .info(question))
        case .go:
            let question = try ExportQuestion(parsing: data)
            return find(question.name, .go(question))
        case .listMetaContext:
            let question = try ContextQuestion(parsing: data)
            return find(question.name, .listContexts, question.queries)
        case .setMetaContext:
            return try receivedSetContexts(data)
        case .exportName, nil:
            throw OptionRefusal(.unsupported, "this server does not know option \(code)")
        }
    }

    /// Whether options are taken that tell something, or settle something.
    private var mayNegotiate: Bool { encryption == .none || isEncrypted }

    private func requireNone(_ data: ByteBuffer) throws(OptionRefusal) {
        guard data.readableBytes == 0 else {
            throw OptionRefusal(.invalid, "the option takes no data, and \(data.readableBytes) bytes came with it")
        }
    }

    private mutating func receivedStartTLS(_ data: ByteBuffer) throws(OptionRefusal) -> Action {
        try requireNone(data)
        guard !isEncrypted else { throw OptionRefusal(.invalid, "the connection is encrypted already") }
        guard encryption == .required else {
            throw OptionRefusal(.policy, "this server is set up without TLS here; connect without")
        }
        state = .startingTLS
        return .startTLS(OptionReplyWriter.acknowledgement(of: NBDOption.startTLS.rawValue))
    }

    /// The earlier selection is gone even when this one fails.
    private mutating func receivedSetContexts(_ data: ByteBuffer) throws(OptionRefusal) -> Action {
        negotiation.unselect()
        guard negotiation.hasStructuredReplies else {
            throw OptionRefusal(.invalid, "metadata contexts need structured replies; negotiate these first")
        }
        let question = try ContextQuestion(parsing: data)
        // A namespace alone lists what is in it and selects nothing.
        let queries = question.queries.filter { !$0.isNamespace }
        return find(question.name, .setContexts(export: question.name, selectsNothing: queries.isEmpty), queries)
    }

    /// The data is the name, and there is no reply that could refuse it.
    private mutating func receivedExportName(_ data: ByteBuffer) throws(NBDError) -> Action {
        guard mayNegotiate else {
            throw NBDError(
                .encryptionRequired, "the client asked for an export in the clear; this server speaks with TLS only")
        }
        guard let name = data.protocolString else {
            throw NBDError(
                .protocolViolation, "the client asked for an export by a name that is none: too long, or no UTF-8")
        }
        return find(name, .exportName(name))
    }

    private mutating func find(_ name: String, _ search: ExportSearch, _ queries: [String] = []) -> Action {
        state = .finding(search)
        return .find(name: name, queries: queries)
    }

    /// TLS is there; from here on options are believed.
    ///
    /// - Precondition: The last action was `.startTLS`.
    public mutating func tlsStarted() {
        guard case .startingTLS = state else { preconditionFailure("TLS was not to be started") }
        isEncrypted = true
        // Options in the clear were refused. That none of them counts does not hang on it (CVE-2021-3716 of nbdkit).
        negotiation = ServerNegotiation()
        state = .options
    }

    /// Answers `.list`: send these and go on. An export whose name the protocol cannot say is left out.
    ///
    /// - Precondition: The last action was `.list`.
    public mutating func listed(_ exports: [(name: String, description: String)]) -> ByteBuffer {
        guard case .listing = state else { preconditionFailure("no list was asked for") }
        state = .options
        var replies = OptionReplyWriter(option: NBDOption.list.rawValue)
        for export in exports where export.name.isProtocolString {
            replies.export(name: export.name, description: export.description)
        }
        replies.acknowledge()
        return replies.bytes
    }

    /// Answers `.find`: with `.send`, `.finished` or `.close`.
    ///
    /// An offer's flags are told with ``NBDTransmissionFlags/hasFlags``, without ``NBDTransmissionFlags/sendsDF`` where there
    /// are no structured replies, and without ``NBDTransmissionFlags/sendsFastZero`` where zeroes are not written at all.
    /// - Precondition: The last action was `.find`; the offer's block sizes are as ``NBDExportOffer`` says.
    public mutating func found(_ lookup: Lookup) -> Action {
        guard case .finding(let search) = state else { preconditionFailure("no export was asked for") }
        state = .options
        switch lookup {
        case .offer(let offer, let contexts):
            precondition(offer.hasValidBlockSizes, "an export with block sizes that the protocol does not allow")
            return answer(search, negotiation.adjusted(offer), contexts)
        case .unknown(let words): return refuse(search, .unknown, words)
        case .refused(let words): return refuse(search, .policy, words)
        }
    }

    private mutating func refuse(_ search: ExportSearch, _ kind: NBDOptionReply, _ words: String) -> Action {
        guard case .exportName = search else {
            return .send(OptionReplyWriter.refusal(of: search.option.rawValue, kind, words))
        }
        state = .over
        return .close(ByteBuffer())
    }

    private mutating func answer(_ search: ExportSearch, _ offer: NBDExportOffer, _ contexts: [String]) -> Action {
        var replies = OptionReplyWriter(option: search.option.rawValue)
        switch search {
        case .exportName(let name):
            state = .over
            return .finished(negotiation.terms(offer, as: name), oldReply(to: offer))
        case .info(let question):
            replies.information(on: offer, for: question)
        case .go(let question):
            replies.information(on: offer, for: question)
            replies.acknowledge()
            state = .over
            return .finished(negotiation.terms(offer, as: question.name), replies.bytes)
        case .listContexts:
            for name in ServerNegotiation.sayable(contexts) { replies.context(number: 0, name: name) }
        case .setContexts(let export, let selectsNothing):
            guard let selected = negotiation.select(selectsNothing ? [] : contexts, of: export) else {
                return refuse(search, .tooBig, "more than \(NBDLimit.contexts) contexts match; select fewer")
            }
            for context in selected { replies.context(number: context.number, name: context.name) }
        }
        replies.acknowledge()
        return .send(replies.bytes)
    }

    /// The answer to NBD_OPT_EXPORT_NAME: u64 size · u16 flags · 124 zeroes, unless the client does without.
    private func oldReply(to offer: NBDExportOffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(offer.size)
        bytes.writeInteger(offer.flags.rawValue)
        if sendsZeroes { bytes.writeRepeatingByte(0, count: 124) }
        return bytes
    }
}
