// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import NBDProtocol
import NIOCore
import NIOSSL
import NIOTLS
import StoragePrimitives

/// One client's connection: carries bytes between the network, the protocol's machines and a session with a disk.
///
/// ```
/// handshaking ──STARTTLS──► handshaking, encrypted ──GO──► serving ──► ended
///        └── finding: an export is looked for, and nothing is taken meanwhile
/// ```
/// What a client has not been answered yet is bounded: beyond it nothing more is read from its socket.
final class NBDConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshaking
        case finding
        case serving(any NBDDiskSession)
        case ended
    }

    private let shared: NBDListenerShared
    private var handshake: NBDServerHandshake
    private var transmission: NBDServerTransmission?
    private var phase = Phase.handshaking
    private var peer: NBDPeer
    /// The export that the last look found.
    private var found: (any NBDExportedDisk)?
    private var context: ChannelHandlerContext?
    private var input = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var stall: Scheduled<Void>?
    private var logger: Logger

    /// What is not answered: bytes by cookie.
    private var charges: [UInt64: Int] = [:]
    private var chargedBytes = 0
    /// Sessions that have asked for a pause, and not to go on yet.
    private var holds = 0
    private var isReading = true
    private var isFlushDue = false

    /// The least that a request counts, whatever it asks for.
    private static let leastCharge = 4096
    /// What a long read holds at a time: it is answered in pieces.
    static let pieceBytes = 1 << 20

    init(shared: NBDListenerShared) {
        self.shared = shared
        peer = shared.encryption == nil ? .local : .unnamed
        handshake = NBDServerHandshake(encryption: shared.encryption == nil ? .none : .required)
        logger = shared.logger
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        logger[metadataKey: "peer"] = "\(context.remoteAddress?.description ?? "local")"
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: shared.settings.handshakeTimeout) {
            bound.value.cut("The handshake did not end in time.")
        }
        context.writeAndFlush(wrapOutboundOut(handshake.greeting()), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .serving(let session) = phase { session.turnEnded() }
        context.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // A client that does not read its answers is not read from either, and does not keep their memory for ever.
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            stall = context.eventLoop.scheduleTask(in: shared.settings.stallTimeout) {
                bound.value.cut("The client does not read its answers.")
            }
        }
        resume()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            // No TLS handler is the same as no certificate.
            let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            peer = handler?.peerCertificate.map { NBDPeer($0) } ?? .unnamed
            logger[metadataKey: "client"] = "\(peer)"
            handshake.tlsStarted()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { cut("The connection failed: \(error).") }

    // MARK: Input

    private var isHeld: Bool {
        holds > 0 || chargedBytes >= shared.settings.connectionWindow.int
            || charges.count >= shared.settings.maximumRequests || context?.channel.isWritable == false
    }

    /// Takes what has come, as far as it may.
    private func advance() {
        do throws(NBDError) {
            while try step() {}
        } catch {
            cut(error.message)
        }
        regulate()
    }

    /// One message; false when there is none, or none may be taken.
    private func step() throws(NBDError) -> Bool {
        switch phase {
        case .handshaking: return try negotiate(try handshake.received(&input))
        case .serving(let session):
            guard !isHeld, let element = try transmission?.received(&input) else { return false }
            return try serve(element, session)
        case .finding, .ended: return false
        }
    }

    private func negotiate(_ action: NBDServerHandshake.Action) throws(NBDError) -> Bool {
        guard let context else { return false }
        switch action {
        case .wait: return false
        case .send(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .startTLS(let bytes): try startTLS(context, bytes)
        case .list:
            let bytes = handshake.listed(shared.directory.list(for: peer))
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .find(let name, let queries):
            phase = .finding
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let eventLoop = context.eventLoop
            shared.directory.find(name, for: peer) { finding in
                eventLoop.execute { bound.value.found(name, finding, queries: queries) }
            }
        case .finished(let terms, let bytes): serve(terms, context, bytes)
        case .close(let bytes):
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in channel.close(promise: nil) }
            end()
            return false
        }
        return true
    }

    private func startTLS(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) throws(NBDError) {
        guard let encryption = shared.encryption else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        do {
            try context.pipeline.syncOperations.addHandler(
                NIOSSLServerHandler(context: encryption), position: .first)
        } catch {
            throw NBDError(.encryptionRequired, "TLS cannot be started: \(error)")
        }
    }

    private func found(_ name: String, _ finding: NBDFinding, queries: [String]) {
        guard case .finding = phase, let context else { return }
        phase = .handshaking
        let action: NBDServerHandshake.Action
        switch finding {
        case .export(let disk):
            found = disk
            action = handshake.found(.offer(disk.offer, contexts: disk.contexts(matching: queries)))
        case .unknown(let words): action = handshake.found(.unknown(words))
        case .refused(let words):
            logger.notice("Refused an export.", metadata: ["export": "\(name)", "reason": "\(words)"])
            action = handshake.found(.refused(words))
        }
        do throws(NBDError) {
            _ = try negotiate(action)
        } catch {
            return cut(error.message)
        }
        advance()
        context.flush()
    }

    private func serve(_ terms: NBDSessionTerms, _ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        timer?.cancel()
        timer = nil
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        let machine = NBDServerTransmission(terms: terms)
        let replies = NBDReplies(
            eventLoop: context.eventLoop, encoder: machine.replies,
            connection: NIOLoopBound(self, eventLoop: context.eventLoop))
        transmission = consume machine
        guard let disk = found else { return cut("Transmission began without an export.") }
        logger[metadataKey: "export"] = "\(terms.offer.name)"
        logger.info("Serving an export.")
        phase = .serving(disk.open(replies, terms: terms))
    }

    private func serve(_ element: NBDServerTransmission.Element, _ session: any NBDDiskSession) throws(NBDError) -> Bool
    {
        switch element {
        case .wait: return false
        case .request(let request):
            guard charges[request.cookie] == nil else {
                throw NBDError(.protocolViolation, "two requests with cookie \(request.cookie) at a time")
            }
            let charge = Self.charge(request)
            charges[request.cookie] = charge
            chargedBytes += charge
            session.perform(request)
        case .payload(let bytes, let isLast): session.fill(bytes, isLast: isLast)
        case .refused(let bytes):
            guard let context else { return false }
            context.write(wrapOutboundOut(bytes), promise: nil)
        case .disconnect:
            session.turnEnded()
            context?.close(promise: nil)
            end()
            return false
        }
        return true
    }

    private static func charge(_ request: NBDRequest) -> Int {
        switch request.command {
        case .read: max(leastCharge, min(Int(request.length), pieceBytes))
        case .write: max(leastCharge, Int(request.length))
        case .disconnect, .flush, .trim, .cache, .writeZeroes, .blockStatus, .resize: leastCharge
        }
    }

    // MARK: Output

    func send(
        _ header: ByteBuffer, _ body: ByteBuffer?, isLast: Bool, cookie: UInt64, then: (@Sendable (Bool) -> Void)?
    ) {
        if isLast, let charge = charges.removeValue(forKey: cookie) { chargedBytes -= charge }
        guard let context, case .serving = phase else {
            // Nobody reads it.
            then?(false)
            return
        }
        if header.readableBytes > 0 || body == nil {
            context.write(wrapOutboundOut(header), promise: nil)
        }
        if let then {
            context.write(wrapOutboundOut(body ?? ByteBuffer())).whenComplete { outcome in
                if case .success = outcome { then(true) } else { then(false) }
            }
        } else if let body {
            context.write(wrapOutboundOut(body), promise: nil)
        }
        flushSoon(context)
        if isLast { resume() }
    }

    /// One flush for all answers that are ready now.
    private func flushSoon(_ context: ChannelHandlerContext) {
        guard !isFlushDue else { return }
        isFlushDue = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.isFlushDue = false
            bound.value.context?.flush()
        }
    }

    // MARK: Flow

    func hold() {
        holds += 1
        regulate()
    }

    func goOn() {
        holds -= 1
        resume()
    }

    private func resume() {
        guard input.readableBytes > 0 || !isReading else { return }
        advance()
        if case .serving(let session) = phase { session.turnEnded() }
        context?.flush()
    }

    /// Reads from the socket only while what comes may be taken.
    private func regulate() {
        guard let context else { return }
        let shouldRead: Bool =
            switch phase {
            case .handshaking: true
            // A client that talks on meanwhile waits in its own memory.
            case .finding: false
            case .serving: !isHeld
            case .ended: true
            }
        guard shouldRead != isReading else { return }
        isReading = shouldRead
        // The channel may be gone already; then there is nothing to stop.
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: shouldRead)
    }

    // MARK: The end

    /// Ends the connection and says why in the log.
    func cut(_ reason: String) {
        if case .ended = phase { return }
        logger.notice("An NBD connection was ended.", metadata: ["reason": "\(reason)"])
        let context = context
        end()
        context?.close(promise: nil)
    }

    private func end() {
        for scheduled in [timer, stall] { scheduled?.cancel() }
        timer = nil
        stall = nil
        found = nil
        input = ByteBuffer()
        charges = [:]
        chargedBytes = 0
        let session: (any NBDDiskSession)? = if case .serving(let session) = phase { session } else { nil }
        phase = .ended
        session?.ended()
    }
}
