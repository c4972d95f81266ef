// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import StoragePrimitives

extension Frame {
    /// Why a disk is copied or compared.
    public enum SyncKind: UInt8, Sendable {
        /// The first copy: the target holds nothing of it.
        case initial = 0
        /// The target holds an older state; digests tell what differs.
        case resync = 1
    }

    /// Opens the sync of one disk. 8 seed, 4 granularity, 2 disk, 1 kind.
    public struct SyncBegin: FrameBody, Hashable, Sendable {
        /// The disk to copy or compare.
        public let disk: DiskNumber
        /// Why.
        public let kind: SyncKind
        /// Bytes that one digest covers; a power of two from 4 KiB to 1 MiB. The disk's last range may be shorter.
        public let granularity: UInt32
        /// Seed of the digests, drawn anew for each sync.
        public let seed: UInt64

        /// - Precondition: The granularity is a power of two within the limits.
        public init(disk: DiskNumber, kind: SyncKind, granularity: UInt32, seed: UInt64) {
            precondition(Self.isValid(granularity: granularity), "granularity is a power of two, 4 KiB to 1 MiB")
            self.disk = disk
            self.kind = kind
            self.granularity = granularity
            self.seed = seed
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            seed = try body.integer()
            granularity = try body.integer()
            guard Self.isValid(granularity: granularity) else {
                throw body.malformed("has a granularity of \(granularity) bytes")
            }
            disk = try body.disk()
            kind = try body.choice(SyncKind.self, named: "sync kind")
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(seed, granularity, disk.rawValue, kind.rawValue, endianness: .little)
        }

        static func isValid(granularity: UInt32) -> Bool {
            granularity >= WireLimits.minimumGranularity && granularity <= WireLimits.maximumGranularity
                && granularity.nonzeroBitCount == 1
        }

        /// 512-byte sectors that one digest covers.
        public var sectorsPerDigest: UInt64 { UInt64(granularity) / Sector.size }
    }

    /// Digests of consecutive ranges. 8 sector, 2 disk, 2 count, 16 each: low, high.
    public struct Digests: FrameBody, Hashable, Sendable {
        /// Bytes before the digests.
        public static let fixedBytes = 12

        /// The disk that the ranges are on.
        public let disk: DiskNumber
        /// First sector of the first range; a multiple of the granularity.
        public let sector: UInt64
        /// The digests, each of one range of the sync's granularity, without gaps.
        public let digests: [RangeDigest]

        /// - Precondition: 1 to ``WireLimits/maximumDigests`` digests.
        public init(disk: DiskNumber, sector: UInt64, digests: [RangeDigest]) {
            precondition((1...WireLimits.maximumDigests).contains(digests.count), "1 to 4,096 digests a frame")
            self.disk = disk
            self.sector = sector
            self.digests = digests
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sector = try body.integer()
            disk = try body.disk()
            let count = Int(try body.integer(UInt16.self))
            guard (1...WireLimits.maximumDigests).contains(count) else {
                throw body.malformed("holds \(count) digests")
            }
            var digests: [RangeDigest] = []
            digests.reserveCapacity(count)
            for _ in 0..<count {
                digests.append(RangeDigest(low: try body.integer(), high: try body.integer()))
            }
            self.digests = digests
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sector, disk.rawValue, UInt16(digests.count), endianness: .little)
            for digest in digests { buffer.writeMultipleIntegers(digest.low, digest.high, endianness: .little) }
        }
    }

    /// Which of the ranges of a Digests frame differ on the target. 8 sector, 2 disk, 2 count, then a bit each.
    ///
    /// Bit `i % 8` of byte `i / 8` is range `i`; 1: it differs, send it.
    public struct DigestAnswer: FrameBody, Hashable, Sendable {
        /// The disk that was asked about.
        public let disk: DiskNumber
        /// ``Digests/sector`` of the frame that is answered. Answers come in the order of the questions.
        public let sector: UInt64
        /// Ranges answered.
        public let count: Int
        private let bits: [UInt8]

        /// - Precondition: 1 to ``WireLimits/maximumDigests`` ranges.
        public init(disk: DiskNumber, sector: UInt64, differing: [Bool]) {
            precondition((1...WireLimits.maximumDigests).contains(differing.count), "1 to 4,096 digests a frame")
            self.disk = disk
            self.sector = sector
            count = differing.count
            var bits = [UInt8](repeating: 0, count: (differing.count + 7) / 8)
            for (index, differs) in differing.enumerated() where differs { bits[index / 8] |= 1 << UInt8(index % 8) }
            self.bits = bits
        }

        /// Whether range `index` of the question differs.
        public func differs(_ index: Int) -> Bool { bits[index / 8] & 1 << UInt8(index % 8) != 0 }

        /// Ranges that differ.
        public var differingCount: Int { bits.reduce(0) { $0 + $1.nonzeroBitCount } }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sector = try body.integer()
            disk = try body.disk()
            count = Int(try body.integer(UInt16.self))
            guard (1...WireLimits.maximumDigests).contains(count) else {
                throw body.malformed("answers \(count) digests")
            }
            bits = try body.bytes((count + 7) / 8)
            guard count % 8 == 0 || bits[count / 8] >> UInt8(count % 8) == 0 else {
                throw body.malformed("has bits set after the last range")
            }
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(sector, disk.rawValue, UInt16(count), endianness: .little)
            buffer.writeBytes(bits)
        }
    }

    /// Ends the sync of one disk: the target shows the source at `time`. 8 sequence, 8 time, 2 disk, 1 accuracy.
    public struct SyncEnd: FrameBody, Hashable, Sendable {
        /// The disk whose sync ends.
        public let disk: DiskNumber
        /// The moment at the source that the disk now shows.
        public let time: Timestamp
        /// The source sequence whose state the disk now shows: not below the last accepted; the next batch is one more.
        public let sequence: UInt64
        /// How well that is known to be one moment of the source.
        public let accuracy: Accuracy

        /// The end of a sync.
        public init(disk: DiskNumber, time: Timestamp, sequence: UInt64, accuracy: Accuracy) {
            self.disk = disk
            self.time = time
            self.sequence = sequence
            self.accuracy = accuracy
        }

        init(reading body: inout FrameReader) throws(ProtocolError) {
            sequence = try body.integer()
            time = try body.time()
            disk = try body.disk()
            accuracy = try body.choice(Accuracy.self, named: "accuracy")
        }

        func write(to buffer: inout ByteBuffer) {
            buffer.writeMultipleIntegers(
                sequence, time.rawValue, disk.rawValue, accuracy.rawValue, endianness: .little)
        }
    }

    /// The disk's sync is complete and durable; once every disk is in step, batches are taken. 2 disk.
    public struct SyncDurable: FrameBody, Hashable, Sendable {
        /// The disk whose sync is durable.
        public let disk: DiskNumber

        /// The news of a durable sync.
        public init(disk: DiskNumber) { self.disk = disk }

        init(reading body: inout FrameReader) throws(ProtocolError) { disk = try body.disk() }

        func write(to buffer: inout ByteBuffer) { buffer.writeInteger(disk.rawValue, endianness: .little) }
    }
}
