// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

/// Writes frames. The payload of a Write is not touched: it is sent after the bytes made here, as a buffer of its own.
public enum FrameEncoder {
    /// Appends a frame; of a Write its header and fixed part, after which ``Frame/Write/payloadBytes`` bytes must
    /// follow.
    public static func encode(_ frame: Frame, to buffer: inout ByteBuffer) {
        switch frame {
        case .hello(let body): encode(.hello, body, to: &buffer)
        case .batchBegin(let body): encode(.batchBegin, body, to: &buffer)
        case .write(let body): encode(.write, body, to: &buffer)
        case .zero(let body): encode(.zero, body, to: &buffer)
        case .batchEnd(let body): encode(.batchEnd, body, to: &buffer)
        case .bookmark(let body): encode(.bookmark, body, to: &buffer)
        case .syncBegin(let body): encode(.syncBegin, body, to: &buffer)
        case .digests(let body): encode(.digests, body, to: &buffer)
        case .syncWrite(let body): encode(.syncWrite, body, to: &buffer)
        case .syncZero(let body): encode(.syncZero, body, to: &buffer)
        case .syncEnd(let body): encode(.syncEnd, body, to: &buffer)
        case .verifyBegin(let body): encode(.verifyBegin, body, to: &buffer)
        case .verifyEnd(let body): encode(.verifyEnd, body, to: &buffer)
        case .welcome(let body): encode(.welcome, body, to: &buffer)
        case .refuse(let body): encode(.refuse, body, to: &buffer)
        case .durable(let body): encode(.durable, body, to: &buffer)
        case .applied(let body): encode(.applied, body, to: &buffer)
        case .credit(let body): encode(.credit, body, to: &buffer)
        case .throttle(let body): encode(.throttle, body, to: &buffer)
        case .digestAnswer(let body): encode(.digestAnswer, body, to: &buffer)
        case .syncDurable(let body): encode(.syncDurable, body, to: &buffer)
        case .bookmarkRequest(let body): encode(.bookmarkRequest, body, to: &buffer)
        case .verifyRequest(let body): encode(.verifyRequest, body, to: &buffer)
        case .ping(let body): encode(.ping, body, to: &buffer)
        case .close(let body): encode(.close, body, to: &buffer)
        }
    }

    private static func encode(_ type: FrameType, _ body: some FrameBody, to buffer: inout ByteBuffer) {
        let start = open(&buffer)
        body.write(to: &buffer)
        close(&buffer, from: start, type: type, payloadBytes: 0)
    }

    private static func encode(_ type: FrameType, _ write: Frame.Write, to buffer: inout ByteBuffer) {
        let start = open(&buffer)
        write.write(to: &buffer)
        close(&buffer, from: start, type: type, payloadBytes: write.payloadBytes)
    }

    /// Leaves room for the header and says where.
    private static func open(_ buffer: inout ByteBuffer) -> Int {
        let start = buffer.readableBytes
        buffer.writeRepeatingByte(0, count: FrameHeader.byteCount)
        return start
    }

    /// Fills in the header that was left open at `start`, counted from the reader index.
    private static func close(_ buffer: inout ByteBuffer, from start: Int, type: FrameType, payloadBytes: Int) {
        let written = buffer.readableBytes - start - FrameHeader.byteCount
        let bodyChecksum = Checksum(
            of: buffer.readableBytesSpan.extracting(droppingFirst: start + FrameHeader.byteCount),
            seed: WireProtocol.bodySeed)
        let index = buffer.readerIndex + start
        // The limits of every field keep the body below 2^32.
        buffer.setInteger(UInt32(clamping: written + payloadBytes), at: index, endianness: .little)
        buffer.setInteger(type.rawValue, at: index + 4)
        buffer.setInteger(bodyChecksum.rawValue, at: index + 8, endianness: .little)
        let headerChecksum = Checksum(
            of: buffer.readableBytesSpan.extracting(start..<start + FrameHeader.byteCount - 8),
            seed: WireProtocol.headerSeed)
        buffer.setInteger(headerChecksum.rawValue, at: index + 16, endianness: .little)
    }
}
