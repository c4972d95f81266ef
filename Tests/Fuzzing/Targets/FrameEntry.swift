// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives

/// The replication stream: byte 0 says how it is sliced, the rest is the stream.
enum FrameEntry {
    static func run(_ bytes: [UInt8], from origin: FrameOrigin) {
        guard let slicing = bytes.first else { return }
        // Odd: as it is. Even: with checksums that are right.
        let stream = slicing % 2 == 1 ? Array(bytes.dropFirst()) : signed(Array(bytes.dropFirst()))
        var generator = UInt64(slicing / 2) &+ 1
        var decoder = FrameDecoder(from: origin)
        var position = 0
        do throws(ProtocolError) {
            while position < stream.count {
                generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let most = slicing < 8 ? stream.count : Int(generator >> 33) % 64 + 1
                let end = min(stream.count, position + most)
                decoder.append(ByteBuffer(bytes: stream[position..<end]))
                position = end
                while try decoder.next() != nil {}
            }
            try decoder.finish()
        } catch {
            // Refused by name: what it is for.
        }
    }

    /// The stream with every frame's checksums put right, as far as its lengths lead.
    private static func signed(_ stream: [UInt8]) -> [UInt8] {
        var stream = stream
        var position = 0
        while position + FrameHeader.byteCount <= stream.count {
            guard let length = stream.little(UInt32.self, at: position) else { return stream }
            let start = position + FrameHeader.byteCount
            let end = min(stream.count, start + Int(length))
            let body = Array(stream[start..<end])
            stream.put(unsafe Checksum(of: body.span.bytes, seed: WireProtocol.bodySeed).rawValue, at: position + 8)
            let head = Array(stream[position..<position + 16])
            stream.put(unsafe Checksum(of: head.span.bytes, seed: WireProtocol.headerSeed).rawValue, at: position + 16)
            position = end
        }
        return stream
    }

    static func samples(from origin: FrameOrigin) -> [[UInt8]] {
        let payload = ByteBuffer(repeating: 0x5a, count: 1024)
        let write = Frame.Write(
            disk: DiskNumber(1), sector: 8, sectorCount: 2, checksum: Checksum(of: payload.readableBytesSpan))
        let frames: [Frame] =
            switch origin {
            case .sender:
                [
                    .batchBegin(Frame.BatchBegin(sequence: 4, firstTime: Timestamp(nanoseconds: 1), accuracy: .exact)),
                    .zero(Frame.Zero(disk: DiskNumber(7), sector: 8, sectorCount: 16)),
                    .batchEnd(
                        Frame.BatchEnd(
                            sequence: 4, lastTime: Timestamp(nanoseconds: 2), extentCount: 2, dataBytes: 1024)),
                    .syncBegin(Frame.SyncBegin(disk: DiskNumber(1), kind: .resync, granularity: 262_144, seed: 1)),
                    .syncEnd(
                        Frame.SyncEnd(
                            disk: DiskNumber(1), time: Timestamp(nanoseconds: 4), sequence: 4, accuracy: .exact)),
                    .write(write),
                ]
            case .receiver:
                [
                    .welcome(
                        Frame.Welcome(
                            sessionID: 9, lastDurable: 41, credit: 4096, codecs: [.lz4],
                            idleTimeoutMilliseconds: 30_000,
                            disks: [Frame.Welcome.Disk(number: DiskNumber(1), state: .differential)])),
                    .refuse(Frame.Refuse(.unknownGroup, "No group erp.", retryAfterMilliseconds: 500)),
                    .durable(Frame.Position(sequence: 41)),
                    .applied(Frame.Position(sequence: 40)),
                ]
            }
        var all = ByteBuffer(bytes: [9])
        var samples: [[UInt8]] = []
        for frame in frames {
            var one = ByteBuffer(bytes: [9])
            FrameEncoder.encode(frame, to: &one)
            FrameEncoder.encode(frame, to: &all)
            if case .write = frame {
                one.writeImmutableBuffer(payload)
                all.writeImmutableBuffer(payload)
            }
            samples.append(Array(one.readableBytesView))
        }
        return samples + [Array(all.readableBytesView)]
    }
}
