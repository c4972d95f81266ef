// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore

/// What an NBD client says: byte 0 is how much of it comes at a time. Both machines are led as a server leads them, and what
/// they promise is checked: a request that they call valid is, and a write has all its bytes.
enum NBDServerEntry {
    private static let disk = NBDExportOffer(
        name: "disk", description: "a disk", size: 1 << 20,
        flags: [.sendsFlush, .sendsFUA, .sendsTrim, .sendsWriteZeroes, .sendsDF, .sendsCache, .sendsFastZero],
        minimumBlockSize: 512, maximumBlockSize: 1 << 16)

    static func handshake(_ bytes: [UInt8]) {
        for encryption in [NBDServerHandshake.Encryption.none, .required] { run(bytes, encryption) }
    }

    private static func run(_ bytes: [UInt8], _ encryption: NBDServerHandshake.Encryption) {
        var machine = NBDServerHandshake(encryption: encryption)
        var gathered = machine.greeting()
        gathered.clear()
        var isOver = false
        var terms: NBDSessionTerms?
        do throws(NBDError) {
            for piece in NBDEntry.pieces(bytes) {
                gathered.writeBytes(piece)
                while !isOver, terms == nil {
                    var action = try machine.received(&gathered)
                    if case .find(let name, let queries) = action { action = machine.found(look(for: name, queries)) }
                    switch action {
                    case .wait: break
                    case .send(let sent): check(sent)
                    case .list: check(machine.listed([("disk", "a disk"), ("locked", "")]))
                    case .find: preconditionFailure("an answer asks for an answer")
                    case .startTLS(let sent):
                        check(sent)
                        precondition(gathered.readableBytes == 0, "bytes in the clear were let through")
                        machine.tlsStarted()
                    case .finished(let settled, _): terms = settled
                    case .close: isOver = true
                    }
                    if action == .wait { break }
                }
            }
        } catch {
            // Refused by name: what it is for.
            return
        }
        if let terms { transmit(terms, [gathered]) }
    }

    private static func look(for name: String, _ queries: [String]) -> NBDServerHandshake.Lookup {
        switch name {
        case "disk": .offer(disk, contexts: queries + ["base:allocation"])
        case "locked": .refused(name)
        default: .unknown(name)
        }
    }

    /// Replies are as the protocol has them.
    private static func check(_ sent: ByteBuffer) {
        var sent = sent
        while sent.readableBytes > 0 {
            precondition(sent.readInteger(as: UInt64.self) == NBDMagic.optionReply, "a reply without its magic number")
            sent.moveReaderIndex(forwardBy: 8)
            guard let length = sent.readInteger(as: UInt32.self), sent.readSlice(length: Int(length)) != nil else {
                preconditionFailure("a reply is cut short")
            }
        }
    }

    static func transmission(_ bytes: [UInt8]) {
        var readOnly = disk
        readOnly.flags = [.isReadOnly]
        let contexts = [NBDContextBinding(number: 1, name: "base:allocation")]
        let pieces = NBDEntry.pieces(bytes).map { ByteBuffer(bytes: $0) }
        transmit(NBDSessionTerms(offer: disk, hasStructuredReplies: true, contexts: contexts), pieces)
        transmit(NBDSessionTerms(offer: disk, hasStructuredReplies: false, contexts: []), pieces)
        transmit(NBDSessionTerms(offer: readOnly, hasStructuredReplies: true, contexts: contexts), pieces)
    }

    private static func transmit(_ terms: NBDSessionTerms, _ pieces: [ByteBuffer]) {
        var machine = NBDServerTransmission(terms: terms)
        var gathered = ByteBuffer()
        var remaining = 0
        do throws(NBDError) {
            for piece in pieces {
                gathered.writeImmutableBuffer(piece)
                loop: while true {
                    switch try machine.received(&gathered) {
                    case .wait, .disconnect: break loop
                    case .request(let request):
                        precondition(remaining == 0, "a request inside of a write")
                        check(request, terms)
                        if request.command == .write { remaining = Int(request.length) }
                    case .payload(let data, let isLast):
                        remaining -= data.readableBytes
                        precondition(data.readableBytes > 0 && isLast == (remaining == 0), "not the bytes of the write")
                    case .refused(let reply):
                        precondition(remaining == 0 && reply.readableBytes >= 16, "a refusal inside of a write")
                    }
                }
            }
        } catch {
            // Refused by name: what it is for.
        }
    }

