// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ReplicationProtocol
import RetentionStore
import ServiceLifecycle
import Synchronization

/// Listens for process servers, and runs a session for each.
///
/// TLS 1.3, mutual, ALPN ``WireProtocol/alpn``. On graceful shutdown it stops listening, tells every sender to come
/// back later, and returns when their connections have ended.
public final class ReplicationListener: Service {
    private struct Channels: ~Copyable {
        var listening: (any Channel)?
        var sessions: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
    }

    let shared: ReceiverShared
    let eventLoops: any EventLoopGroup
    private let tls: Mutex<NIOSSLContext>
    private let channels = Mutex(Channels())

    /// - Parameters:
    ///   - eventLoops: What the connections run on; owned by the caller.
    ///   - pool: Where payloads are received into; shared with nothing else, or with other listeners.
    /// - Throws: ``ReceiverError`` with code `.certificatesUnusable`.
    public init(
        settings: ReceiverSettings, trust: ReceiverTrust, directory: any GroupDirectory, pool: BufferPool,
        eventLoops: any EventLoopGroup, logger: Logger
    ) throws {
        shared = ReceiverShared(settings: settings, directory: directory, pool: pool, logger: logger)
        self.eventLoops = eventLoops
        tls = Mutex(try Self.context(trust))
    }

    private static func context(_ trust: ReceiverTrust) throws(ReceiverError) -> NIOSSLContext {
        do {
            return try trust.context()
        } catch {
            throw ReceiverError(
                .certificatesUnusable,
                "The certificate, key or authority for replication cannot be used (\(error)): renew or replace them.")
        }
    }

    /// Takes a renewed certificate or authority; connections made from now on use it.
    public func use(_ trust: ReceiverTrust) throws {
        let context = try Self.context(trust)
        tls.withLock { $0 = context }
    }

    /// What the receiver has done and does.
    public var status: ReceiverStatus { shared.board.status }

    /// Bytes taken from a socket at once, 8 TLS records: twice as much is no faster, and every session holds some.
    private static let readBytes = 128 << 10

    /// The port that is listened on, or nil before ``bind()``.
    public var port: Int? { channels.withLock { $0.listening?.localAddress?.port } }

    /// Ends the group's session, if it has one: it is about to recover, pause or go.
    ///
    /// - Returns: A future that completes when nothing of the session touches the group any more.
    public func endSession(of group: String, _ code: ReasonCode, _ message: String) -> EventLoopFuture<Void> {
        guard let entry = shared.sessions.session(of: group) else {
            return eventLoops.any().makeSucceededVoidFuture()
        }
        entry.end(code, message)
        return entry.detached
    }

    /// Tells the group's sender something: Throttle or BookmarkRequest. False when no session is open.
    public func tell(_ group: String, _ frame: Frame) -> Bool {
        guard let entry = shared.sessions.session(of: group) else { return false }
        entry.tell(frame)
        return true
    }

    /// Starts to listen; ``run()`` does it where it was not done before.
    ///
    /// - Returns: The port.
    @discardableResult
    public func bind() async throws -> Int {
        if let port { return port }
        let settings = shared.settings
        let channel: any Channel
        do {
            channel = try await ServerBootstrap(group: eventLoops)
                .serverChannelOption(.backlog, value: 128)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                // The TLS handler gathers what all reads of one turn decrypt to in one buffer, and makes a new one each
                // turn: it has to stay of a size that the allocator keeps, so a turn is one read of some records.
                .childChannelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBytes)
                )
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture { try connected(channel) }
                }
                .bind(host: settings.address, port: settings.port).get()
        } catch {
            throw ReceiverError(
                .cannotListen,
                "Cannot listen on \(settings.address) port \(settings.port) (\(error)): free the port or configure "
                    + "another.")
        }
        let port = channel.localAddress?.port ?? settings.port
        channels.withLock { $0.listening = channel }
        shared.logger.info(
            "Listening for replication", metadata: ["address": "\(settings.address)", "port": "\(port)"])
        return port
    }

    /// Listens until graceful shutdown or cancellation.
    public func run() async throws {
        try await bind()
        guard let listening = channels.withLock({ $0.listening }) else { return }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await listening.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            self.drain()
        }
        for channel in channels.withLock({ Array($0.sessions.values) }) {
            // It has ended, one way or the other: that is all that is wanted.
            try? await channel.closeFuture.get()
        }
    }

    private func drain() {
        let (listening, sessions) = channels.withLock { channels in
            channels.isDraining = true
            return (channels.listening, Array(channels.sessions.values))
        }
        listening?.close(promise: nil)
        for channel in sessions { Self.drain(channel) }
    }

    private static func drain(_ channel: any Channel) {
        channel.eventLoop.execute {
            // A channel without its handler is being closed already.
            guard let handler = try? channel.pipeline.syncOperations.handler(type: SessionHandler.self) else { return }
            handler.end(.shuttingDown, "The master target is shutting down: connect again later.")
            handler.cutSoon()
        }
    }

    /// Sets up a connection that was accepted; on its event loop.
    private func connected(_ channel: any Channel) throws {
        let limit = shared.settings.maximumSessions + shared.settings.maximumHandshakes
        guard shared.board.connect(limit: limit) else {
            throw ReceiverError(.cannotListen, "More than \(limit) connections at a time.")
        }
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [self] _ in
            shared.board.disconnected()
            channels.withLock { $0.sessions[id] = nil }
        }
        let isDraining = channels.withLock { channels in
            channels.sessions[id] = channel
            return channels.isDraining
        }
        let context = tls.withLock { $0 }
        try channel.pipeline.syncOperations.addHandlers(
            NIOSSLServerHandler(context: context), SessionHandler(shared: shared))
        if isDraining { Self.drain(channel) }
    }
}
