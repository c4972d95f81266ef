// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NIOCore

/// What an NBD server says: byte 0 is how much of it comes at a time.
enum NBDEntry {
    static func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        guard let first = bytes.first else { return [] }
        let size = first == 0 ? max(1, bytes.count) : Int(first)
        return stride(from: 1, to: bytes.count, by: size).map { bytes[$0..<min(bytes.count, $0 + size)] }
    }

    static func handshake(_ bytes: [UInt8]) {
        var machine = NBDClientHandshake(
            exportName: "disk", contexts: ["base:allocation"], requiredContexts: ["qemu:dirty-bitmap:b"])
        var gathered = ByteBuffer()
        do throws(NBDError) {
            for piece in pieces(bytes) {
                gathered.writeBytes(piece)
                while true {
                    let action = try machine.received(&gathered)
                    if case .finished = action { return }
                    if action == .wait { break }
                }
            }
        } catch {
            // Refused by name: what it is for.
        }
    }

    static func transmission(_ bytes: [UInt8]) {
        for isStructured in [true, false] {
            var machine = NBDTransmission(
                export: NBDExport(
                    name: "disk", size: 1 << 20, flags: [], minimumBlockSize: 512, maximumBlockSize: 1 << 20,
                    hasStructuredReplies: isStructured, contexts: ["base:allocation": 1]))
            _ = machine.read(offset: 0, length: 4096)
            _ = machine.read(offset: 65_536, length: 512)
            if isStructured { _ = machine.status(offset: 0, length: 1 << 20) }
            var gathered = ByteBuffer()
            do throws(NBDError) {
                for piece in pieces(bytes) {
                    gathered.writeBytes(piece)
                    while try machine.received(&gathered) != .wait {}
                }
            } catch {
                // Refused by name: what it is for.
            }
        }
    }

    static func message(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer(bytes: [0])
        body(&buffer)
        return Array(buffer.readableBytesView)
    }

    /// Greeting (NBDMAGIC, IHAVEOPT, fixed newstyle), then acknowledgements of the options that are asked for.
    static var handshakeSamples: [[UInt8]] {
        [
            message { buffer in
                buffer.writeString("NBDMAGICIHAVEOPT")
                buffer.writeInteger(UInt16(3))
                for (option, type) in [(8, 1), (10, 4), (10, 1), (7, 3), (7, 1)] as [(UInt32, UInt32)] {
                    buffer.writeInteger(UInt64(0x3_e889_0455_65a9))
                    buffer.writeInteger(option)
                    buffer.writeInteger(type)
                    if type == 4 {
                        buffer.writeInteger(UInt32(19))
                        buffer.writeInteger(UInt32(1))
                        buffer.writeString("base:allocation")
                    } else if type == 3 {
                        buffer.writeInteger(UInt32(12))
                        buffer.writeInteger(UInt16(0))
                        buffer.writeInteger(UInt64(1 << 20))
                        buffer.writeInteger(UInt16(1))
                    } else {
                        buffer.writeInteger(UInt32(0))
                    }
                }
            }
        ]
    }

    /// A chunk of data, of a hole and of block status; a simple reply.
    static var transmissionSamples: [[UInt8]] {
        [
            message { buffer in
                for (type, cookie) in [(1, 1), (2, 2), (5, 3)] as [(UInt16, UInt64)] {
                    buffer.writeInteger(UInt32(0x668e_33ef))
                    buffer.writeInteger(UInt16(1))
                    buffer.writeInteger(type)
                    buffer.writeInteger(cookie)
                    switch type {
                    case 1:
                        buffer.writeInteger(UInt32(8 + 4096))
                        buffer.writeInteger(UInt64(0))
                        buffer.writeRepeatingByte(7, count: 4096)
                    case 2:
                        buffer.writeInteger(UInt32(12))
                        buffer.writeInteger(UInt64(65_536))
                        buffer.writeInteger(UInt32(512))
                    default:
                        buffer.writeInteger(UInt32(12))
                        buffer.writeInteger(UInt32(1))
                        buffer.writeInteger(UInt32(1 << 20))
                        buffer.writeInteger(UInt32(3))
                    }
                }
            },
            message { buffer in
                buffer.writeInteger(UInt32(0x6744_6698))
                buffer.writeInteger(UInt32(0))
                buffer.writeInteger(UInt64(2))
                buffer.writeRepeatingByte(7, count: 512)
            },
        ]
    }
}
