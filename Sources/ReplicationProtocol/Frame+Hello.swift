// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

extension Frame {
    /// The first frame: who sends, for which group, and with which disks.
    ///
    /// | size | name | meaning |
    /// | --- | --- | --- |
    /// | 2 | version | ``WireProtocol/version`` |
    /// | 2 | codecs | ``CodecSet`` offered |
    /// | 8 | fencingToken | grows with every change of sender |
    /// | 2 + n | host | host id; equals the certificate's common name |
    /// | 2 + n | group | the group's name |
    /// | 2 | diskCount | 1 … 256 |
    /// | each | disk | 2 number, 4 logicalBlockSize, 8 sectorCount, 2 + n sourceID |
    public struct Hello: FrameBody, Hashable, Sendable {
        /// A source disk.
        public struct Disk: Hashable, Sendable {
            /// Its number in the group.
            public let number: DiskNumber
            /// Identity of the source disk, as the group was bound to it.
            public let sourceID: String
            /// 512-byte sectors.
            public let sectorCount: UInt64
            /// Bytes; a power of two from 512 on.
            public let logicalBlockSize: UInt32

            /// A disk as the sender has it; the Hello checks it.
            public init(number: DiskNumber, sourceID: String, sectorCount: UInt64, logicalBlockSize: UInt32) {
                self.number = number
                self.sourceID = sourceID
                self.sectorCount = sectorCount
                self.logicalBlockSize = logicalBlockSize
            }
        }

        /// The version of the protocol that the sender speaks.
        public let version: UInt16
        /// The codecs that the sender can send.
        public let codecs: CodecSet
        /// The sender's token: grows with every change of sender, so that an older one is refused.
        public let fencingToken: UInt64
        /// The host id; equals the common name in the sender's certificate. 1 to ``WireLimits/maximumNameBytes`` bytes.
        public let host: String
        /// The group's name, 1 to ``WireLimits/maximumNameBytes`` bytes.
        public let group: String
        /// All disks of the group, 1 to ``WireLimits/maximumDisks``, each number once.
        public let disks: [Disk]

        /// - Throws: ``ProtocolError`` with code `.malformedFrame` when a name, a source id or the number of disks is
        ///   beyond its limit, a disk or a source is named twice, or a disk has no sectors.
        public init(
            version: UInt16 = WireProtocol.version, host: String, group: String, fencingToken: UInt64,
            codecs: CodecSet = [.lz4], disks: [Disk]
        ) throws(ProtocolError) {
            let nameLimit = WireLimits.maximumNameBytes
            guard (1...nameLimit).contains(host.utf8.count), (1...nameLimit).contains(group.utf8.count) else {
                throw ProtocolError(.malformedFrame, "Host id and group name have 1 to \(nameLimit) bytes.")
            }
            guard (1...WireLimits.maximumDisks).contains(disks.count) else {
                throw ProtocolError(
                    .malformedFrame, "A group has 1 to \(WireLimits.maximumDisks) disks, not \(disks.count).")
            }
            var seen: Set<DiskNumber> = []
            var seenSources: Set<String> = []
            for disk in disks {
                guard seen.insert(disk.number).inserted else {
                    throw ProtocolError(.malformedFrame, "The Hello names disk \(disk.number) twice: number each once.")
                }
                guard seenSources.insert(disk.sourceID).inserted else {
                    throw ProtocolError(
                        .malformedFrame, "The Hello names source \(disk.sourceID) twice: send each disk once.")
                }
                guard (1...WireLimits.maximumSourceIDBytes).contains(disk.sourceID.utf8.count) else {
                    throw ProtocolError(
                        .malformedFrame,
                        "The source id of disk \(disk.number) has to have 1 to \(WireLimits.maximumSourceIDBytes) "
                            + "bytes.")
                }
                let size = disk.logicalBlockSize
                guard
                    size >= Sector.size, size <= WireLimits.maximumLogicalBlockSize, size.nonzeroBitCount == 1,
                    disk.sectorCount > 0, disk.sectorCount % (UInt64(size) / Sector.size) == 0
                else {
                    throw ProtocolError(
                        .malformedFrame,
                        "Disk \(disk.number) has \(disk.sectorCount) sectors in blocks of \(size) bytes: no such disk.")
                }
            }
            self.version = version
            self.codecs = codecs
            self.fencingToken = fencingToken
            self.host = host
            self.group = group
            self.disks = disks
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            let version: UInt16 = try body.integer()
            guard version == WireProtocol.version else {
                // The layout of another version is unknown: nothing more of it is read.
                throw ProtocolError(
                    .unsupportedVersion,
                    "The peer speaks version \(version) of the protocol, this end version \(WireProtocol.version).")
            }
            let codecs = CodecSet(rawValue: try body.integer())
            let token: UInt64 = try body.integer()
            let host = try body.string(atMost: WireLimits.maximumNameBytes)
            let group = try body.string(atMost: WireLimits.maximumNameBytes)
            let count = Int(try body.integer(UInt16.self))
            guard count <= WireLimits.maximumDisks else { throw body.malformed("names \(count) disks") }
            var disks: [Disk] = []
            disks.reserveCapacity(count)
            for _ in 0..<count {
                let number = try body.disk()
                let blockSize: UInt32 = try body.integer()
                let sectors: UInt64 = try body.integer()
                disks.append(
                    Disk(
                        number: number, sourceID: try body.string(atMost: WireLimits.maximumSourceIDBytes),
                        sectorCount: sectors, logicalBlockSize: blockSize))
            }
            try self.init(
                version: version, host: host, group: group, fencingToken: token, codecs: codecs, disks: disks)
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(version, codecs.rawValue, fencingToken, endianness: .little)
            buffer.writeText(host)
            buffer.writeText(group)
            buffer.writeInteger(UInt16(disks.count), endianness: .little)
            for disk in disks {
                buffer.writeMultipleIntegers(
                    disk.number.rawValue, disk.logicalBlockSize, disk.sectorCount, endianness: .little)
                buffer.writeText(disk.sourceID)
            }
        }
    }
}
