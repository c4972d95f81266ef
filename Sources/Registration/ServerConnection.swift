// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// A connection to a configuration server, over which requests go one after the other.
struct ServerConnection {
    private typealias Channel = NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart>

    /// SHA-256 of the certificate that the server showed.
    let fingerprint: [UInt8]
    /// Who the server is by its certificate: its common name.
    let name: String
    private let host: String
    private let isForTerminal: Bool
    private var inbound: NIOAsyncChannelInboundStream<NIOHTTPClientResponseFull>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>

    private static let connectTimeout = TimeAmount.seconds(10)
    /// Nothing for that long, either way, ends a connection.
    private static let idleTimeout = TimeAmount.seconds(60)

    /// Connects, shakes hands, looks at the certificate, and closes when the work is done.
    ///
    /// - Parameter isForTerminal: People read what is answered, see ``Printable``.
    static func with<Result>(
        _ endpoint: ServerEndpoint, trusting trust: ServerTrust, isForTerminal: Bool = false,
        _ work: (inout ServerConnection) async throws -> Result
    ) async throws -> Result {
        let context = try NIOSSLContext(configuration: trust.configuration())
        let isName = (try? SocketAddress(ipAddress: endpoint.host, port: 0)) == nil  // nil: it is no address
        let (channel, handshake) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(connectTimeout)
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handshake = HandshakeWatch(channel.eventLoop.makePromise())
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: isName ? endpoint.host : nil))
                    try pipeline.addHandler(handshake)
                    try pipeline.addHandler(IdleStateHandler(allTimeout: idleTimeout))
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(
                        NIOHTTPClientResponseAggregator(maxContentLength: trust.maximumAnswerBytes))
                    try pipeline.addHandler(IdleEnd())
                    return (try Channel(wrappingChannelSynchronously: channel), handshake.promise.futureResult)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await handshake.get()
            guard let certificate = try await channel.channel.nioSSL_peerCertificate().get() else {
                throw ConfigurationFailure(
                    .notAuthenticated, "\(endpoint) showed no certificate.", remedy: "Correct the address.")
            }
            let shown = try trust.check(certificate)
            var connection = ServerConnection(
                fingerprint: shown.fingerprint, name: shown.name, host: endpoint.description,
                isForTerminal: isForTerminal, inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await work(&connection)
        }
    }

    /// - Throws: ``ConfigurationFailure`` that the server answered with, or with `.unsupportedVersion` when its answer
    ///   cannot be read; ``NoAnswer`` when none of a configuration server comes.
    mutating func post<Answer: Decodable>(_ path: String, _ body: some Encodable) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return try await send(.POST, path, Array(try encoder.encode(body)))
    }

    /// As ``post(_:_:)``, without a body.
    mutating func get<Answer: Decodable>(_ path: String) async throws -> Answer { try await send(.GET, path, []) }

    /// As ``post(_:_:)``, without a body.
    mutating func delete<Answer: Decodable>(_ path: String) async throws -> Answer {
        try await send(.DELETE, path, [])
    }

    private mutating func send<Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]
    ) async throws -> Answer {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers.add(name: "host", value: host)
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: "\(body.count)")
        try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil)])
        guard let response = try await inbound.next() else { throw NoAnswer("it closed the connection") }
        var bytes = response.body.map { Array($0.readableBytesView) } ?? []
        if isForTerminal { bytes = Printable.json(bytes) }
        let data = Data(bytes)
        guard response.head.status == .ok else {
            // An answer that is none of ours is told by its status.
            if let failure = try? JSONDecoder().decode(ConfigurationFailure.self, from: data) { throw failure }
            throw NoAnswer(
                "it answered \(response.head.status.code), which is no answer of a configuration server")
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw ConfigurationFailure(
                .unsupportedVersion, "The answer of the configuration server \(host) cannot be read (\(error)).",
                remedy: "Install the same version on both.")
        }
    }
}

/// No configuration server answered at an address: another address of it may.
struct NoAnswer: Error, CustomStringConvertible {
    let description: String
    init(_ reason: String) { description = reason }
}

/// Tells when the handshake is done, or the connection has ended before.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = NIOAny
    let promise: EventLoopPromise<Void>

    init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
}

/// Ends a connection on which nothing happens.
private final class IdleEnd: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPClientResponseFull
    typealias InboundOut = NIOHTTPClientResponseFull

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