    private static func check(_ request: NBDRequest, _ terms: NBDSessionTerms) {
        guard request.command != .flush else { return }
        let (end, overflows) = request.offset.addingReportingOverflow(UInt64(request.length))
        precondition(!overflows && end <= terms.offer.size, "a request past the end")
        precondition(request.length > 0, "a request for nothing")
        precondition(request.offset % 512 == 0 && request.length % 512 == 0, "a request that is not aligned")
        switch request.command {
        case .write, .trim, .writeZeroes:
            precondition(!terms.offer.flags.contains(.isReadOnly), "a write to what is read-only")
        case .blockStatus: precondition(!terms.contexts.isEmpty, "block status without a context")
        case .read, .cache: break
        case .disconnect, .flush, .resize: preconditionFailure("no request to carry out")
        }
    }

    private static func option(_ code: UInt32, _ data: (inout ByteBuffer) -> Void, to buffer: inout ByteBuffer) {
        var body = ByteBuffer()
        data(&body)
        buffer.writeInteger(NBDMagic.option)
        buffer.writeInteger(code)
        buffer.writeInteger(UInt32(body.readableBytes))
        buffer.writeImmutableBuffer(body)
    }

    private static func string(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(text.utf8.count))
        buffer.writeString(text)
    }

    private static func request(_ command: UInt16, _ offset: UInt64, _ length: UInt32, to buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(NBDMagic.request, UInt16(0), command, UInt64(command), offset, length)
    }

    /// Everything there is to ask, then GO and a read; the old way; STARTTLS and what a client asks after it.
    static var handshakeSamples: [[UInt8]] {
        [
            NBDEntry.message { buffer in
                buffer.writeInteger(UInt32(3))
                for code in [3, 4, 8, 11] as [UInt32] { option(code, { _ in }, to: &buffer) }
                for code in [9, 10] as [UInt32] {
                    option(
                        code,
                        { data in
                            string("disk", to: &data)
                            data.writeInteger(UInt32(2))
                            string("base:allocation", to: &data)
                            string("mastertarget:", to: &data)
                        }, to: &buffer)
                }
                for (code, name) in [(6, "disk"), (6, "locked"), (7, "none"), (7, "disk")] as [(UInt32, String)] {
                    option(
                        code,
                        { data in
                            string(name, to: &data)
                            data.writeMultipleIntegers(UInt16(3), UInt16(1), UInt16(2), UInt16(3))
                        }, to: &buffer)
                }
                request(0, 0, 512, to: &buffer)
            },
            NBDEntry.message { buffer in
                buffer.writeInteger(UInt32(1))
                option(1, { $0.writeString("disk") }, to: &buffer)
                request(7, 0, 512, to: &buffer)
                request(2, 0, 0, to: &buffer)
            },
            // Pieces of 20 bytes: the flags and STARTTLS, then ABORT.
            [20]
                + NBDEntry.message { buffer in
                    buffer.writeInteger(UInt32(3))
                    option(5, { _ in }, to: &buffer)
                    option(2, { _ in }, to: &buffer)
                }.dropFirst(),
        ]
    }

    /// Each command, a write that is refused, and the farewell.
    static var transmissionSamples: [[UInt8]] {
        [
            NBDEntry.message { buffer in
                for command in [0, 4, 5, 6, 7] as [UInt16] { request(command, 4096, 512, to: &buffer) }
                request(3, 0, 0, to: &buffer)
                for offset in [0, 1 << 20] as [UInt64] {
                    request(1, offset, 512, to: &buffer)
                    buffer.writeRepeatingByte(7, count: 512)
                }
                request(2, 0, 0, to: &buffer)
            },
            // Small pieces, and two kinds of refusals.
            [9]
                + NBDEntry.message { buffer in
                    request(0, 1, 512, to: &buffer)
                    request(1, 0, 1 << 17, to: &buffer)
                    buffer.writeRepeatingByte(7, count: 64)
                }.dropFirst(),
        ]
    }
}
