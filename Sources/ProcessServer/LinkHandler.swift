// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOSSL
import NIOTLS
import ReplicationProtocol

/// The end of the channel: bytes to frames, frames to the link, and the ticks of its liveness.
///
/// Nothing is said before the TLS handshake is complete and the peer's certificate names it a master target.
final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// A session that has no Welcome yet is ticked as if the idle timeout were this.
    private static let openingTick = TimeAmount.seconds(5)

    private let link: ReplicationLink
    private let admission: Admission
    private var decoder = FrameDecoder(from: .receiver)
    private var ticks: Scheduled<Void>?
    private var tick = openingTick
    private var isAdmitted = false

    init(link: ReplicationLink, admission: Admission) {
        self.link = link
        self.admission = admission
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted(let negotiated) = event {
            admit(context, negotiated: negotiated)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func admit(_ context: ChannelHandlerContext, negotiated: String?) {
        guard negotiated == WireProtocol.alpn else {
            return link.fail(
                ProcessServerError(
                    .peerNotAdmitted, "The peer does not speak \(WireProtocol.alpn): check the port."))
        }
        do {
            let certificate = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
                .peerCertificate
            if let refusal = admission.refusal(of: certificate) { return link.fail(refusal) }
        } catch {
            return link.fail(
                ProcessServerError(.peerNotAdmitted, "The peer's certificate cannot be had: \(error)."))
        }
        isAdmitted = true
        link.connected(context.channel)
        schedule(context.eventLoop)
    }

    private func schedule(_ eventLoop: any EventLoop) {
        // The handler, the timer and the channel share this event loop.
        ticks = eventLoop.assumeIsolated().scheduleTask(in: tick) { [self] in
            link.tick()
            schedule(eventLoop)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAdmitted else { return }
        decoder.append(unwrapInboundIn(data))
        do {
            while let element = try decoder.next() {
                guard case .frame(let frame) = element else { continue }
                if case .welcome(let welcome) = frame {
                    let third = max(100, Int64(welcome.idleTimeoutMilliseconds) / 3)
                    tick = .milliseconds(third)
                    ticks?.cancel()
                    schedule(context.eventLoop)
                }
                guard link.received(frame) else {
                    isAdmitted = false
                    return
                }
            }
        } catch {
            isAdmitted = false
            link.fail(ProcessServerError(.connectionFailed, "The master target broke the protocol: \(error.message)"))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.fail(ProcessServerError(.connectionFailed, Self.sentence(error)))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ticks?.cancel()
        link.closed()
        context.fireChannelInactive()
    }

    /// The library's words for a failure of TLS have its source paths in them; its reasons are named in capitals.
    private static func sentence(_ error: any Error) -> String {
        guard error is NIOSSLError || error is BoringSSLError else {
            return "The connection to the master target failed: \(error)."
        }
        let reasons = "\(error)".matches(of: /OPENSSL_internal:([A-Z0-9_]+)/).map { String($0.1) }
        return
            "TLS with the master target failed (\(reasons.isEmpty ? "\(error)" : reasons.joined(separator: ", "))): "
            + "check that this host's certificate and the master target's come from the same authority, and are valid."
    }
}
