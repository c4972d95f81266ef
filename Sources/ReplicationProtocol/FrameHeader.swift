// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

/// The 24 bytes before every body. Little-endian.
///
/// | offset | size | name | meaning |
/// | --- | --- | --- | --- |
/// | 0 | 4 | bodyBytes | bytes after the header, payload included |
/// | 4 | 1 | type | ``FrameType`` |
/// | 5 | 1 | flags | 0 |
/// | 6 | 2 | streamID | 0; for more than one group a connection, later |
/// | 8 | 8 | bodyChecksum | XXH3-64 of the body, of a Write of its fixed part only: the payload has its own |
/// | 16 | 8 | headerChecksum | XXH3-64 of bytes 0 ..< 16 |
public struct FrameHeader: Hashable, Sendable {
    /// Bytes of an encoded header.
    public static let byteCount = 24

    /// What the body is.
    public let type: FrameType
    /// Bytes after the header.
    public let bodyBytes: Int
    /// What the body's checksum has to be.
    public let bodyChecksum: Checksum

    /// The header of a body that has been encoded.
    public init(type: FrameType, bodyBytes: Int, bodyChecksum: Checksum) {
        self.type = type
        self.bodyBytes = bodyBytes
        self.bodyChecksum = bodyChecksum
    }

    /// Reads a header and holds it against its checksum and its type's limits.
    ///
    /// - Parameter bytes: ``byteCount`` bytes.
    public init(decoding bytes: ByteBuffer, from origin: FrameOrigin) throws(ProtocolError) {
        var bytes = bytes
        let checksum = Checksum(
            of: bytes.readableBytesSpan.extracting(first: Self.byteCount - 8), seed: WireProtocol.headerSeed)
        guard
            let (length, rawType, flags, stream, bodyChecksum, headerChecksum) = bytes.readMultipleIntegers(
                endianness: .little, as: (UInt32, UInt8, UInt8, UInt16, UInt64, UInt64).self)
        else {
            throw ProtocolError(.truncated, "The frame header has fewer than \(Self.byteCount) bytes.")
        }
        guard checksum.rawValue == headerChecksum else {
            throw ProtocolError(
                .headerCorrupt, "A frame header does not match its checksum: damage on the way, or another protocol.")
        }
        guard let type = FrameType(rawValue: rawType), type.mayCome(from: origin) else {
            throw ProtocolError(
                .unexpectedFrame, "Frame type \(rawType) is not one that a \(origin) of \(WireProtocol.alpn) sends.")
        }
        guard flags == 0, stream == 0 else {
            throw ProtocolError(.malformedFrame, "A \(type) frame has flags \(flags) and stream \(stream); both are 0.")
        }
        guard length <= type.maximumBodyBytes else {
            throw ProtocolError(
                .frameTooLong, "A \(type) frame of \(length) bytes is longer than \(type.maximumBodyBytes).")
        }
        self.type = type
        self.bodyBytes = Int(length)
        self.bodyChecksum = Checksum(rawValue: bodyChecksum)
    }

    /// Throws unless `body` has the announced checksum.
    func check(_ body: ByteBuffer) throws(ProtocolError) {
        guard Checksum(of: body.readableBytesSpan, seed: WireProtocol.bodySeed) == bodyChecksum else {
            throw ProtocolError(.bodyCorrupt, "The body of a \(type) frame does not match its checksum.")
        }
    }
}
