// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import NIOCore
import NIOSSL
import NIOTLS
import ReplicationProtocol
import RetentionStore
import StoragePrimitives

/// One connection: feeds bytes to the decoder, frames to the machine, and performs what the machine says. Lives on its
/// channel's event loop; decides nothing itself.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let shared: ReceiverShared
    var machine = ReceiverSession()
    var intake: Intake?
    var context: ChannelHandlerContext?

    /// The session's place in the table and its group, from admission until ``detach()``.
    var attachment: Attachment?
    var mailbox: StoreMailbox?
    /// Comparisons under way, oldest first, and those of them that the store has answered.
    var comparisons: [PendingComparison] = []
    var comparisonAnswers: [UInt64: Result<[RangeDigest], RetentionError>] = [:]
    var nextTicket: UInt64 = 0
    var comparison: Comparison?
    var counters = ReceiverStatus.Counters()
    var throttle: ThrottleDecider
    var pressureWatch: RepeatedTask?

    private(set) var peer: PeerIdentity?
    private let identify: (ChannelHandlerContext) -> PeerIdentity?
    private var decoder = FrameDecoder(from: .sender)
    private var outgoing = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var ticker: RepeatedTask?
    private var isEnding = false
    private(set) var logger: Logger

    /// A session that holds its group.
    struct Attachment {
        let id: UInt64
        let hello: Frame.Hello
        let group: any ReplicationGroup
        let credit: Int
        let detached: EventLoopPromise<Void>
        /// Whether the older session, if there was one, has let go.
        var turnHasCome: Bool
        /// Whether this one feeds and observes the group.
        var isActive: Bool
    }

    /// - Parameter identify: Reads who the peer is once TLS has verified it.
    init(
        shared: ReceiverShared,
        identify: @escaping (ChannelHandlerContext) -> PeerIdentity? = SessionHandler.certifiedIdentity
    ) {
        self.shared = shared
        self.identify = identify
        throttle = ThrottleDecider(shared.settings.throttle)
        logger = shared.logger
    }

    /// The subject of the certificate that TLS verified.
    static func certifiedIdentity(_ context: ChannelHandlerContext) -> PeerIdentity? {
        // No TLS handler is the same as no certificate: nobody is admitted.
        guard let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self) else {
            return nil
        }
        return handler.peerCertificate.flatMap { PeerIdentity($0) }
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        logger[metadataKey: "peer"] = "\(context.remoteAddress?.description ?? "unknown")"
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: shared.settings.handshakeTimeout) {
            loopBound.value.handshakeTimedOut()
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            handshakeCompleted(context, negotiated)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func handshakeCompleted(_ context: ChannelHandlerContext, _ negotiated: String?) {
        timer?.cancel()
        timer = nil
        guard negotiated == WireProtocol.alpn else {
            // Not this protocol: no frame of it would be understood.
            fail(
                ProtocolError(
                    .unsupportedVersion, "The peer did not offer the application protocol \(WireProtocol.alpn)."))
            return cut()
        }
        guard let peer = identify(context) else {
            return end(
                .roleNotAdmitted,
                "The certificate does not name one role (OU) and one host id (CN): enrol the process server again.")
        }
        self.peer = peer
        logger[metadataKey: "host"] = "\(peer.host)"
        guard peer.role == PeerIdentity.sendingRole else {
            return end(
                .roleNotAdmitted,
                "The certificate of host \(peer.host) has the role \(peer.role); this port takes "
                    + "\(PeerIdentity.sendingRole).")
        }
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let third = TimeAmount.nanoseconds(shared.settings.idleTimeout.nanoseconds / Int64(3))
        ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: third, delay: third) { _ in
            loopBound.value.ticked()
        }
    }

    private func handshakeTimedOut() {
        fail(ProtocolError(.handshakeTimeout, "The TLS handshake did not end in time."))
        cut()
    }

    private func ticked() {
        switch machine.tick() {
        case .none: break
        case .send(let frame): send(frame)
        case .end(let error, let frame):
            fail(error)
            finish(with: frame)
        }
        flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding else { return }
        let bytes = unwrapInboundIn(data)
        counters.receivedBytes += ByteCount(bytes.readableBytes)
        decoder.append(bytes)
        do throws(ProtocolError) {
            while !isEnding, let element = try decoder.next() {
                switch element {
                case .frame(let frame): perform(machine.received(frame))
                case .payload(let piece, let isLast): perform(machine.receivedPayload(isLast: isLast), with: piece)
                }
            }
        } catch {
            fail(error)
            end(error.code, error.message)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readCompleted()
        flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // A peer that does not read what it is told is not read from either: nothing piles up for it.
        let isWritable = context.channel.isWritable
        // The channel may be gone already; then there is nothing to stop.
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: isWritable)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isEnding {
            do throws(ProtocolError) {
                try decoder.finish()
                if attachment != nil {
                    fail(ProtocolError(.connectionLost, "The sender's connection ended without a Close."))
                }
            } catch {
                fail(error)
            }
        }
        isEnding = true
        machine.disconnected()
        timer?.cancel()
        ticker?.cancel()
        detach()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isEnding { fail(ProtocolError(.connectionLost, "The connection failed: \(error).")) }
        cut()
    }

    // MARK: Sending and ending

    func send(_ frame: Frame) { FrameEncoder.encode(frame, to: &outgoing) }

    func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        let bytes = outgoing
        outgoing = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Ends the session from this side.
    func end(_ code: ReasonCode, _ message: String) {
        switch machine.end(code, message, retryAfterMilliseconds: shared.retryAfter(code)) {
        case .end(let frame): finish(with: frame)
        case .ignore: break
        }
        flush()
    }

    /// Sends the last frame, lets go of the group, and gives the peer a while to read it.
    func finish(with frame: Frame?) {
        guard !isEnding, let context else { return }
        isEnding = true
        if let frame {
            send(frame)
            report(frame)
        }
        flush()
        ticker?.cancel()
        detach()
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer?.cancel()
        timer = context.eventLoop.scheduleTask(in: frame == nil ? .zero : shared.settings.lingerTime) {
            loopBound.value.cut()
        }
    }

    func cut() {
        isEnding = true
        context?.close(promise: nil)
    }

    /// The listener is shutting down: whatever state the connection is in, it ends within the linger time.
    func cutSoon() {
        guard let context else { return }
        if timer == nil || !isEnding {
            let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
            timer?.cancel()
            timer = context.eventLoop.scheduleTask(in: shared.settings.lingerTime) { loopBound.value.cut() }
        }
    }

    func fail(_ error: ProtocolError) {
        shared.board.failed(error)
        logger.notice(
            "Replication connection failed", metadata: ["code": "\(error.code)", "reason": "\(error.message)"])
    }

    /// One line for the end of a session or for a refusal.
    private func report(_ frame: Frame) {
        switch frame {
        case .refuse(let refuse):
            shared.board.refused(ProtocolError(refuse.code, refuse.message))
            logger.notice(
                "Refused a sender", metadata: ["code": "\(refuse.code)", "reason": "\(refuse.message)"])
        case .close(let close):
            logger.info("Ended a session", metadata: ["code": "\(close.code)", "reason": "\(close.message)"])
        case .hello, .batchBegin, .write, .zero, .batchEnd, .bookmark, .syncBegin, .digests, .syncWrite, .syncZero,
            .syncEnd, .verifyBegin, .verifyEnd, .welcome, .durable, .applied, .credit, .throttle, .digestAnswer,
            .syncDurable, .bookmarkRequest, .verifyRequest, .ping:
            break
        }
    }

    func annotateLogger(group: String, session: UInt64) {
        logger[metadataKey: "group"] = "\(group)"
        logger[metadataKey: "session"] = "\(session)"
    }
}
