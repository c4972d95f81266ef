// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import NBDProtocol
import NIOCore
import NIOPosix
import StoragePrimitives
import Synchronization

/// A connection to an NBD server, used by blocking calls of one thread at a time.
///
/// The event loop only carries bytes; both protocol machines live with the caller.
final class NBDConnection {
    /// Nanoseconds without a byte after which a server is given up.
    private static let patience: Int64 = 30_000_000_000
    /// Bytes of one read request: several are under way at a time.
    private static let requestBytes: UInt64 = 256 << 10
    /// Bytes that came and were not asked for yet are bounded by what is asked; this bounds a server that sends more.
    fileprivate static let maximumWaitingBytes = 64 << 20

    private let inbox = Inbox()
    private let channel: any Channel
    private var bytes = ByteBuffer()
    private var transmission: NBDTransmission
    let export: NBDExport

    init(address: NBDAddress, contexts: [String], required: [String], group: any EventLoopGroup) throws(NBDError) {
        let inbox = inbox
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.seconds(10))
            .channelOption(.socketOption(.so_rcvbuf), value: 2 << 20)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox: inbox))
                }
            }
        do {
            switch address.endpoint {
            case .network(let host, let port): channel = try bootstrap.connect(host: host, port: port).wait()
            case .unixSocket(let path): channel = try bootstrap.connect(unixDomainSocketPath: path).wait()
            }
        } catch {
            throw NBDError(.requestFailed, "no connection to \(address): \(error)")
        }
        do {
            export = try Self.shakeHands(address, contexts, required, inbox, channel, &bytes)
        } catch {
            channel.close(promise: nil)
            throw error
        }
        transmission = NBDTransmission(export: export)
    }

    deinit {
        channel.writeAndFlush(transmission.disconnect(), promise: nil)
        channel.close(promise: nil)
    }

    private static func shakeHands(
        _ address: NBDAddress, _ contexts: [String], _ required: [String], _ inbox: Inbox, _ channel: any Channel,
        _ bytes: inout ByteBuffer
    ) throws(NBDError) -> NBDExport {
        var handshake = NBDClientHandshake(
            exportName: address.export, contexts: contexts, requiredContexts: required)
        while true {
            switch try handshake.received(&bytes) {
            case .wait: try inbox.take(into: &bytes, patience: patience)
            case .send(let answer): channel.writeAndFlush(answer, promise: nil)
            case .finished(let export): return export
            }
        }
    }

    /// Fills `buffer` from `offset` on.
    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: UInt64) throws(NBDError) {
        let end = offset + UInt64(buffer.byteCount)
        guard end <= export.size else { throw NBDError(.requestFailed, "a read past the end of the export") }
        let step = min(Self.requestBytes, UInt64(export.maximumBlockSize))
        var requested = offset
        var waiting = 0
        var failure: NBDError?
        while requested < end || waiting > 0 {
            while requested < end, waiting < NBDLimit.requests, failure == nil {
                let length = min(step, end - requested)
                let request = transmission.read(offset: requested, length: UInt32(length))
                channel.write(request.bytes, promise: nil)
                requested += length
                waiting += 1
            }
            channel.flush()
            if failure != nil, waiting == 0 { break }
            switch try transmission.received(&bytes) {
            case .wait: try inbox.take(into: &bytes, patience: Self.patience)
            case .data(_, let start, let data):
                buffer.replace(at: Int(start - offset), with: data.readableBytesSpan)
            case .zeroes(_, let start, let count): buffer.zero(at: Int(start - offset), count: Int(count))
            case .finished: waiting -= 1
            case .failed(_, let error):
                waiting -= 1
                failure = error
            case .status: break
            }
        }
        if let failure { throw failure }
    }

    /// The extents of each context from `offset` on; they may end before `offset + length`.
    func status(offset: UInt64, length: UInt32) throws(NBDError) -> [UInt32: [NBDExtent]] {
        let request = transmission.status(offset: offset, length: length)
        channel.writeAndFlush(request.bytes, promise: nil)
        var answers: [UInt32: [NBDExtent]] = [:]
        while true {
            switch try transmission.received(&bytes) {
            case .wait: try inbox.take(into: &bytes, patience: Self.patience)
            case .status(_, let context, let extents):
                guard answers[context] == nil else {
                    throw NBDError(.protocolViolation, "the server describes one context twice")
                }
                answers[context] = extents
            case .finished: return answers
            case .failed(_, let error): throw error
            case .data, .zeroes: throw NBDError(.protocolViolation, "data in reply to a block status request")
            }
        }
    }
}

/// Bytes that came, until the caller takes them.
private final class Inbox: Sendable {
    private struct State {
        var buffers: [ByteBuffer] = []
        var count = 0
        var failure: NBDError?
    }

    private let state = Mutex(State())
    private let bell = Doorbell()

    /// Whether there is still room.
    func put(_ bytes: ByteBuffer) -> Bool {
        let count = state.withLock { state in
            state.buffers.append(bytes)
            state.count += bytes.readableBytes
            return state.count
        }
        bell.ring()
        return count <= NBDConnection.maximumWaitingBytes
    }

    func fail(_ error: NBDError) {
        state.withLock { state in
            if state.failure == nil { state.failure = error }
        }
        bell.ring()
    }

    /// Waits for bytes and appends them.
    func take(into bytes: inout ByteBuffer, patience: Int64) throws(NBDError) {
        while true {
            let (buffers, failure) = state.withLock { state in
                let buffers = state.buffers
                state.buffers = []
                state.count = 0
                return (buffers, state.failure)
            }
            if !buffers.isEmpty {
                var rest = buffers[...]
                if bytes.readableBytes == 0, let first = rest.popFirst() { bytes = first }
                for buffer in rest { bytes.writeImmutableBuffer(buffer) }
                return
            }
            if let failure { throw failure }
            guard bell.wait(nanoseconds: patience) else {
                throw NBDError(.requestFailed, "the NBD server has not answered for 30 s")
            }
        }
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let inbox: Inbox

    init(inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard inbox.put(unwrapInboundIn(data)) else {
            inbox.fail(NBDError(.protocolViolation, "the NBD server sends what nobody asked for"))
            return context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.fail(NBDError(.requestFailed, "the connection to the NBD server failed: \(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.fail(NBDError(.requestFailed, "the NBD server closed the connection"))
    }
}
