// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What stands before the payload of a record in a redo or undo segment.
///
/// | offset | size | name | meaning |
/// | --- | --- | --- | --- |
/// | 0 | 4 | magic | `MTRC` |
/// | 4 | 4 | header length | bytes to the payload: 128, extents, body, padding |
/// | 8 | 4 | record length | bytes of header, payload and padding |
/// | 12 | 2 | kind | ``RecordKind`` |
/// | 14 | 1 | flags | bit 0: last part |
/// | 15 | 1 | accuracy | ``Accuracy`` |
/// | 16 | 4 | extents | how many follow the header |
/// | 20 | 4 | part | part of the batch, from 0 |
/// | 24 | 8 | sequence | sequence number; in undo segments the ordinal of the record in its epoch |
/// | 32 | 8 | source sequence | the sender's number, 0 for records made here |
/// | 40 | 8 | epoch | |
/// | 48 | 8 | durable | everything up to this sequence (undo: ordinal) was synced before this record was written |
/// | 56 | 8 | applied | everything up to this sequence was applied and flushed before this record was written |
/// | 64 | 8 | first time | source time, nanoseconds since 1970 |
/// | 72 | 8 | last time | |
/// | 80 | 8 | received | time of the appliance |
/// | 88 | 4 | body length | bytes of the body after the extents |
/// | 92 | 8 | previous | header checksum of the record before; 0 for the first one after a start |
/// | 100 | 20 | | zero |
/// | 120 | 8 | checksum | XXH3 over the whole header with this field zero, seeded with group and file |
///
/// Then, 24 bytes for each extent: disk (2), flags (2; bit 0 zeroes), sectors (4), first sector (8), checksum (8).
///
/// The payload is the data of the extents that are not zeroes, in order, without gaps. Its checksums stand in the
/// header, so the header's checksum covers the payload too. All numbers are little-endian.
///
/// A record starts at a multiple of 512: right behind the one before, or, where a sync ended between them, at the next
/// multiple of 4,096.
public struct RecordHeader: Hashable, Sendable {
    /// Bytes before the extents.
    public static let fixedSize = 128
    /// Bytes of an encoded extent.
    public static let extentSize = 24
    /// What records and headers are padded to, in bytes.
    public static let granularity = 512
    /// Extents in one record: keeps a header under 100 KiB, so that it is read in one go.
    public static let maximumExtents = 4096
    /// Bytes of a body: a bookmark's label and what goes with it.
    public static let maximumBody = 1024
    /// The most that a header takes, padding included.
    public static let maximumHeaderLength = (fixedSize + maximumExtents * extentSize + maximumBody + 8191) & ~4095
    /// The most that a record takes.
    public static let maximumRecordLength = 16 << 20

    static let magic: UInt32 = 0x4352_544D  // "MTRC"
    static let checksumOffset = 120

    /// What the record says.
    public var kind: RecordKind
    /// Whether it is the last, or only, part of its batch.
    public var isLast = true
    /// How near the source times are to the truth.
    public var accuracy = Accuracy.exact
    /// The part of the batch, from 0.
    public var part: UInt32 = 0
    /// Sequence number; in undo segments the ordinal of the record in its epoch, from 1.
    public var sequence: UInt64
    /// The sender's number, 0 for records made here.
    public var sourceSequence: UInt64 = 0
    /// The epoch that the record belongs to.
    public var epoch: EpochNumber
    /// Everything up to this sequence (undo: ordinal) was synced before this record was written.
    public var durable: UInt64 = 0
    /// Everything up to this sequence was applied and flushed before this record was written.
    public var applied: UInt64 = 0
    /// Source time of the first write.
    public var firstTime = Timestamp(rawValue: 0)
    /// Source time of the last write.
    public var lastTime = Timestamp(rawValue: 0)
    /// When the appliance received it.
    public var received = Timestamp(rawValue: 0)
    /// Header checksum of the record before it: what is left of records that were given up cannot join a later chain.
    public var previous: UInt64 = 0
    /// Its own header checksum; set by decoding.
    public private(set) var checksum: UInt64 = 0
    /// What the record writes, in order; at most ``maximumExtents``.
    public var extents: [Extent] = []
    /// What a bookmark, rewind or sync has to say; at most ``maximumBody`` bytes.
    public var body: [UInt8] = []
    /// Bytes from the start of the record to its payload.
    public var headerLength = 0
    /// Bytes of header, payload and padding.
    public var recordLength = 0

