// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives
import Testing

@Suite struct FrameCodecTests {
    @Test func `the samples have every type`() throws {
        #expect(try Set(Samples.all().map(\.type)) == Set(FrameType.allCases))
    }

    @Test func `every frame survives the way there`() throws {
        for frame in try Samples.all() {
            let decoded = Decoded([Samples.bytes(frame)], from: Samples.origin(frame))
            #expect(decoded.error == nil)
            #expect(decoded.frames == [frame])
            #expect(decoded.payload == (frame.type.hasPayload ? Samples.payload : ByteBuffer()))
        }
    }

    @Test func `a stream that comes one byte at a time is the same stream`() throws {
        for origin in [FrameOrigin.sender, .receiver] {
            let frames = try Samples.all().filter { $0.type.mayCome(from: origin) }
            var stream = ByteBuffer()
            for frame in frames { stream.writeImmutableBuffer(Samples.bytes(frame)) }
            let whole = Decoded([stream], from: origin)
            #expect(whole.error == nil)
            #expect(whole.frames == frames)
            for size in [1, 2, 7, 23, 24, 25, 47, 49, 1000] {
                var rest = stream
                var pieces: [ByteBuffer] = []
                while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
                    pieces.append(piece)
                }
                #expect(Decoded(pieces, from: origin) == whole)
            }
        }
    }

    @Test func `a stream that ends early is truncated, wherever it ends`() throws {
        for frame in try Samples.all() {
            let bytes = Samples.bytes(frame)
            for length in 1..<bytes.readableBytes {
                let slice = try #require(bytes.getSlice(at: 0, length: length))
                #expect(Decoded([slice], from: Samples.origin(frame)).error?.code == .truncated)
            }
        }
    }

    @Test func `every bit that flips is noticed`() throws {
        for frame in try Samples.all() {
            var bytes = ByteBuffer()
            FrameEncoder.encode(frame, to: &bytes)
            for index in 0..<bytes.readableBytes {
                for bit in 0..<8 {
                    var damaged = bytes
                    let byte = try #require(bytes.getInteger(at: index, as: UInt8.self))
                    damaged.setInteger(byte ^ 1 << UInt8(bit), at: index)
                    if frame.type.hasPayload { damaged.writeImmutableBuffer(Samples.payload) }
                    let decoded = Decoded([damaged], from: Samples.origin(frame))
                    #expect(decoded.frames.isEmpty)
                    #expect(decoded.error?.code == (index < FrameHeader.byteCount ? .headerCorrupt : .bodyCorrupt))
                }
            }
        }
    }

    @Test func `a body that is shorter or longer than its fields is malformed`() throws {
        for frame in try Samples.all() where !frame.type.hasPayload {
            let body = Array(Samples.bytes(frame).readableBytesView.dropFirst(FrameHeader.byteCount))
            for length in 0..<body.count {
                let forged = Samples.forged(type: frame.type.rawValue, body: Array(body.prefix(length)))
                let decoded = Decoded([forged], from: Samples.origin(frame))
                #expect(decoded.error?.code == .malformedFrame)
            }
            let longer = Samples.forged(type: frame.type.rawValue, body: body + [0])
            #expect(Decoded([longer], from: Samples.origin(frame)).error?.code == .malformedFrame)
        }
    }

    @Test func `a frame type comes from one end only`() throws {
        for frame in try Samples.all() {
            for origin in [FrameOrigin.sender, .receiver] where !frame.type.mayCome(from: origin) {
                #expect(Decoded([Samples.bytes(frame)], from: origin).error?.code == .unexpectedFrame)
            }
        }
    }

    @Test func `a header is refused before its body is there`() {
        let cases: [(ByteBuffer, ReasonCode)] = [
            (Samples.forged(type: 99, body: []), .unexpectedFrame),
            (Samples.forged(type: 4, flags: 1, body: []), .malformedFrame),
            (Samples.forged(type: 4, stream: 1, body: []), .malformedFrame),
            (Samples.forged(type: 4, length: 65, body: []), .frameTooLong),
            (Samples.forged(type: 1, length: WireLimits.maximumControlBytes + 1, body: []), .frameTooLong),
            (Samples.forged(type: 8, length: WireLimits.maximumDigestsBytes + 1, body: []), .frameTooLong),
            (Samples.forged(type: 3, length: WireLimits.maximumWriteBytes + 25, body: []), .frameTooLong),
            (Samples.forged(type: 3, length: Int(UInt32.max), body: []), .frameTooLong),
            (Samples.forged(type: 3, length: 24, body: []), .malformedFrame),
            (ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), .headerCorrupt),
        ]
        for (bytes, code) in cases {
            #expect(Decoded([bytes], from: .sender, finishing: false).error?.code == code)
        }
    }

    @Test func `a Write says what it cannot be`() {
        func fixed(sectors: UInt32, codec: UInt8 = 0, reserved: UInt8 = 0) -> [UInt8] {
            var body = ByteBuffer()
            body.writeMultipleIntegers(
                UInt64(0), sectors, UInt16(1), codec, reserved, UInt64(0), endianness: .little)
            return Array(body.readableBytesView)
        }
        let cases: [([UInt8], Int, ReasonCode)] = [
            (fixed(sectors: 0), 512, .emptyRange),
            (fixed(sectors: 2049), 512, .oversizedWrite),
            (fixed(sectors: .max), 512, .oversizedWrite),
            (fixed(sectors: 2), 1023, .malformedFrame),
            (fixed(sectors: 2), 1025, .malformedFrame),
            (fixed(sectors: 2, codec: 1), 1024, .malformedFrame),
            (fixed(sectors: 2, codec: 2), 1000, .malformedFrame),
            (fixed(sectors: 2, reserved: 1), 1024, .malformedFrame),
        ]
        for (body, payloadBytes, code) in cases {
            let bytes = Samples.forged(type: FrameType.write.rawValue, length: body.count + payloadBytes, body: body)
            #expect(Decoded([bytes], from: .sender, finishing: false).error?.code == code)
        }
    }

    @Test func `a Hello of another version is not read further`() {
        let bytes = Samples.forged(type: FrameType.hello.rawValue, body: [1, 0] + [UInt8](repeating: 0xff, count: 100))
        #expect(Decoded([bytes], from: .sender).error?.code == .unsupportedVersion)
    }

    @Test func `a Hello beyond its limits is not made`() {
        let long = String(repeating: "x", count: WireLimits.maximumNameBytes + 1)
        let disk = Samples.disk(1, sectors: 8)
        let cases: [(String, String, [Frame.Hello.Disk])] = [
            ("", "g", [disk]), (long, "g", [disk]), ("h", "", [disk]), ("h", long, [disk]), ("h", "g", []),
            ("h", "g", [disk, disk]), ("h", "g", [Samples.disk(1, sectors: 0)]),
            ("h", "g", [Samples.disk(1, sectors: 8, blockSize: 513)]),
            ("h", "g", [Samples.disk(1, sectors: 8, blockSize: 0)]),
            ("h", "g", [Samples.disk(1, sectors: 9, blockSize: 4096)]),
            ("h", "g", (0...256).map { Samples.disk($0, sectors: 8) }),
        ]
        for (host, group, disks) in cases {
            #expect(throws: ProtocolError.self) {
                try Frame.Hello(host: host, group: group, fencingToken: 1, disks: disks)
            }
        }
    }

    @Test func `the largest Hello, Welcome and Digests are within their limits`() throws {
        let disks = (0..<UInt16(WireLimits.maximumDisks)).map {
            Frame.Hello.Disk(
                number: DiskNumber($0), sourceID: "\($0 + 1000)" + String(repeating: "s", count: 196), sectorCount: 8,
                logicalBlockSize: 512)
        }
        let name = String(repeating: "n", count: WireLimits.maximumNameBytes)
        let frames: [Frame] = [
            .hello(try Frame.Hello(host: name, group: name, fencingToken: .max, disks: disks)),
            .welcome(
                Frame.Welcome(
                    sessionID: .max, lastDurable: .max, credit: .max, codecs: [], idleTimeoutMilliseconds: .max,
                    disks: disks.map {
                        Frame.Welcome.Disk(
                            number: $0.number, state: .resync, reason: String(repeating: "r", count: 1000))
                    })),
            .digests(
                Frame.Digests(
                    disk: DiskNumber(1), sector: 0,
                    digests: Array(repeating: RangeDigest(low: 1, high: 2), count: WireLimits.maximumDigests))),
            .digestAnswer(
                Frame.DigestAnswer(
                    disk: DiskNumber(1), sector: 0,
                    differing: Array(repeating: true, count: WireLimits.maximumDigests))),
            .refuse(Frame.Refuse(.groupFailed, String(repeating: "é", count: 1000))),
        ]
        for frame in frames {
            #expect(Decoded([Samples.bytes(frame)], from: Samples.origin(frame)).frames == [frame])
        }
    }

    @Test func `a code that is not known is read as unspecified`() {
        let bytes = Samples.forged(type: FrameType.close.rawValue, body: [0xff, 0x7f, 2, 0, 0x6f, 0x6b])
        #expect(Decoded([bytes], from: .sender).frames == [.close(Frame.Close(.unspecified, "ok"))])
    }

    @Test func `after an error the decoder stays failed`() throws {
        var decoder = FrameDecoder(from: .sender)
        decoder.append(ByteBuffer(repeating: 0xff, count: 100))
        #expect(throws: ProtocolError.self) { try decoder.next() }
        decoder.append(Samples.bytes(.ping(Frame.Ping(nonce: 1))))
        #expect(throws: ProtocolError.self) { try decoder.next() }
    }

    @Test func `payloads are not copied`() throws {
        var bytes = ByteBuffer()
        FrameEncoder.encode(.write(Samples.write), to: &bytes)
        bytes.writeImmutableBuffer(Samples.payload)
        let address = unsafe bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        var decoder = FrameDecoder(from: .sender)
        decoder.append(bytes)
        #expect(try decoder.next() == .frame(.write(Samples.write)))
        guard case .payload(let slice, true) = try decoder.next() else {
            Issue.record("no payload")
            return
        }
        let sliceAddress = unsafe slice.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(sliceAddress == address + 48)
    }
}

