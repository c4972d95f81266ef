// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

@Suite struct NBDTransmissionTests {
    static func export(structured: Bool = true) -> NBDExport {
        NBDExport(
            name: "disk", size: 1 << 20, flags: [.hasFlags], minimumBlockSize: 1, maximumBlockSize: 1 << 20,
            hasStructuredReplies: structured,
            contexts: structured ? ["base:allocation": 1, "qemu:dirty-bitmap:b": 2] : [:])
    }

    /// The events that `bytes` cause, waits left out, payloads joined.
    static func play(
        _ machine: inout NBDTransmission, _ bytes: ByteBuffer, pieces: Int = 1 << 20
    ) throws(NBDError) -> [NBDTransmission.Event] {
        var bytes = bytes
        var gathered = ByteBuffer()
        var events: [NBDTransmission.Event] = []
        while let piece = bytes.readSlice(length: min(pieces, bytes.readableBytes)), piece.readableBytes > 0 {
            gathered.writeImmutableBuffer(piece)
            while true {
                let event = try machine.received(&gathered)
                if event == .wait { break }
                if case .data(let cookie, let offset, let more) = event,
                    case .data(cookie, let start, let before) = events.last,
                    start + UInt64(before.readableBytes) == offset
                {
                    events[events.count - 1] = .data(cookie: cookie, offset: start, bytes: before.followed(by: more))
                } else {
                    events.append(event)
                }
            }
        }
        return events
    }

    @Test func `requests, byte for byte`() {
        var machine = NBDTransmission(export: Self.export())
        let read = machine.read(offset: 0x1000, length: 0x200)
        #expect(read.bytes == hex("25609513 0000 0000 0000000000000001 0000000000001000 00000200"))
        let status = machine.status(offset: 0, length: 0x10_0000)
        #expect(status.bytes == hex("25609513 0000 0007 0000000000000002 0000000000000000 00100000"))
        #expect(machine.disconnect() == hex("25609513 0000 0002 0000000000000000 0000000000000000 00000000"))
        #expect(machine.waitingCount == 2)
    }

    static let structured = hex(
        """
        668e33ef 0000 0001 0000000000000001 0000000c 0000000000000100 0a0b0c0d ; data of 4 at 256
        668e33ef 0001 0002 0000000000000001 0000000c 0000000000000104 00000004 ; hole of 4 at 260, done
        """)