    /// A header without extents, of a record with one part.
    public init(kind: RecordKind, sequence: UInt64, epoch: EpochNumber) {
        self.kind = kind
        self.sequence = sequence
        self.epoch = epoch
    }

    /// Bytes that the header takes without padding.
    public var unpaddedLength: Int { Self.fixedSize + extents.count * Self.extentSize + body.count }

    /// Bytes of the data after the header: of all extents that are not zeroes.
    public var payloadBytes: Int { extents.reduce(0) { $0 + $1.payloadBytes } }

    /// Writes `headerLength` bytes at the start of `bytes`.
    ///
    /// - Precondition: `headerLength` and `recordLength` are set and hold what they have to.
    @_lifetime(bytes: copy bytes)
    @discardableResult
    public func encode(into bytes: inout MutableRawSpan, seed: UInt64) -> Checksum {
        precondition(extents.count <= Self.maximumExtents && body.count <= Self.maximumBody, "record too large")
        precondition(headerLength >= unpaddedLength && recordLength >= headerLength + payloadBytes, "record too short")
        var writer = ByteWriter(bytes._mutatingExtracting(0..<headerLength))
        writer.little(Self.magic)
        writer.little(UInt32(headerLength))
        writer.little(UInt32(recordLength))
        writer.little(kind.rawValue)
        writer.little(UInt8(isLast ? 1 : 0))
        writer.little(accuracy.rawValue)
        writer.little(UInt32(extents.count))
        writer.little(part)
        writer.little(sequence)
        writer.little(sourceSequence)
        writer.little(epoch.rawValue)
        writer.little(durable)
        writer.little(applied)
        writer.little(firstTime.rawValue)
        writer.little(lastTime.rawValue)
        writer.little(received.rawValue)
        writer.little(UInt32(body.count))
        writer.little(previous)
        writer.pad(to: Self.fixedSize)
        for extent in extents {
            writer.little(extent.disk.rawValue)
            writer.little(UInt16(extent.isZeroes ? 1 : 0))
            writer.little(extent.sectorCount)
            writer.little(extent.sector)
            switch extent.content {
            case .data(let checksum): writer.little(checksum.rawValue)
            case .zeroes: writer.little(UInt64(0))
            }
        }
        for byte in body { writer.little(byte) }
        writer.pad(to: headerLength)
        let checksum = Checksum(of: bytes.bytes.extracting(0..<headerLength), seed: seed)
        bytes.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: Self.checksumOffset, as: UInt64.self)
        return checksum
    }

    /// The length of a header whose first 8 bytes or more are in `bytes`, or nil when no header can start there.
    public static func headerLength(of bytes: RawSpan) -> Int? {
        var reader = ByteReader(bytes)
        guard reader.little(UInt32.self) == magic, let length = reader.little(UInt32.self),
            length >= UInt32(fixedSize), length <= UInt32(maximumHeaderLength), Int(length) % granularity == 0
        else { return nil }
        return Int(length)
    }

    /// Reads and checks a header.
    public init(decoding bytes: RawSpan, seed: UInt64) throws(FormatError) {
        guard let length = Self.headerLength(of: bytes) else { throw .notRecognized }
        guard bytes.byteCount >= length else { throw .truncated }
        var reader = ByteReader(bytes.extracting(0..<length))
        guard reader.skip(8), let recordLength = reader.little(UInt32.self), let kindValue = reader.little(UInt16.self),
            let flags = reader.little(UInt8.self), let accuracyValue = reader.little(UInt8.self),
            let extentCount = reader.little(UInt32.self), let part = reader.little(UInt32.self),
            let sequence = reader.little(UInt64.self), let sourceSequence = reader.little(UInt64.self),
            let epochValue = reader.little(UInt64.self), let durable = reader.little(UInt64.self),
            let applied = reader.little(UInt64.self), let firstTime = reader.little(Int64.self),
            let lastTime = reader.little(Int64.self), let received = reader.little(Int64.self),
            let bodyLength = reader.little(UInt32.self), let previous = reader.little(UInt64.self), reader.skip(20),
            let checksum = reader.little(UInt64.self)
        else { throw .truncated }
        guard Self.checksum(of: bytes.extracting(0..<length), seed: seed) == checksum else { throw .damaged }
        guard let kind = RecordKind(rawValue: kindValue) else { throw .invalid("record kind \(kindValue)") }
        guard let accuracy = Accuracy(rawValue: accuracyValue) else { throw .invalid("accuracy \(accuracyValue)") }
        guard extentCount <= UInt32(Self.maximumExtents), bodyLength <= UInt32(Self.maximumBody),
            Self.fixedSize + Int(extentCount) * Self.extentSize + Int(bodyLength) <= length
        else { throw .invalid("\(extentCount) extents and a body of \(bodyLength) in a header of \(length)") }
        guard sequence <= SequenceNumber.limit, epochValue <= EpochNumber.limit else {
            throw .invalid("record \(sequence) of epoch \(epochValue)")
        }
        self.init(kind: kind, sequence: sequence, epoch: EpochNumber(epochValue))
        isLast = flags & 1 == 1
        self.accuracy = accuracy
        self.part = part
        self.sourceSequence = sourceSequence
        self.durable = durable
        self.applied = applied
        self.firstTime = Timestamp(rawValue: firstTime)
        self.lastTime = Timestamp(rawValue: lastTime)
        self.received = Timestamp(rawValue: received)
        self.previous = previous
        self.checksum = checksum
        headerLength = length
        self.recordLength = Int(recordLength)
        extents.reserveCapacity(Int(extentCount))
        for _ in 0..<extentCount { extents.append(try Self.extent(&reader)) }
        body.reserveCapacity(Int(bodyLength))
        for _ in 0..<bodyLength {
            guard let byte = reader.little(UInt8.self) else { throw .truncated }
            body.append(byte)
        }
        guard self.recordLength % Self.granularity == 0, self.recordLength <= Self.maximumRecordLength,
            self.recordLength >= length + payloadBytes
        else { throw .invalid("record length \(recordLength)") }
    }

    private static func extent(_ reader: inout ByteReader) throws(FormatError) -> Extent {
        guard let disk = reader.little(UInt16.self), let flags = reader.little(UInt16.self),
            let count = reader.little(UInt32.self), let sector = reader.little(UInt64.self),
            let checksum = reader.little(UInt64.self)
        else { throw .truncated }
        let isZeroes = flags & 1 == 1
        guard count > 0, isZeroes || UInt64(count) * Sector.size <= UInt64(Extent.maximumDataBytes),
            sector < DiskAddress.sectorLimit, DiskAddress(disk: DiskNumber(disk), sector: sector).holds(count)
        else { throw .invalid("an extent of \(count) sectors at \(sector)") }
        return Extent(
            disk: DiskNumber(disk), sector: sector, sectorCount: count,
            content: isZeroes ? .zeroes : .data(Checksum(rawValue: checksum)))
    }

    /// The checksum of a header as if its checksum field were zero.
    private static func checksum(of header: RawSpan, seed: UInt64) -> UInt64 {
        var copy = AlignedBuffer(count: header.byteCount)
        var span = copy.mutableBytes
        span.replace(at: 0, with: header)
        span.zero(at: checksumOffset, count: 8)
        return Checksum(of: span.bytes, seed: seed).rawValue
    }
}
