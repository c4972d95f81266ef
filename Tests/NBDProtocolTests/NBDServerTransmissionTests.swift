// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore
import Testing

@Suite struct NBDServerTransmissionTests {
    static let everything: NBDTransmissionFlags = [
        .hasFlags, .sendsFlush, .sendsFUA, .sendsTrim, .sendsWriteZeroes, .sendsDF, .sendsCache, .sendsFastZero,
    ]

    static let end: UInt64 = 1 << 30

    static func terms(
        _ flags: NBDTransmissionFlags = everything, structured: Bool = true, contexts: Bool = true,
        size: UInt64 = 1 << 30, minimum: UInt32 = 512, maximum: UInt32 = 1 << 20
    ) -> NBDSessionTerms {
        NBDSessionTerms(
            offer: NBDExportOffer(
                name: "disk", size: size, flags: flags, minimumBlockSize: minimum, maximumBlockSize: maximum),
            hasStructuredReplies: structured,
            contexts: structured && contexts ? [NBDContextBinding(number: 1, name: "base:allocation")] : [])
    }

    static func request(
        _ command: UInt16, _ offset: UInt64, _ length: UInt32, flags: UInt16 = 0, cookie: UInt64 = 7
    ) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMultipleIntegers(NBDMagic.request, flags, command, cookie, offset, length)
        return bytes
    }

    /// All that `bytes` tell, waits left out, the pieces of a payload joined.
    static func play(
        _ machine: inout NBDServerTransmission, _ bytes: ByteBuffer, pieces: Int = .max
    ) throws(NBDError) -> [NBDServerTransmission.Element] {
        var bytes = bytes
        var gathered = ByteBuffer()
        var elements: [NBDServerTransmission.Element] = []
        while let piece = bytes.readSlice(length: min(pieces, bytes.readableBytes)), piece.readableBytes > 0 {
            gathered.writeImmutableBuffer(piece)
            while true {
                let element = try machine.received(&gathered)
                if element == .wait { break }
                if case .payload(let more, let isLast) = element, case .payload(let before, false) = elements.last {
                    elements[elements.count - 1] = .payload(before.followed(by: more), isLast: isLast)
                } else {
                    elements.append(element)
                }
            }
        }
        return elements
    }

    /// The error number of a refusal, structured or simple.
    static func error(in refusal: ByteBuffer, structured: Bool) -> UInt32? {
        let start = refusal.readerIndex
        guard structured else {
            guard refusal.readableBytes == 16, refusal.getInteger(at: start, as: UInt32.self) == NBDMagic.simpleReply
            else { return nil }
            return refusal.getInteger(at: start + 4)
        }
        guard refusal.readableBytes > 26, refusal.getInteger(at: start, as: UInt64.self) == 0x668e_33ef_0001_8001,
            refusal.getInteger(at: start + 16, as: UInt32.self) == UInt32(refusal.readableBytes - 20),
            refusal.getInteger(at: start + 24, as: UInt16.self) == UInt16(refusal.readableBytes - 26)
        else { return nil }
        return refusal.getInteger(at: start + 20)
    }

    static let stream = request(1, 512, 1024, flags: 1, cookie: 1)
        .followed(by: ByteBuffer(repeating: 0x11, count: 1024))
        .followed(by: request(0, 0, 512, cookie: 2))
        .followed(by: request(1, 1 << 30, 512, cookie: 3))
        .followed(by: ByteBuffer(repeating: 0x25, count: 512))
        .followed(by: request(99, 0, 512, cookie: 4))
        .followed(by: request(1, 0, 0, cookie: 5))
        .followed(by: request(3, 0, 0, cookie: 6))
        .followed(by: request(2, 0, 0, cookie: 0))
        .followed(by: request(0, 0, 512, cookie: 9))

    @Test(arguments: [1, 3, 27, 28, 29, 1000, .max])
    func `in pieces of any size`(pieces: Int) throws {
        var machine = NBDServerTransmission(terms: Self.terms())
        let replies = machine.replies
        let elements = try Self.play(&machine, Self.stream, pieces: pieces)
        #expect(
            elements == [
                .request(NBDRequest(command: .write, flags: .fua, cookie: 1, offset: 512, length: 1024)),
                .payload(ByteBuffer(repeating: 0x11, count: 1024), isLast: true),
                .request(NBDRequest(command: .read, flags: [], cookie: 2, offset: 0, length: 512)),
                .refused(
                    replies.failure(
                        cookie: 3, .noSpace,
                        "write of 512 bytes at 1073741824 passes the end of export 'disk' with 1073741824 bytes")),
                .refused(replies.failure(cookie: 4, .invalid, "command 99 is not known")),
                .refused(replies.failure(cookie: 5, .invalid, "write of no bytes")),
                .request(NBDRequest(command: .flush, flags: [], cookie: 6, offset: 0, length: 0)),
                .disconnect,
            ])
    }

    @Test func `payloads are handed on as they come`() throws {
        var machine = NBDServerTransmission(terms: Self.terms())
        var bytes = Self.request(1, 0, 1024)
        bytes.writeRepeatingByte(1, count: 100)
        var element = try machine.received(&bytes)
        element = try machine.received(&bytes)
        #expect(element == .payload(ByteBuffer(repeating: 1, count: 100), isLast: false))
        element = try machine.received(&bytes)
        #expect(element == .wait)
        bytes = ByteBuffer(repeating: 2, count: 1000)
        element = try machine.received(&bytes)
        #expect(element == .payload(ByteBuffer(repeating: 2, count: 924), isLast: true))
        #expect(bytes.readableBytes == 76)
    }

    @Test func `a refused write is answered once its data is past`() throws {
        var machine = NBDServerTransmission(terms: Self.terms([.hasFlags, .isReadOnly]))
        var bytes = Self.request(1, 0, UInt32(NBDLimit.writeBytes))
        var element = try machine.received(&bytes)
        #expect(element == .wait)
        for left in stride(from: NBDLimit.writeBytes, to: 1 << 20, by: -(1 << 20)) {
            bytes = ByteBuffer(repeating: 0, count: min(1 << 20, left))
            element = try machine.received(&bytes)
            #expect(element == .wait)
            #expect(bytes.readableBytes == 0, "what is skipped is not kept")
        }
        bytes = ByteBuffer(repeating: 0, count: 1 << 20)
        element = try machine.received(&bytes)
        guard case .refused(let reply) = element else {
            Issue.record("\(element)")
            return
        }
        #expect(Self.error(in: reply, structured: true) == NBDReplyError.notPermitted.rawValue)
    }

    static let fatal: [(String, ByteBuffer, NBDError.Code)] = [
        ("wrong magic", hex("25609514"), .protocolViolation),
        ("an option in transmission", hex("49484156454f5054"), .protocolViolation),
        ("a write over the limit", request(1, 0, UInt32(NBDLimit.writeBytes) + 1), .tooLarge),
        ("a write without bound", request(1, 0, .max), .tooLarge),
    ]

    @Test(arguments: fatal.indices) func `what ends the connection`(index: Int) throws {
        let (name, bytes, code) = Self.fatal[index]
        var machine = NBDServerTransmission(terms: Self.terms(size: .max, minimum: 1, maximum: .max))
        var thrown: NBDError?
        do { _ = try Self.play(&machine, bytes) } catch { thrown = error }
        #expect(thrown?.code == code, "\(name)")
        var more = Self.request(3, 0, 0)
        thrown = nil
        do { _ = try machine.received(&more) } catch { thrown = error }
        #expect(thrown?.code == .protocolViolation, "a failed machine takes no more bytes")
    }

    @Test func `after the farewell nothing is told`() throws {
        var machine = NBDServerTransmission(terms: Self.terms())
        let elements = try Self.play(&machine, Self.request(2, 5, 5, flags: 3).followed(by: hex("deadbeef")))
        #expect(elements == [.disconnect])
        var bytes = Self.request(0, 0, 512)
        let element = try machine.received(&bytes)
        #expect(element == .wait)
        #expect(bytes.readableBytes == 0)
    }

    @Test func `random requests never trap, and what is valid is inside`() {
        var generator = SystemRandomNumberGenerator()
        let numbers: [UInt64] = [0, 1, 511, 512, 1024, Self.end - 512, Self.end, Self.end + 1, .max - 511, .max]
        let lengths: [UInt32] = [0, 1, 512, 4096, 1 << 20, .max - 511, .max]
        var machine = NBDServerTransmission(terms: Self.terms())
        for _ in 0..<5000 {
            var command = UInt16.random(in: 0...9, using: &generator)
            if command == 2 { command = 7 }
            let length = lengths.randomElement(using: &generator) ?? 0
            if command == 1, length > 4096 { continue }
            var bytes = Self.request(
                command, numbers.randomElement(using: &generator) ?? 0, length,
                flags: [0, 0, 0, 1, 2, 4, 8, 16].randomElement(using: &generator) ?? 0)
            if command == 1 { bytes.writeRepeatingByte(0, count: Int(length)) }
            // Nothing of this ends a connection; an error would leave the next request without an element.
            let elements = (try? Self.play(&machine, bytes)) ?? []
            #expect(!elements.isEmpty)
            guard case .request(let request) = elements.first, request.command != .flush else { continue }
            #expect(request.length > 0)
            #expect(request.offset.addingReportingOverflow(UInt64(request.length)).overflow == false)
            #expect(request.offset + UInt64(request.length) <= Self.end)
            #expect(request.offset % 512 == 0 && request.length % 512 == 0)
        }
    }
}
