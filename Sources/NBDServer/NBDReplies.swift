// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore

/// Carries a session's answers to its connection. May be called on any thread; answers to different requests go out in
/// any order, as the protocol has it.
public struct NBDReplies: Sendable {
    let eventLoop: any EventLoop
    let encoder: NBDReplyEncoder
    let connection: NIOLoopBound<NBDConnection>

    /// Whether reads may be answered in chunks and with holes.
    public var isStructured: Bool { encoder.isStructured }

    /// The request is done.
    public func acknowledge(_ cookie: UInt64) {
        send(cookie, encoder.acknowledgement(cookie: cookie), nil, isLast: true)
    }

    /// The request failed.
    public func fail(_ cookie: UInt64, _ error: NBDReplyError, _ message: String) {
        send(cookie, encoder.failure(cookie: cookie, error, message), nil, isLast: true)
    }

    /// A part of a read, or all of it where replies are not structured. `then` is called on the event loop: with true when
    /// the network has taken it, with false when the connection has ended.
    public func data(
        _ cookie: UInt64, offset: UInt64, _ bytes: ByteBuffer, isLast: Bool, then: (@Sendable (Bool) -> Void)? = nil
    ) {
        send(
            cookie, encoder.dataHeader(cookie: cookie, offset: offset, count: bytes.readableBytes, isLast: isLast),
            bytes, isLast: isLast, then: then)
    }

    /// A part of a read that is zeroes. Only where replies are structured.
    public func hole(
        _ cookie: UInt64, offset: UInt64, count: UInt32, isLast: Bool, then: (@Sendable (Bool) -> Void)? = nil
    ) {
        send(
            cookie, encoder.hole(cookie: cookie, offset: offset, count: count, isLast: isLast), nil, isLast: isLast,
            then: then)
    }

    /// The states of a range in one context.
    public func status(_ cookie: UInt64, context: UInt32, extents: [NBDExtent], isLast: Bool) {
        send(
            cookie, encoder.status(cookie: cookie, context: context, extents: extents, isLast: isLast), nil,
            isLast: isLast)
    }

    /// Ends the connection, when what was answered before has gone out: for a disk that is taken away.
    public func cut(_ reason: String) {
        let connection = connection
        eventLoop.execute { connection.value.cut(reason) }
    }

    /// Stops taking requests until ``goOn()``: each calls for one of the other. On the event loop it holds at once.
    public func hold() { onConnection { $0.hold() } }

    /// Takes requests again.
    public func goOn() { onConnection { $0.goOn() } }

    private func onConnection(_ body: @escaping @Sendable (NBDConnection) -> Void) {
        let connection = connection
        if eventLoop.inEventLoop { body(connection.value) } else { eventLoop.execute { body(connection.value) } }
    }

    private func send(
        _ cookie: UInt64, _ header: ByteBuffer, _ body: ByteBuffer?, isLast: Bool,
        then: (@Sendable (Bool) -> Void)? = nil
    ) {
        onConnection { $0.send(header, body, isLast: isLast, cookie: cookie, then: then) }
    }
}