    @Test(arguments: [1, 3, 1 << 20])
    func `a structured read, in pieces of any size`(pieces: Int) throws {
        var machine = NBDTransmission(export: Self.export())
        _ = machine.read(offset: 256, length: 8)
        let events = try Self.play(&machine, Self.structured, pieces: pieces)
        #expect(
            events == [
                .data(cookie: 1, offset: 256, bytes: hex("0a0b0c0d")), .zeroes(cookie: 1, offset: 260, count: 4),
                .finished(cookie: 1),
            ])
        #expect(machine.waitingCount == 0)
    }

    @Test(arguments: [1, 3, 1 << 20])
    func `a simple read`(pieces: Int) throws {
        var machine = NBDTransmission(export: Self.export(structured: false))
        _ = machine.read(offset: 512, length: 4)
        let events = try Self.play(&machine, hex("67446698 00000000 0000000000000001 01020304"), pieces: pieces)
        #expect(events == [.data(cookie: 1, offset: 512, bytes: hex("01020304")), .finished(cookie: 1)])
    }

    @Test func `block status of two contexts`() throws {
        var machine = NBDTransmission(export: Self.export())
        _ = machine.status(offset: 0, length: 0x3000)
        let bytes = hex(
            """
            668e33ef 0000 0005 0000000000000001 00000014 00000001 00001000 00000003 00002000 00000000
            668e33ef 0001 0005 0000000000000001 0000000c 00000002 00003000 00000001
            """)
        let events = try Self.play(&machine, bytes)
        #expect(
            events == [
                .status(
                    cookie: 1, context: 1,
                    extents: [
                        NBDExtent(length: 0x1000, flags: [.isHole, .isZero]), NBDExtent(length: 0x2000, flags: []),
                    ]),
                .status(cookie: 1, context: 2, extents: [NBDExtent(length: 0x3000, flags: .isDirty)]),
                .finished(cookie: 1),
            ])
    }

    @Test func `a failed request leaves the connection usable`() throws {
        var machine = NBDTransmission(export: Self.export())
        _ = machine.read(offset: 0, length: 8)
        _ = machine.read(offset: 256, length: 8)
        let error = hex("668e33ef 0001 8001 0000000000000001 00000009 00000005 0003 626164")
        var events = try Self.play(&machine, error)
        #expect(
            events == [
                .failed(cookie: 1, error: NBDError(.requestFailed, "the NBD server: input/output error: bad"))
            ])
        _ = machine.read(offset: 256, length: 8)
        events = try Self.play(&machine, hex("67446698 0000001c 0000000000000002"))
        #expect(events == [.failed(cookie: 2, error: NBDError(.requestFailed, "the NBD server: no space left"))])
    }

    @Test func `an error chunk that is not the last fails the request at its end`() throws {
        var machine = NBDTransmission(export: Self.export())
        _ = machine.read(offset: 0, length: 8)
        let chunk = hex("668e33ef 0000 8002 0000000000000001 0000000e 00000005 0000 0000000000000004")
        var bytes = ByteBuffer()
        for _ in 0..<10_000 { bytes.writeImmutableBuffer(chunk) }
        var events = try Self.play(&machine, bytes)
        #expect(events.isEmpty)
        events = try Self.play(&machine, hex("668e33ef 0001 0000 0000000000000001 00000000"))
        #expect(events == [.failed(cookie: 1, error: NBDError(.requestFailed, "the NBD server: input/output error"))])
    }

    static let violations: [(String, ByteBuffer, NBDError.Code)] = [
        ("wrong magic", hex("00000000 00000000 0000000000000001"), .protocolViolation),
        ("unknown cookie", hex("668e33ef 0001 0000 0000000000000009 00000000"), .protocolViolation),
        ("unknown simple cookie", hex("67446698 00000000 0000000000000009"), .protocolViolation),
        ("simple data where structured was agreed", hex("67446698 00000000 0000000000000001"), .protocolViolation),
        ("end before all came", hex("668e33ef 0001 0000 0000000000000001 00000000"), .protocolViolation),
        (
            "data before the range", hex("668e33ef 0001 0001 0000000000000001 0000000c 00000000000000fc 0a0b0c0d"),
            .protocolViolation
        ),
        (
            "data past the range", hex("668e33ef 0001 0001 0000000000000001 0000000c 0000000000000106 0a0b0c0d"),
            .protocolViolation
        ),
        (
            "offset that overflows", hex("668e33ef 0001 0001 0000000000000001 0000000c ffffffffffffffff 0a0b0c0d"),
            .protocolViolation
        ),
        (
            "hole longer than the range", hex("668e33ef 0001 0002 0000000000000001 0000000c 0000000000000100 ffffffff"),
            .protocolViolation
        ),
        (
            "the same bytes twice",
            structured.followed(by: hex("668e33ef 0001 0001 0000000000000001 0000000c 0000000000000100 0a0b0c0d")),
            .protocolViolation
        ),
        ("data chunk without data", hex("668e33ef 0001 0001 0000000000000001 00000008"), .protocolViolation),
        ("status for a read", hex("668e33ef 0001 0005 0000000000000001 0000000c"), .protocolViolation),
        ("status for nothing", hex("668e33ef 0001 0005 0000000000000002 00000004"), .protocolViolation),
        ("status too long", hex("668e33ef 0001 0005 0000000000000002 7ffffffc"), .tooLarge),
        (
            "status of an unknown context",
            hex("668e33ef 0001 0005 0000000000000002 0000000c 00000009 00001000 00000000"), .protocolViolation
        ),
        (
            "empty extent", hex("668e33ef 0001 0005 0000000000000002 0000000c 00000001 00000000 00000000"),
            .protocolViolation
        ),
        (
            "data for a status", hex("668e33ef 0001 0001 0000000000000002 0000000c 0000000000000100 0a0b0c0d"),
            .protocolViolation
        ),
        ("unknown chunk", hex("668e33ef 0001 0007 0000000000000001 00000000"), .protocolViolation),
        ("error too long", hex("668e33ef 0001 8001 0000000000000001 7fffffff"), .tooLarge),
        ("error cut short", hex("668e33ef 0001 8001 0000000000000001 00000006 00000005 00ff"), .protocolViolation),
    ]

    @Test(arguments: violations.indices) func `a violation ends the connection`(index: Int) throws {
        let (name, bytes, code) = Self.violations[index]
        var machine = NBDTransmission(export: Self.export())
        _ = machine.read(offset: 256, length: 8)
        _ = machine.status(offset: 0, length: 0x1000)
        var thrown: NBDError?
        do { _ = try Self.play(&machine, bytes) } catch { thrown = error }
        #expect(thrown?.code == code, "\(name)")
    }

    @Test func `random bytes never trap`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var machine = NBDTransmission(export: Self.export())
            _ = machine.read(offset: 256, length: 8)
            _ = machine.status(offset: 0, length: 0x1000)
            var bytes = ByteBuffer()
            bytes.writeInteger(NBDMagic.structuredReply)
            bytes.writeInteger(UInt16.random(in: 0...1, using: &generator))
            bytes.writeInteger([0, 1, 2, 5, 0x8001, 0x8002].randomElement(using: &generator) ?? 0, as: UInt16.self)
            bytes.writeInteger(UInt64.random(in: 1...2, using: &generator))
            bytes.writeInteger(UInt32.random(in: 0...64, using: &generator))
            for _ in 0..<80 { bytes.writeInteger(UInt8.random(in: 0...255, using: &generator)) }
            // Any answer will do, and any error: what is tested is that there is one.
            _ = try? Self.play(&machine, bytes)
        }
    }
}
