// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// Turns a stream of bytes into frames, without copying payloads.
///
/// A frame with a payload is yielded as soon as its fixed part is there; its payload follows in slices of the buffers
/// that came in. Every other frame comes whole. At most one control frame's bytes are ever held back.
///
/// After an error the decoder stays failed: nothing in the stream can be trusted to be a boundary any more.
public struct FrameDecoder: Sendable {
    /// What the stream held next.
    public enum Element: Hashable, Sendable {
        case frame(Frame)
        /// Bytes of the payload of the Write or SyncWrite yielded last; never empty.
        case payload(ByteBuffer, isLast: Bool)
    }

    private enum State {
        case header
        case body(FrameHeader)
        case payload(remaining: Int)
        case failed(ProtocolError)
    }

    private let origin: FrameOrigin
    private var state = State.header
    /// What came in last and has not been looked at.
    private var incoming = ByteBuffer()
    /// The beginning of a header or a control body whose rest has not come.
    private var carry = ByteBuffer()

    /// - Parameter origin: Which end sends what is decoded.
    public init(from origin: FrameOrigin) { self.origin = origin }

    /// Takes bytes that arrived.
    ///
    /// - Precondition: ``next()`` was called until it answered nil, so that nothing is left of what came before.
    public mutating func append(_ bytes: ByteBuffer) {
        precondition(incoming.readableBytes == 0, "bytes are appended after all that came before was taken")
        incoming = bytes
    }

    /// The next frame or piece of payload, or nil when more bytes are needed.
    ///
    /// - Throws: ``ProtocolError`` naming what is wrong with the bytes.
    public mutating func next() throws(ProtocolError) -> Element? {
        do {
            return try advance()
        } catch {
            state = .failed(error)
            incoming = ByteBuffer()
            carry = ByteBuffer()
            throw error
        }
    }

    /// Throws `.truncated` unless the stream ended between two frames.
    public func finish() throws(ProtocolError) {
        switch state {
        case .header:
            guard carry.readableBytes == 0, incoming.readableBytes == 0 else {
                throw ProtocolError(.truncated, "The connection ended inside a frame header.")
            }
        case .body(let header):
            throw ProtocolError(.truncated, "The connection ended inside a \(header.type) frame.")
        case .payload(let remaining):
            throw ProtocolError(.truncated, "The connection ended \(remaining) bytes before the end of a payload.")
        case .failed(let error):
            throw error
        }
    }

    private mutating func advance() throws(ProtocolError) -> Element? {
        while true {
            switch state {
            case .header:
                guard let bytes = take(FrameHeader.byteCount) else { return nil }
                let header = try FrameHeader(decoding: bytes, from: origin)
                guard !header.type.hasPayload || header.bodyBytes > Frame.Write.fixedBytes else {
                    throw ProtocolError(.malformedFrame, "A \(header.type) frame ends early.")
                }
                state = .body(header)
            case .body(let header):
                guard let bytes = take(header.type.hasPayload ? Frame.Write.fixedBytes : header.bodyBytes) else {
                    return nil
                }
                try header.check(bytes)
                let frame = try Frame(header, body: bytes)
                state =
                    header.type.hasPayload ? .payload(remaining: header.bodyBytes - Frame.Write.fixedBytes) : .header
                return .frame(frame)
            case .payload(let remaining):
                guard let bytes = incoming.readSlice(length: min(remaining, incoming.readableBytes)),
                    bytes.readableBytes > 0
                else { return nil }
                let left = remaining - bytes.readableBytes
                state = left == 0 ? .header : .payload(remaining: left)
                return .payload(bytes, isLast: left == 0)
            case .failed(let error):
                throw error
            }
        }
    }

    /// `count` bytes together: a slice where they came together, else put together in `carry`.
    private mutating func take(_ count: Int) -> ByteBuffer? {
        if carry.readableBytes == 0, let slice = incoming.readSlice(length: count) { return slice }
        if var part = incoming.readSlice(length: min(count - carry.readableBytes, incoming.readableBytes)) {
            carry.writeBuffer(&part)
        }
        guard carry.readableBytes == count else { return nil }
        let whole = carry
        carry = ByteBuffer()
        return whole
    }
}

extension Frame {
    /// Reads a body that matches its checksum.
    init(_ header: FrameHeader, body bytes: ByteBuffer) throws(ProtocolError) {
        if header.type.hasPayload {
            let write = try Write(reading: bytes, bodyBytes: header.bodyBytes, type: header.type)
            self = header.type == .write ? .write(write) : .syncWrite(write)
            return
        }
        var body = FrameReader(bytes, of: header.type)
        switch header.type {
        case .hello: self = .hello(try Hello(reading: &body))
        case .batchBegin: self = .batchBegin(try BatchBegin(reading: &body))
        case .zero: self = .zero(try Zero(reading: &body))
        case .batchEnd: self = .batchEnd(try BatchEnd(reading: &body))
        case .bookmark: self = .bookmark(try Bookmark(reading: &body))
        case .syncBegin: self = .syncBegin(try SyncBegin(reading: &body))
        case .digests: self = .digests(try Digests(reading: &body))
        case .syncZero: self = .syncZero(try Zero(reading: &body))
        case .syncEnd: self = .syncEnd(try SyncEnd(reading: &body))
        case .verifyBegin: self = .verifyBegin(try VerifyBegin(reading: &body))
        case .verifyEnd: self = .verifyEnd(try VerifyEnd(reading: &body))
        case .welcome: self = .welcome(try Welcome(reading: &body))
        case .refuse: self = .refuse(try Refuse(reading: &body))
        case .durable: self = .durable(try Position(reading: &body))
        case .applied: self = .applied(try Position(reading: &body))
        case .credit: self = .credit(try Credit(reading: &body))
        case .throttle: self = .throttle(try Throttle(reading: &body))
        case .digestAnswer: self = .digestAnswer(try DigestAnswer(reading: &body))
        case .syncDurable: self = .syncDurable(try SyncDurable(reading: &body))
        case .bookmarkRequest: self = .bookmarkRequest(try BookmarkRequest(reading: &body))
        case .verifyRequest: self = .verifyRequest(try VerifyRequest(reading: &body))
        case .ping: self = .ping(try Ping(reading: &body))
        case .close: self = .close(try Close(reading: &body))
        case .write, .syncWrite:
            // Read above: a payload follows them.
            throw ProtocolError(.unexpectedFrame, "A \(header.type) frame was read without its payload.")
        }
        try body.end()
    }
}
