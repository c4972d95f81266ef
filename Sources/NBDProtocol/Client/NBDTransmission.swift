// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The client's side of transmission: requests out, replies in.
///
/// It knows the requests that wait, so that a reply which names none of them, passes its range, or ends it short is an
/// error and never data. Read payloads are handed on in the pieces in which they come.
/// Source: NBD protocol, "Transmission phase", "Structured reply chunk message".
public struct NBDTransmission: ~Copyable {
    /// What the next bytes from the server mean.
    public enum Event: Equatable {
        /// Nothing to do until more bytes come.
        case wait
        /// Bytes of the read `cookie`, at `offset` from the start of the export.
        case data(cookie: UInt64, offset: UInt64, bytes: ByteBuffer)
        /// A range of the read `cookie` that reads as zeroes.
        case zeroes(cookie: UInt64, offset: UInt64, count: UInt32)
        /// The states of the range that `cookie` asked about, from its start on; may end before or after its end.
        case status(cookie: UInt64, context: UInt32, extents: [NBDExtent])
        /// The request is done; all of it came.
        case finished(cookie: UInt64)
        /// The request failed; the connection goes on.
        case failed(cookie: UInt64, error: NBDError)
    }

    private enum Request {
        case read(offset: UInt64, length: UInt32, received: UInt64, failure: NBDError?)
        case status(length: UInt32, failure: NBDError?)
    }

    private enum Input {
        case header
        /// In the payload of a read; `remaining` bytes of it are to come at `offset`.
        case payload(cookie: UInt64, offset: UInt64, remaining: Int, isLast: Bool)
        /// The last chunk of `cookie` was taken; its end is still to be told.
        case ending(cookie: UInt64)
        case failed
    }

    private let export: NBDExport
    private var waiting: [UInt64: Request] = [:]
    private var nextCookie: UInt64 = 1
    private var input = Input.header

    /// The transmission that follows a handshake; nothing has been asked yet.
    public init(export: NBDExport) { self.export = export }

    /// Requests that wait for their replies.
    public var waitingCount: Int { waiting.count }

    /// A read request.
    ///
    /// - Precondition: The range is inside the export and at most ``NBDExport/maximumBlockSize`` long; at most
    ///   ``NBDLimit/requests`` wait.
    public mutating func read(offset: UInt64, length: UInt32) -> (cookie: UInt64, bytes: ByteBuffer) {
        precondition(
            length > 0 && length <= export.maximumBlockSize, "a read of a length that the server did not offer")
        precondition(
            offset <= export.size && UInt64(length) <= export.size - offset, "a read past the end of the export")
        return request(.read(offset: offset, length: length, received: 0, failure: nil), .read, offset, length)
    }

    /// A block status request over all negotiated contexts.
    ///
    /// - Precondition: As for ``read(offset:length:)``, and contexts were negotiated.
    public mutating func status(offset: UInt64, length: UInt32) -> (cookie: UInt64, bytes: ByteBuffer) {
        precondition(!export.contexts.isEmpty, "block status needs a metadata context")
        precondition(length > 0, "block status of nothing")
        precondition(
            offset <= export.size && UInt64(length) <= export.size - offset, "status past the end of the export")
        return request(.status(length: length, failure: nil), .blockStatus, offset, length)
    }

    /// The farewell: the server closes after it and answers nothing (NBD_CMD_DISC).
    public func disconnect() -> ByteBuffer { header(.disconnect, cookie: 0, offset: 0, length: 0) }

    private mutating func request(
        _ request: Request, _ command: NBDCommand, _ offset: UInt64, _ length: UInt32
    ) -> (cookie: UInt64, bytes: ByteBuffer) {
        precondition(waiting.count < NBDLimit.requests, "too many requests at a time")
        let cookie = nextCookie
        nextCookie += 1
        waiting[cookie] = request
        return (cookie, header(command, cookie: cookie, offset: offset, length: length))
    }

