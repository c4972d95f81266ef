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
/// handshaking ──STARTTLS──► handshaking, encrypted ──GO──► serving ──farewell──► leaving ──all answered──► ended
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
        /// Nothing more is taken; what was is answered, then the connection is closed.
        case leaving((any NBDDiskSession)?)
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
    private var window: RequestWindow
    private var stall = StallWatch()
    private var handshakeTimer: Scheduled<Void>?
    private var stallTimer: RepeatedTask?
    private var logger: Logger

    /// Answers may be made while requests are taken, and let more be taken: one after the other, not one in the other.
    private var isPumping = false
    private var isPumpDue = false
    private var isReading = true
    private var isFlushDue = false

    /// What a long read holds at a time: it is answered in pieces.
    static let pieceBytes = 1 << 20

    init(shared: NBDListenerShared) {
        self.shared = shared
        peer = shared.encryption == nil ? .local : .unnamed
        handshake = NBDServerHandshake(encryption: shared.encryption == nil ? .none : .required)
        window = RequestWindow(shared.settings)
        logger = shared.logger
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        logger[metadataKey: "peer"] = "\(context.remoteAddress?.description ?? "local")"
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        handshakeTimer = context.eventLoop.scheduleTask(in: shared.settings.handshakeTimeout) {
            bound.value.cut("The handshake did not end in time.")
        }
        stallTimer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: shared.settings.stallTimeout, delay: shared.settings.stallTimeout
        ) { _ in bound.value.lookForStall() }
        context.writeAndFlush(wrapOutboundOut(handshake.greeting()), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .handshaking, .finding, .serving: break
        // It is closing, which may take a while with TLS.
        case .leaving, .ended: return
        }
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        pump(endsTurn: false)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pump()
        context.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall.writabilityChanged()
        resume()
        regulate()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { encrypted(context) }
        if case .inputClosed? = event as? ChannelEvent { inputClosed(context) }
        if event is NBDAdmissionChanged, !shared.directory.admits(peer) {
            cut("The client is not admitted any more.")
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func encrypted(_ context: ChannelHandlerContext) {
        guard case .handshaking = phase else { return }
        // No TLS handler is the same as no certificate.
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        peer = handler?.peerCertificate.map { NBDPeer($0) } ?? .unnamed
        logger[metadataKey: "client"] = "\(peer)"
        handshake.tlsStarted()
    }

    /// A client that has said farewell may close its direction and still wait for answers; any other has gone.
    private func inputClosed(_ context: ChannelHandlerContext) {
        if case .leaving = phase { return }
        end()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        stallTimer?.cancel()
        stallTimer = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { cut("The connection failed: \(error).") }

    // MARK: Input

    /// Takes what has come, as far as it may.
    private func pump(endsTurn: Bool = true) {
        guard !isPumping else {
            isPumpDue = true
            return
        }
        isPumping = true
        repeat {
            isPumpDue = false
            do throws(NBDError) {
                while try step() {}
            } catch {
                cut(error.message)
            }
            if endsTurn, case .serving(let session) = phase { session.turnEnded() }
        } while isPumpDue
        isPumping = false
        regulate()
    }

    /// One message; false when there is none, or none may be taken.
    private func step() throws(NBDError) -> Bool {
        switch phase {
        case .handshaking:
            // Answers to options are as long as the list of exports.
            guard context?.channel.isWritable == true else { return false }
            return try negotiate(try handshake.received(&input))
        case .serving(let session):
            guard window.isOpen, context?.channel.isWritable == true,
                let element = try transmission?.received(&input)
            else { return false }
            return try serve(element, session)
        case .finding, .leaving, .ended: return false
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
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            leave(nil)
            return false
        }
        return true
    }

    private func startTLS(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) throws(NBDError) {
        guard let encryption = shared.encryption else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        do {
            try context.pipeline.syncOperations.addHandler(
                NIOSSLServerHandler(context: encryption.context), position: .first)
        } catch {
            throw NBDError(.encryptionRequired, "TLS cannot be started: \(error)")
        }
    }

    private func found(_ name: String, _ finding: NBDFinding, queries: [String]) {
        guard case .finding = phase else { return }
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
        // What came meanwhile.
        pump()
    }

    private func serve(_ terms: NBDSessionTerms, _ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        handshakeTimer?.cancel()
        handshakeTimer = nil
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
            try window.took(request)
            session.perform(request)
        case .payload(let bytes, let isLast):
            window.tookPayload(isLast: isLast)
            session.fill(bytes, isLast: isLast)
        case .refused(let bytes):
            context?.write(wrapOutboundOut(bytes), promise: nil)
        case .disconnect:
            session.turnEnded()
            leave(session)
            return false
        }
        return true
    }

    // MARK: Output

    func send(
        _ header: ByteBuffer, _ body: ByteBuffer?, isLast: Bool, cookie: UInt64, then: (@Sendable (Bool) -> Void)?
    ) {
        if isLast { window.answered(cookie) }
        guard let context, isAnswering else {
            // Nobody reads it.
            then?(false)
            return
        }
        context.write(wrapOutboundOut(header), promise: nil)
        if let body { send(body, context, then) } else { then?(true) }
        flushSoon(context)
        guard isLast else { return }
        resume()
        leaveIfAllIsAnswered()
    }

    /// In pieces, so that each that the network takes is a sign of life.
    private func send(_ body: ByteBuffer, _ context: ChannelHandlerContext, _ then: (@Sendable (Bool) -> Void)?) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        var body = body
        while let piece = body.readSlice(length: min(Self.pieceBytes, body.readableBytes)), piece.readableBytes > 0 {
            let isEnd = body.readableBytes == 0
            stall.sent()
            context.write(wrapOutboundOut(piece)).whenComplete { outcome in
                bound.value.stall.wasTaken()
                guard isEnd else { return }
                if case .success = outcome { then?(true) } else { then?(false) }
            }
        }
    }

    /// Whether answers still go out.
    private var isAnswering: Bool {
        switch phase {
        case .serving, .leaving: true
        case .handshaking, .finding, .ended: false
        }
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
        window.hold()
        regulate()
    }

    func goOn() {
        window.release()
        resume()
    }

    private func resume() {
        guard input.readableBytes > 0 || !isReading else { return }
        pump()
    }

    /// Reads from the socket only while what comes may be taken.
    private func regulate() {
        guard let context, !isPumping else { return }
        let shouldRead: Bool =
            switch phase {
            case .handshaking: context.channel.isWritable
            // A client that talks on meanwhile waits in its own memory.
            case .finding: false
            case .serving: window.isOpen && context.channel.isWritable
            // To see its end; what else comes is dropped.
            case .leaving, .ended: true
            }
        guard shouldRead != isReading else { return }
        isReading = shouldRead
        // The channel may be gone already; then there is nothing to stop.
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: shouldRead)
    }

    private func lookForStall() {
        guard let context else { return }
        let isLeaving = if case .leaving = phase { window.isEmpty } else { false }
        guard stall.isStalled(isFull: isLeaving || !context.channel.isWritable) else { return }
        cut("The client does not read its answers.")
    }

    // MARK: The end

    /// Answers what was asked, then closes.
    private func leave(_ session: (any NBDDiskSession)?) {
        phase = .leaving(session)
        handshakeTimer?.cancel()
        handshakeTimer = nil
        input = ByteBuffer()
        leaveIfAllIsAnswered()
    }

    private func leaveIfAllIsAnswered() {
        guard case .leaving = phase, window.isEmpty, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Behind all that was written.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound.value.end()
            bound.value.context?.close(promise: nil)
        }
    }

    /// Ends the connection and says why in the log.
    func cut(_ reason: String) {
        if case .ended = phase { return }
        logger.notice("An NBD connection was ended.", metadata: ["reason": "\(reason)"])
        let context = context
        // Who was answered shall know it.
        context?.flush()
        end()
        context?.close(promise: nil)
    }

    private func end() {
        handshakeTimer?.cancel()
        handshakeTimer = nil
        found = nil
        input = ByteBuffer()
        let session: (any NBDDiskSession)? =
            switch phase {
            case .serving(let session): session
            case .leaving(let session): session
            case .handshaking, .finding, .ended: nil
            }
        phase = .ended
        session?.ended()
    }
}
