// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

/// The comparison of targets with their sources: the operator asks, the sender makes a pass, and when all of that is
/// applied it sends digests of what the sources held; nothing is changed at either end.
extension Frame {
    /// The operator wants the targets compared. 8 idHigh, 8 idLow.
    public struct VerifyRequest: FrameBody, Hashable, Sendable {
        /// The first eight bytes of the comparison's id.
        public let idHigh: UInt64
        /// The last eight bytes of the id.
        public let idLow: UInt64

        /// A request; the id is drawn anew for each.
        public init(idHigh: UInt64, idLow: UInt64) {
            self.idHigh = idHigh
            self.idLow = idLow
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            idHigh = try body.integer()
            idLow = try body.integer()
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(idHigh, idLow, endianness: .little)
        }
    }

    /// Opens the comparison of one disk. 8 idHigh, 8 idLow, 8 sequence, 8 seed, 4 granularity, 2 disk.
    ///
    /// From here to the VerifyEnd no batch, bookmark or sync is taken, so that the target stands still.
    public struct VerifyBegin: FrameBody, Hashable, Sendable {
        /// The request that is answered.
        public let request: VerifyRequest
        /// The disk to compare.
        public let disk: DiskNumber
        /// The position that is compared: the last sequence that was sent, which is applied.
        public let sequence: UInt64
        /// Bytes that one digest covers; as in ``SyncBegin``.
        public let granularity: UInt32
        /// Seed of the digests.
        public let seed: UInt64

        /// - Precondition: The granularity is a power of two within the limits.
        public init(request: VerifyRequest, disk: DiskNumber, sequence: UInt64, granularity: UInt32, seed: UInt64) {
            precondition(
                SyncBegin.isValid(granularity: granularity), "granularity is a power of two, 4 KiB to 1 MiB")
            self.request = request
            self.disk = disk
            self.sequence = sequence
            self.granularity = granularity
            self.seed = seed
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            request = try VerifyRequest(reading: &body)
            sequence = try body.integer()
            seed = try body.integer()
            granularity = try body.integer()
            guard SyncBegin.isValid(granularity: granularity) else {
                throw body.malformed("has a granularity of \(granularity) bytes")
            }
            disk = try body.disk()
        }

        func write(to buffer: inout ByteBuffer) {
            request.write(to: &buffer)
            buffer.writeMultipleIntegers(sequence, seed, granularity, disk.rawValue, endianness: .little)
        }

        /// 512-byte sectors that one digest covers.
        public var sectorsPerDigest: UInt64 { UInt64(granularity) / Sector.size }
    }

    /// Ends the comparison of one disk: all of it was asked about. 8 idHigh, 8 idLow, 2 disk.
    public struct VerifyEnd: FrameBody, Hashable, Sendable {
        /// The request that is answered.
        public let request: VerifyRequest
        /// The disk that was compared.
        public let disk: DiskNumber

        /// The end of a disk's comparison.
        public init(request: VerifyRequest, disk: DiskNumber) {
            self.request = request
            self.disk = disk
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            request = try VerifyRequest(reading: &body)
            disk = try body.disk()
        }

        func write(to buffer: inout ByteBuffer) {
            request.write(to: &buffer)
            buffer.writeInteger(disk.rawValue, endianness: .little)
        }
    }
}