    /// 0 u32 magic · 4 u16 command flags · 6 u16 command · 8 u64 cookie · 16 u64 offset · 24 u32 length.
    private func header(_ command: NBDCommand, cookie: UInt64, offset: UInt64, length: UInt32) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(28)
        bytes.writeInteger(NBDMagic.request)
        bytes.writeInteger(0, as: UInt16.self)
        bytes.writeInteger(command.rawValue)
        bytes.writeInteger(cookie)
        bytes.writeInteger(offset)
        bytes.writeInteger(length)
        return bytes
    }

    /// Takes what it can use off the front of `bytes`. Called again until it answers `.wait`.
    public mutating func received(_ bytes: inout ByteBuffer) throws(NBDError) -> Event {
        do {
            while true {
                if let event = try step(&bytes) { return event }
            }
        } catch {
            input = .failed
            throw error
        }
    }

    /// One message or a piece of one; nil when it was taken and tells nothing.
    private mutating func step(_ bytes: inout ByteBuffer) throws(NBDError) -> Event? {
        switch input {
        case .header: return try receivedHeader(&bytes)
        case .payload(let cookie, let offset, let remaining, let isLast):
            guard bytes.readableBytes > 0, let slice = bytes.readSlice(length: min(remaining, bytes.readableBytes))
            else {
                return .wait
            }
            let left = remaining - slice.readableBytes
            if left > 0 {
                let next = offset + UInt64(slice.readableBytes)
                input = .payload(cookie: cookie, offset: next, remaining: left, isLast: isLast)
            } else {
                input = isLast ? .ending(cookie: cookie) : .header
            }
            return .data(cookie: cookie, offset: offset, bytes: slice)
        case .ending(let cookie):
            input = .header
            return try end(cookie)
        case .failed: throw NBDError(.protocolViolation, "the connection has failed; its machine takes no more bytes")
        }
    }

    private mutating func end(_ cookie: UInt64) throws(NBDError) -> Event {
        switch waiting.removeValue(forKey: cookie) {
        case .read(_, let length, let received, let failure):
            if let failure { return .failed(cookie: cookie, error: failure) }
            guard received == UInt64(length) else {
                throw NBDError(.protocolViolation, "the server ended a read of \(length) bytes after \(received)")
            }
            return .finished(cookie: cookie)
        case .status(_, let failure):
            if let failure { return .failed(cookie: cookie, error: failure) }
            return .finished(cookie: cookie)
        case nil: throw NBDError(.protocolViolation, "the server answers a request that was not made")
        }
    }

    private mutating func receivedHeader(_ bytes: inout ByteBuffer) throws(NBDError) -> Event? {
        guard let magic = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { return .wait }
        if magic == NBDMagic.structuredReply {
            guard export.hasStructuredReplies else {
                throw NBDError(.protocolViolation, "the server sends structured replies that were not negotiated")
            }
            return try receivedChunk(&bytes)
        }
        guard magic == NBDMagic.simpleReply else {
            throw NBDError(.protocolViolation, "a reply begins with the wrong magic number")
        }
        return try receivedSimple(&bytes)
    }

    /// 0 u32 magic · 4 u32 error · 8 u64 cookie · 16 the data of a read.
    private mutating func receivedSimple(_ bytes: inout ByteBuffer) throws(NBDError) -> Event? {
        let start = bytes.readerIndex
        guard bytes.readableBytes >= 16, let code = bytes.getInteger(at: start + 4, as: UInt32.self),
            let cookie = bytes.getInteger(at: start + 8, as: UInt64.self)
        else { return .wait }
        bytes.moveReaderIndex(forwardBy: 16)
        guard let request = waiting[cookie] else {
            throw NBDError(.protocolViolation, "the server answers request \(cookie), which was not made")
        }
        if code != 0 {
            waiting[cookie] = nil
            return .failed(cookie: cookie, error: Self.failure(code, ""))
        }
        switch request {
        case .read(let offset, let length, let received, let failure):
            guard !export.hasStructuredReplies, received == 0 else {
                throw NBDError(.protocolViolation, "the server sent a simple reply to a read after structured ones")
            }
            waiting[cookie] = .read(offset: offset, length: length, received: UInt64(length), failure: failure)
            input = .payload(cookie: cookie, offset: offset, remaining: Int(length), isLast: true)
            return nil
        case .status:
            throw NBDError(.protocolViolation, "the server sent a simple reply to a block status request")
        }
    }

    /// 0 u32 magic · 4 u16 flags · 6 u16 type · 8 u64 cookie · 16 u32 length · 20 payload.
    private mutating func receivedChunk(_ bytes: inout ByteBuffer) throws(NBDError) -> Event? {
        let start = bytes.readerIndex
        guard bytes.readableBytes >= 20, let flags = bytes.getInteger(at: start + 4, as: UInt16.self),
            let type = bytes.getInteger(at: start + 6, as: UInt16.self),
            let cookie = bytes.getInteger(at: start + 8, as: UInt64.self),
            let length = bytes.getInteger(at: start + 16, as: UInt32.self)
        else { return .wait }
        guard let request = waiting[cookie] else {
            throw NBDError(.protocolViolation, "the server answers request \(cookie), which was not made")
        }
        let isLast = flags & 1 == 1  // NBD_REPLY_FLAG_DONE
        switch type {
        case 0:  // NBD_REPLY_TYPE_NONE
            guard isLast, length == 0 else {
                throw NBDError(.protocolViolation, "an empty reply chunk has to be the last and without payload")
            }
            bytes.moveReaderIndex(forwardBy: 20)
            return try end(cookie)
        case 1:  // NBD_REPLY_TYPE_OFFSET_DATA: u64 offset, data
            guard length > 8 else { throw NBDError(.protocolViolation, "a data chunk without data") }
            guard bytes.readableBytes >= 28, let offset = bytes.getInteger(at: start + 20, as: UInt64.self) else {
                return .wait
            }
            let count = length - 8
            waiting[cookie] = try Self.covering(request, offset: offset, count: count)
            bytes.moveReaderIndex(forwardBy: 28)
            input = .payload(cookie: cookie, offset: offset, remaining: Int(count), isLast: isLast)
            return nil
        case 2:  // NBD_REPLY_TYPE_OFFSET_HOLE: u64 offset, u32 size
            guard length == 12 else { throw NBDError(.protocolViolation, "a hole chunk of the wrong length") }
            guard bytes.readableBytes >= 32, let offset = bytes.getInteger(at: start + 20, as: UInt64.self),
                let count = bytes.getInteger(at: start + 28, as: UInt32.self)
            else { return .wait }
            waiting[cookie] = try Self.covering(request, offset: offset, count: count)
            bytes.moveReaderIndex(forwardBy: 32)
            input = isLast ? .ending(cookie: cookie) : .header
            return .zeroes(cookie: cookie, offset: offset, count: count)
        case 5: return try receivedStatus(&bytes, request, cookie: cookie, length: length, isLast: isLast)
        case 0x8000...: return try receivedError(&bytes, request, cookie: cookie, length: length, isLast: isLast)
        default: throw NBDError(.protocolViolation, "a reply chunk of type \(type), which is not known")
        }
    }

    /// NBD_REPLY_TYPE_BLOCK_STATUS: 0 u32 context · each u32 length, u32 flags.
    private mutating func receivedStatus(
        _ bytes: inout ByteBuffer, _ request: Request, cookie: UInt64, length: UInt32, isLast: Bool
    ) throws(NBDError) -> Event {
        guard case .status = request else { throw NBDError(.protocolViolation, "block status in reply to a read") }
        guard length <= NBDLimit.statusBytes else { throw NBDError(.tooLarge, "a block status of \(length) bytes") }
        guard length >= 12, (length - 4) % 8 == 0 else {
            throw NBDError(.protocolViolation, "a malformed block status")
        }
        guard bytes.readableBytes >= 20 + Int(length) else { return .wait }
        bytes.moveReaderIndex(forwardBy: 20)
        guard let context = bytes.readInteger(as: UInt32.self), export.contexts.values.contains(context) else {
            throw NBDError(.protocolViolation, "block status of a context that was not negotiated")
        }
        var extents: [NBDExtent] = []
        for _ in 0..<(length - 4) / 8 {
            guard let count = bytes.readInteger(as: UInt32.self), let flags = bytes.readInteger(as: UInt32.self),
                count > 0
            else { throw NBDError(.protocolViolation, "block status with an empty extent") }
            extents.append(NBDExtent(length: count, flags: NBDExtentFlags(rawValue: flags)))
        }
        input = isLast ? .ending(cookie: cookie) : .header
        return .status(cookie: cookie, context: context, extents: extents)
    }

    /// NBD_REPLY_TYPE_ERROR: 0 u32 error · 4 u16 length · 6 message; with an offset after it in
    /// NBD_REPLY_TYPE_ERROR_OFFSET.
    private mutating func receivedError(
        _ bytes: inout ByteBuffer, _ request: Request, cookie: UInt64, length: UInt32, isLast: Bool
    ) throws(NBDError) -> Event? {
        guard length >= 6, length <= 6 + NBDLimit.messageBytes + 8 else {
            throw NBDError(.tooLarge, "an error chunk of \(length) bytes")
        }
        guard bytes.readableBytes >= 20 + Int(length) else { return .wait }
        bytes.moveReaderIndex(forwardBy: 20)
        guard var body = bytes.readSlice(length: Int(length)), let code = body.readInteger(as: UInt32.self),
            let count = body.readInteger(as: UInt16.self), let words = body.readString(length: Int(count))
        else { throw NBDError(.protocolViolation, "a malformed error chunk") }
        let error = Self.failure(code, words)
        switch request {
        case .read(let offset, let length, let received, let failure):
            waiting[cookie] = .read(offset: offset, length: length, received: received, failure: failure ?? error)
        case .status(let length, let failure): waiting[cookie] = .status(length: length, failure: failure ?? error)
        }
        guard isLast else { return nil }
        return try end(cookie)
    }

    private static func covering(_ request: Request, offset: UInt64, count: UInt32) throws(NBDError) -> Request {
        guard case .read(let start, let length, let received, let failure) = request else {
            throw NBDError(.protocolViolation, "data in reply to a block status request")
        }
        guard count > 0, offset >= start, UInt64(count) <= UInt64(length), offset - start <= UInt64(length - count)
        else {
            throw NBDError(.protocolViolation, "a reply chunk outside of the range that was asked for")
        }
        let sum = received + UInt64(count)
        guard sum <= UInt64(length) else { throw NBDError(.protocolViolation, "more data than was asked for") }
        return .read(offset: start, length: length, received: sum, failure: failure)
    }

    private static func failure(_ code: UInt32, _ words: String) -> NBDError {
        let name =
            switch code {
            case 1: "not permitted"
            case 5: "input/output error"
            case 12: "out of memory"
            case 22: "invalid argument"
            case 28: "no space left"
            case 75: "value too large"
            case 95: "not supported"
            case 108: "the server is shutting down"
            default: "error \(code)"
            }
        return NBDError(.requestFailed, words.isEmpty ? "the NBD server: \(name)" : "the NBD server: \(name): \(words)")
    }
}
