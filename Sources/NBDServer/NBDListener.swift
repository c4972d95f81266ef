// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What the connections of one listener have in common.
struct NBDListenerShared: Sendable {
    let settings: NBDServerSettings
    let directory: any NBDDirectory
    /// Nil where the socket itself keeps strangers out.
    let encryption: NBDEncryption?
    let logger: Logger
}

/// What connections encrypt with from now on.
final class NBDEncryption: Sendable {
    private let current: Mutex<NIOSSLContext>

    init(_ context: NIOSSLContext) { current = Mutex(context) }

    var context: NIOSSLContext {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

/// Tells connections that somebody's admission may have ended.
struct NBDAdmissionChanged: Sendable {}

/// Listens for NBD clients in one place and serves them the exports of a directory.
///
/// With ``NBDTrust`` every client has to start TLS before anything else (the protocol's FORCEDTLS) and to show a
/// certificate; without, who can connect is served.
public final class NBDListener: Sendable {
    private struct Channels: ~Copyable {
        var listening: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let shared: NBDListenerShared
    private let endpoint: NBDEndpoint
    private let eventLoops: any EventLoopGroup
    private let channels = Mutex(Channels())

    /// - Throws: ``NBDServerError`` with code `.certificatesUnusable`.
    public init(
        _ endpoint: NBDEndpoint, settings: NBDServerSettings, trust: NBDTrust?, directory: any NBDDirectory,
        eventLoops: any EventLoopGroup, logger: Logger
    ) throws(NBDServerError) {
        shared = NBDListenerShared(
            settings: settings, directory: directory,
            encryption: try trust.map { trust throws(NBDServerError) in NBDEncryption(try trust.context()) },
            logger: logger)
        self.endpoint = endpoint
        self.eventLoops = eventLoops
    }

    /// Takes a renewed certificate or authority; connections made from now on use it.
    ///
    /// - Throws: ``NBDServerError`` with code `.certificatesUnusable`.
    public func use(_ trust: NBDTrust) throws(NBDServerError) {
        guard let encryption = shared.encryption else { return }
        encryption.context = try trust.context()
    }

    /// Ends the connections of those whom the directory does not admit any more.
    public func lookAtPeers() {
        for channel in channels.withLock({ Array($0.connections.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(NBDAdmissionChanged())
        }
    }

    /// Connections at this moment.
    public var connectionCount: Int { channels.withLock { $0.connections.count } }

    /// Starts to listen.
    ///
    /// - Returns: The TCP port, or nil for a unix domain socket.
    /// - Throws: ``NBDServerError`` with code `.cannotListen`.
    @discardableResult
    public func start() async throws(NBDServerError) -> Int? {
        let bootstrap = ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBytes))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // Clients close their direction with their farewell, and wait for answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try connected(channel) }
            }
        let channel: any Channel
        do {
            switch endpoint {
            case .tcp(let host, let port):
                channel =
                    try await bootstrap
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    // The protocol has no sign of life of its own.
                    .childChannelOption(.socketOption(.so_keepalive), value: 1)
                    .bind(host: host, port: port).get()
            case .unix(let path):
                channel = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            }
        } catch {
            throw NBDServerError(
                .cannotListen, "Cannot listen for NBD on \(endpoint.described) (\(error)): free it or name another.")
        }
        let isClosed = channels.withLock { channels in
            channels.listening = channel
            return channels.isClosed
        }
        // It was closed before it listened: what cannot be closed is closed.
        if isClosed { try? await channel.close() }
        return channel.localAddress?.port
    }

    /// Bytes taken from a socket at once: two of nbdcopy's requests. A quarter of it costs a sixth more processor time.
    private static let readBytes = 512 << 10

    /// Waits until it is closed, or the socket is.
    public func closed() async {
        guard let listening = channels.withLock({ $0.listening }) else { return }
        // However it ended, it has.
        try? await listening.closeFuture.get()
    }

    /// Stops to listen, ends every connection, and waits until they are gone: no new request reaches a disk. Those under
    /// way end with ``NBDWorkers/finish()``.
    public func close() async {
        let (listening, connections) = channels.withLock { channels in
            channels.isClosed = true
            return (channels.listening, Array(channels.connections.values))
        }
        // What cannot be closed is closed.
        try? await listening?.close()
        for channel in connections { channel.close(promise: nil) }
        // However they ended, they have.
        for channel in connections { try? await channel.closeFuture.get() }
    }

    private func connected(_ channel: any Channel) throws {
        let id = ObjectIdentifier(channel)
        let isAdmitted = channels.withLock { channels in
            guard !channels.isClosed, channels.connections.count < shared.settings.maximumConnections else {
                return false
            }
            channels.connections[id] = channel
            return true
        }
        guard isAdmitted else {
            throw NBDServerError(
                .tooManyConnections, "More than \(shared.settings.maximumConnections) connections at a time.")
        }
        channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0.connections[id] = nil } }
        try channel.pipeline.syncOperations.addHandler(NBDConnection(shared: shared))
    }
}

extension NBDEndpoint {
    /// As an operator would write it.
    public var described: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
