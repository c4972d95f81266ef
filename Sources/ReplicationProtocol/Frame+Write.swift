// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

extension Frame {
    /// Data for a range of one disk; its payload follows in the same frame.
    ///
    /// | offset | size | name | meaning |
    /// | --- | --- | --- | --- |
    /// | 0 | 8 | sector | first 512-byte sector |
    /// | 8 | 4 | sectorCount | 1 … 2048 |
    /// | 12 | 2 | disk | |
    /// | 14 | 1 | codec | ``Codec`` of the payload |
    /// | 15 | 1 | reserved | 0 |
    /// | 16 | 8 | checksum | XXH3-64 of the payload before compression |
    /// | 24 | – | payload | |
    public struct Write: Hashable, Sendable {
        /// Bytes of the body before the payload.
        public static let fixedBytes = 24

        /// The disk that is written.
        public let disk: DiskNumber
        /// The first sector, 512 bytes each.
        public let sector: UInt64
        /// Sectors of data, 1 to 2,048.
        public let sectorCount: UInt32
        /// XXH3-64 of the data before compression, seed 0.
        public let checksum: Checksum
        /// How the payload travels.
        public let codec: Codec
        /// Bytes of the payload as it travels.
        public let payloadBytes: Int

        /// - Parameter payloadBytes: Of the compressed payload; ignored for codec `.none`, which sends the data itself.
        /// - Precondition: 1 to 2,048 sectors; a compressed payload is not empty and is shorter than the data.
        public init(
            disk: DiskNumber, sector: UInt64, sectorCount: UInt32, checksum: Checksum, codec: Codec = .none,
            payloadBytes: Int = 0
        ) {
            let dataBytes = Int(sectorCount) * Int(Sector.size)
            precondition(sectorCount > 0 && dataBytes <= WireLimits.maximumWriteBytes, "a Write holds up to 1 MiB")
            self.disk = disk
            self.sector = sector
            self.sectorCount = sectorCount
            self.checksum = checksum
            self.codec = codec
            switch codec {
            case .none: self.payloadBytes = dataBytes
            case .lz4:
                precondition(payloadBytes > 0 && payloadBytes < dataBytes, "compression that does not pay is not used")
                self.payloadBytes = payloadBytes
            }
        }

        /// Bytes of data: the payload's after decompression.
        public var dataBytes: Int { Int(sectorCount) * Int(Sector.size) }

        /// - Parameter bodyBytes: The body's length from the header, payload included.
        init(reading fixedPart: ByteBuffer, bodyBytes: Int, type: FrameType) throws(ProtocolError) {
            var bytes = fixedPart
            guard
                let (sector, count, disk, rawCodec, reserved, checksum) = bytes.readMultipleIntegers(
                    endianness: .little, as: (UInt64, UInt32, UInt16, UInt8, UInt8, UInt64).self)
            else { throw ProtocolError(.malformedFrame, "A \(type) frame ends early.") }
            guard let codec = Codec(rawValue: rawCodec), reserved == 0 else {
                throw ProtocolError(
                    .malformedFrame, "A \(type) frame has codec \(rawCodec) and \(reserved) in its reserved field.")
            }
            guard count > 0 else { throw ProtocolError(.emptyRange, "A \(type) frame covers no sectors.") }
            guard count <= WireLimits.maximumWriteBytes / Int(Sector.size) else {
                throw ProtocolError(
                    .oversizedWrite,
                    "A \(type) frame covers \(count) sectors; at most \(WireLimits.maximumWriteBytes) bytes go in one.")
            }
            let dataBytes = Int(count) * Int(Sector.size)
            // The header's limit keeps the subtraction small; the decoder has read the fixed part.
            let payloadBytes = bodyBytes - Self.fixedBytes
            let fits =
                switch codec {
                case .none: payloadBytes == dataBytes
                case .lz4: payloadBytes > 0 && payloadBytes < dataBytes
                }
            guard fits else {
                throw ProtocolError(
                    .malformedFrame,
                    "A \(type) frame of \(dataBytes) bytes of data has a payload of \(payloadBytes) bytes (\(codec)).")
            }
            self.init(
                disk: DiskNumber(disk), sector: sector, sectorCount: count, checksum: Checksum(rawValue: checksum),
                codec: codec, payloadBytes: payloadBytes)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(
                sector, sectorCount, disk.rawValue, codec.rawValue, UInt8(0), checksum.rawValue, endianness: .little)
        }
    }

    /// A range that reads as zeroes. 8 sector, 8 sectorCount, 2 disk. Serves for discards as well.
    public struct Zero: FrameBody, Hashable, Sendable {
        /// The disk that is written.
        public let disk: DiskNumber
        /// The first sector, 512 bytes each.
        public let sector: UInt64
        /// 1 or more; any length up to the disk's.
        public let sectorCount: UInt64

        /// A range of zeroes; the session holds it against the disk.
        public init(disk: DiskNumber, sector: UInt64, sectorCount: UInt64) {
            self.disk = disk
            self.sector = sector
            self.sectorCount = sectorCount
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sector = try body.integer()
            sectorCount = try body.integer()
            disk = try body.disk()
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sector, sectorCount, disk.rawValue, endianness: .little)
        }
    }
}
