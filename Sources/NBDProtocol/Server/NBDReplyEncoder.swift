// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The errors that a reply may carry: the protocol's own numbers, whatever the system's are.
///
/// Source: NBD protocol, "Error values".
public enum NBDReplyError: UInt32, Hashable, Sendable {
    case notPermitted = 1  // NBD_EPERM
    case inputOutput = 5  // NBD_EIO
    case noMemory = 12  // NBD_ENOMEM, to be avoided if at all possible
    case invalid = 22  // NBD_EINVAL
    case noSpace = 28  // NBD_ENOSPC
    case overflow = 75  // NBD_EOVERFLOW, only for a read with the flag DF
    case notSupported = 95  // NBD_ENOTSUP, only for zeroes with the flag FAST_ZERO
    case shutdown = 108  // NBD_ESHUTDOWN
}

/// Writes replies: chunks of structured replies where they were negotiated, else simple replies.
///
/// The caller keeps the order: of one request, the chunk with `isLast` comes after the others. A chunk may be the last only if
/// nothing can go wrong any more once it is begun; where data is read while it is sent, the last is an ``acknowledgement(cookie:)``
/// or a ``failure(cookie:_:_:)`` of its own. In a simple reply there is no way to tell of an error behind ``dataHeader(cookie:offset:count:isLast:)``:
/// the connection has to be closed then.
/// Source: NBD protocol, "Simple reply message", "Structured reply chunk message", "Structured reply types".
public struct NBDReplyEncoder: Hashable, Sendable {
    /// Whether replies are structured.
    public let isStructured: Bool

    /// An encoder of one kind of reply.
    public init(isStructured: Bool) { self.isStructured = isStructured }

    /// The request was carried out; with structured replies also the end of a read or block status whose chunks went before.
    public func acknowledgement(cookie: UInt64) -> ByteBuffer {
        isStructured ? chunk(.none, cookie, length: 0, isLast: true) : simple(cookie, error: 0)
    }

    /// The request failed; the words go to the client's user where replies are structured, as many as a message may have.
    public func failure(cookie: UInt64, _ error: NBDReplyError, _ message: String) -> ByteBuffer {
        guard isStructured else { return simple(cookie, error: error.rawValue) }
        let words = message.clippedToMessage
        let count = words.utf8.count
        var bytes = chunk(.error, cookie, length: 6 + count, isLast: true)
        bytes.writeInteger(error.rawValue)
        bytes.writeInteger(UInt16(count))
        bytes.writeSubstring(words)
        return bytes
    }

    /// What goes before `count` bytes of a read, which the caller sends right behind it.
    ///
    /// - Parameters:
    ///   - offset: Of the first of them, from the start of the export; inside the request.
    ///   - count: 1 or more. In a simple reply all of the read.
    ///   - isLast: Always true in a simple reply.
    public func dataHeader(cookie: UInt64, offset: UInt64, count: Int, isLast: Bool) -> ByteBuffer {
        precondition(count > 0 && count <= Int(UInt32.max) - 8, "a data chunk has 1 byte at least, and a 32-bit length")
        guard isStructured else {
            precondition(isLast, "a simple reply has all the bytes of its read")
            return simple(cookie, error: 0)
        }
        var bytes = chunk(.offsetData, cookie, length: 8 + count, isLast: isLast)
        bytes.writeInteger(offset)
        return bytes
    }

    /// A range of a read that is zeroes.
    ///
    /// - Precondition: Replies are structured, `count` is not 0, and the read has no ``NBDCommandFlags/dontFragment`` unless this
    ///   is all of it.
    public func hole(cookie: UInt64, offset: UInt64, count: UInt32, isLast: Bool) -> ByteBuffer {
        precondition(isStructured, "a simple reply has no holes")
        precondition(count > 0, "a hole has 1 byte at least")
        var bytes = chunk(.offsetHole, cookie, length: 12, isLast: isLast)
        bytes.writeInteger(offset)
        bytes.writeInteger(count)
        return bytes
    }

    /// The states of a range in one context, from the offset of the request on.
    ///
    /// - Precondition: Replies are structured, each extent has 1 byte at least, and there is one at least: exactly one, no longer
    ///   than the request, where that has ``NBDCommandFlags/requestOne``.
    public func status(cookie: UInt64, context: UInt32, extents: [NBDExtent], isLast: Bool) -> ByteBuffer {
        precondition(isStructured, "a simple reply has no block status")
        precondition(!extents.isEmpty, "a block status has 1 extent at least")
        var bytes = chunk(.blockStatus, cookie, length: 4 + 8 * extents.count, isLast: isLast)
        bytes.writeInteger(context)
        for extent in extents {
            precondition(extent.length > 0, "an extent has 1 byte at least")
            bytes.writeInteger(extent.length)
            bytes.writeInteger(extent.flags.rawValue)
        }
        return bytes
    }

    private enum ChunkType: UInt16 {
        case none = 0  // NBD_REPLY_TYPE_NONE
        case offsetData = 1  // NBD_REPLY_TYPE_OFFSET_DATA
        case offsetHole = 2  // NBD_REPLY_TYPE_OFFSET_HOLE
        case blockStatus = 5  // NBD_REPLY_TYPE_BLOCK_STATUS
        case error = 0x8001  // NBD_REPLY_TYPE_ERROR
    }

    /// 0 u32 magic · 4 u32 error · 8 u64 cookie.
    private func simple(_ cookie: UInt64, error: UInt32) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(16)
        bytes.writeMultipleIntegers(NBDMagic.simpleReply, error, cookie)
        return bytes
    }

    /// 0 u32 magic · 4 u16 flags · 6 u16 type · 8 u64 cookie · 16 u32 length · 20 payload.
    private func chunk(_ type: ChunkType, _ cookie: UInt64, length: Int, isLast: Bool) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(type == .offsetData ? 28 : 20 + length)
        bytes.writeMultipleIntegers(
            NBDMagic.structuredReply, UInt16(isLast ? 1 : 0), type.rawValue, cookie, UInt32(length))
        return bytes
    }
}
