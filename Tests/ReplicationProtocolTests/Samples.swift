// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives

/// One frame of every type, with every field different from zero where it may be.
enum Samples {
    static let disks = [
        disk(1, sectors: 0x0010_0000), disk(7, sectors: 0x0000_8000, blockSize: 4096),
    ]

    static func disk(_ number: UInt16, sectors: UInt64, blockSize: UInt32 = 512) -> DiskFields {
        DiskFields(
            number: DiskNumber(number), sourceID: "wwn-\(number)", sectorCount: sectors, logicalBlockSize: blockSize)
    }

    typealias DiskFields = Frame.Hello.Disk

    static func hello(token: UInt64 = 0x0102) throws -> Frame.Hello {
        try Frame.Hello(host: "host-a", group: "erp", fencingToken: token, disks: disks)
    }

    static let welcome = Frame.Welcome(
        sessionID: 9, lastDurable: 41, credit: 4096, codecs: [.lz4], idleTimeoutMilliseconds: 30_000,
        disks: [
            Frame.Welcome.Disk(number: DiskNumber(1), state: .differential),
            Frame.Welcome.Disk(number: DiskNumber(7), state: .differential),
        ])

    static let payload = ByteBuffer(repeating: 0x5a, count: 1024)

    static let write = Frame.Write(
        disk: DiskNumber(1), sector: 0x0203, sectorCount: 2, checksum: Checksum(of: payload.readableBytesSpan))

    static let sync = Frame.SyncBegin(disk: DiskNumber(1), kind: .resync, granularity: 262_144, seed: 0x1122_3344)

    static let digests = Frame.Digests(
        disk: DiskNumber(1), sector: 512,
        digests: [RangeDigest(low: 1, high: 2), RangeDigest(low: 3, high: 4), RangeDigest(low: 5, high: 6)])

    static let request = Frame.VerifyRequest(idHigh: 5, idLow: 6)

    static func verify(at sequence: UInt64 = 41, disk: UInt16 = 1) -> Frame.VerifyBegin {
        Frame.VerifyBegin(
            request: request, disk: DiskNumber(disk), sequence: sequence, granularity: 262_144, seed: 0x1122_3344)
    }

    static func all() throws -> [Frame] {
        [
            .hello(try hello()),
            .batchBegin(
                Frame.BatchBegin(sequence: 42, firstTime: Timestamp(nanoseconds: 1000), accuracy: .approximate)),
            .write(write),
            .zero(Frame.Zero(disk: DiskNumber(7), sector: 8, sectorCount: 16)),
            .batchEnd(
                Frame.BatchEnd(sequence: 42, lastTime: Timestamp(nanoseconds: 2000), extentCount: 2, dataBytes: 1024)),
            .bookmark(
                try Frame.Bookmark(
                    sequence: 42, idHigh: 1, idLow: 2, time: Timestamp(nanoseconds: 3000), kind: .applicationConsistent,
                    label: "before the update")),
            .syncBegin(sync),
            .digests(digests),
            .syncWrite(write),
            .syncZero(Frame.Zero(disk: DiskNumber(1), sector: 8, sectorCount: 1 << 19)),
            .syncEnd(
                Frame.SyncEnd(disk: DiskNumber(1), time: Timestamp(nanoseconds: 4000), sequence: 41, accuracy: .exact)),
            .verifyBegin(verify()),
            .verifyEnd(Frame.VerifyEnd(request: request, disk: DiskNumber(1))),
            .welcome(welcome),
            .refuse(Frame.Refuse(.unknownGroup, "No group erp.", retryAfterMilliseconds: 500)),
            .durable(Frame.Position(sequence: 41)),
            .applied(Frame.Position(sequence: 40)),
            .credit(Frame.Credit(total: 1 << 33)),
            .throttle(Frame.Throttle(.quota, holdMilliseconds: 250, message: "The history is full.")),
            .digestAnswer(
                Frame.DigestAnswer(disk: DiskNumber(1), sector: 512, differing: [true, false, true])),
            .syncDurable(Frame.SyncDurable(disk: DiskNumber(1))),
            .bookmarkRequest(Frame.BookmarkRequest(idHigh: 3, idLow: 4, kind: .crashConsistent, label: "drill")),
            .verifyRequest(request),
            .ping(Frame.Ping(nonce: 77, isAnswer: true)),
            .close(Frame.Close(.finished, "Nothing more to send.")),
        ]
    }

    /// The frame's bytes, its payload included.
    static func bytes(_ frame: Frame) -> ByteBuffer {
        var buffer = ByteBuffer()
        FrameEncoder.encode(frame, to: &buffer)
        if frame.type.hasPayload { buffer.writeImmutableBuffer(payload) }
        return buffer
    }

    static func origin(_ frame: Frame) -> FrameOrigin { frame.type.mayCome(from: .sender) ? .sender : .receiver }

    /// A frame of which only the checksums are right.
    static func forged(
        type: UInt8, flags: UInt8 = 0, stream: UInt16 = 0, length: Int? = nil, body: [UInt8]
    ) -> ByteBuffer {
        let bodyBuffer = ByteBuffer(bytes: body)
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(
            UInt32(length ?? body.count), type, flags, stream,
            Checksum(of: bodyBuffer.readableBytesSpan, seed: WireProtocol.bodySeed).rawValue, endianness: .little)
        let checksum = Checksum(of: buffer.readableBytesSpan, seed: WireProtocol.headerSeed)
        buffer.writeInteger(checksum.rawValue, endianness: .little)
        buffer.writeBytes(body)
        return buffer
    }
}

/// What a decoder made of some bytes.
struct Decoded: Equatable {
    var frames: [Frame] = []
    var payload = ByteBuffer()
    var payloadEnds = 0
    var error: ProtocolError?

    init(_ pieces: [ByteBuffer], from origin: FrameOrigin, finishing: Bool = true) {
        var decoder = FrameDecoder(from: origin)
        do throws(ProtocolError) {
            for piece in pieces {
                decoder.append(piece)
                while let element = try decoder.next() {
                    switch element {
                    case .frame(let frame): frames.append(frame)
                    case .payload(let bytes, let isLast):
                        payload.writeImmutableBuffer(bytes)
                        payloadEnds += isLast ? 1 : 0
                    }
                }
            }
            if finishing { try decoder.finish() }
        } catch {
            self.error = error
        }
    }
}