@Suite struct LZ4CodecTests {
    @Test func `data survives compression`() throws {
        var data = ByteBuffer()
        for word in 0..<UInt32(16384) { data.writeInteger(word / 64) }
        var compressed = ByteBuffer()
        let size = try #require(LZ4Codec.compress(data.readableBytesSpan, to: &compressed, limit: 60_000))
        #expect(size == compressed.readableBytes && size < 60_000)
        var restored = ByteBuffer()
        #expect(LZ4Codec.decompress(compressed.readableBytesSpan, dataBytes: 65536, to: &restored))
        #expect(restored == data)
    }

    @Test func `what does not shrink is not compressed`() {
        var random = SystemRandomNumberGenerator()
        var data = ByteBuffer()
        for _ in 0..<512 { data.writeInteger(UInt64.random(in: .min ... .max, using: &random)) }
        var compressed = ByteBuffer()
        #expect(LZ4Codec.compress(data.readableBytesSpan, to: &compressed, limit: 4000) == nil)
        #expect(compressed.readableBytes == 0)
    }

    @Test func `a block of another size is refused`() throws {
        var compressed = ByteBuffer()
        let zeroes = ByteBuffer(repeating: 0, count: 4096)
        _ = try #require(LZ4Codec.compress(zeroes.readableBytesSpan, to: &compressed, limit: 4000))
        for size in [1, 4095, 4097, 8192, 0, WireLimits.maximumWriteBytes + 1] {
            var out = ByteBuffer()
            #expect(!LZ4Codec.decompress(compressed.readableBytesSpan, dataBytes: size, to: &out))
            #expect(out.readableBytes == 0)
        }
        for length in 0..<compressed.readableBytes {
            let part = try #require(compressed.getSlice(at: 0, length: length))
            var out = ByteBuffer()
            #expect(!LZ4Codec.decompress(part.readableBytesSpan, dataBytes: 4096, to: &out))
        }
    }
}
