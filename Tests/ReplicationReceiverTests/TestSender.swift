// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import NIOPosix
import NIOSSL
import ReplicationProtocol
import StoragePrimitives

/// A peer that says whatever a test wants, over real TLS.
final class TestSender: Sendable {
    private let channel: any Channel
    private let inbox: AsyncStream<Frame>

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private var decoder = FrameDecoder(from: .receiver)
        private let frames: AsyncStream<Frame>.Continuation

        init(_ frames: AsyncStream<Frame>.Continuation) { self.frames = frames }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            decoder.append(unwrapInboundIn(data))
            do {
                while let element = try decoder.next() {
                    if case .frame(let frame) = element { frames.yield(frame) }
                }
            } catch {
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { frames.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    init(
        port: Int, identity: TestAuthority.Identity?, authority: TestAuthority, alpn: [String] = [WireProtocol.alpn],
        version: TLSVersion = .tlsv13
    ) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = version
        configuration.maximumTLSVersion = version
        configuration.trustRoots = .certificates([authority.certificate])
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = alpn
        if let identity {
            configuration.certificateChain = [.certificate(identity.certificate)]
            configuration.privateKey = .privateKey(identity.key)
        }
        let context = try NIOSSLContext(configuration: configuration)
        let (stream, continuation) = AsyncStream<Frame>.makeStream()
        inbox = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLClientHandler(context: context, serverHostname: nil), Handler(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ frame: Frame, payload: ByteBuffer? = nil) async throws {
        var bytes = ByteBuffer()
        FrameEncoder.encode(frame, to: &bytes)
        if let payload { bytes.writeImmutableBuffer(payload) }
        try await send(bytes)
    }

    func send(_ bytes: ByteBuffer) async throws {
        // A receiver that has refused may have cut the connection: what it said is what a test looks at.
        try? await channel.writeAndFlush(bytes)
    }

    /// The next frame, or nil when the connection ended.
    func next() async -> Frame? {
        var iterator = inbox.makeAsyncIterator()
        return await iterator.next()
    }

    /// The next frame that is none of the flow's.
    func nextAnswer() async -> Frame? {
        while let frame = await next() {
            switch frame {
            case .credit, .applied, .ping: continue
            default: return frame
            }
        }
        return nil
    }

    func close() async {
        // It may be closed already.
        try? await channel.close()
    }

    /// Waits for the end of the connection.
    func ended() async {
        // How it ended does not matter.
        try? await channel.closeFuture.get()
    }
}
