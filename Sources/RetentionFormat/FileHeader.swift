// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What every history file starts with: 4,096 bytes, of which 96 are used.
///
/// | offset | size | name | meaning |
/// | --- | --- | --- | --- |
/// | 0 | 8 | magic | `MTHIST01` |
/// | 8 | 2 | version | 1 |
/// | 10 | 2 | kind | 1 redo segment, 2 undo segment, 3 epoch |
/// | 12 | 4 | file | number of the file |
/// | 16 | 16 | group | identity of the group, high half first |
/// | 32 | 8 | first | redo: first sequence number; undo: ordinal of the first record; epoch: first sequence number |
/// | 40 | 8 | epoch | the epoch of the first record |
/// | 48 | 8 | created | nanoseconds since 1970 |
/// | 56 | 8 | length | bytes of the file when it was made |
/// | 64 | 8 | table | epoch files: bytes of the page table that follows; else 0 |
/// | 72 | 8 | content | epoch files: bytes of content after the page table; else 0 |
/// | 80 | 8 | table checksum | epoch files; else 0 |
/// | 88 | 8 | checksum | XXH3 over bytes 0 to 87, seeded with group and file |
public struct FileHeader: Hashable, Sendable {
    /// What the file holds.
    public enum Kind: UInt16, Hashable, Sendable {
        case redo = 1
        case undo = 2
        case epoch = 3
    }

    /// Bytes of a header.
    public static let size = 4096
    /// Bytes that a segment stays below: a row counts its blocks of 512 bytes in 32 bits.
    public static let segmentLimit: UInt64 = 2 << 40
    /// The version that this code writes and reads.
    public static let version: UInt16 = 1
    static let magic: UInt64 = 0x3130_5453_4948_544D  // "MTHIST01"
    static let checkedBytes = 88

    /// What the file holds.
    public var kind: Kind
    /// The file's number in the group.
    public var file: FileNumber
    /// The group that the file belongs to.
    public var group: GroupID
    /// Where the content begins: a sequence number, or in undo segments the ordinal of a record.
    public var first: UInt64
    /// The epoch of the first record.
    public var epoch: EpochNumber
    /// When the file was made.
    public var created: Timestamp
    /// Bytes of the file when it was made.
    public var length: UInt64
    /// Epoch files: bytes of the page table after the header; else 0.
    public var tableBytes: UInt64 = 0
    /// Epoch files: bytes of content after the page table; else 0.
    public var contentBytes: UInt64 = 0
    /// Epoch files: the checksum of the page table; else 0.
    public var tableChecksum = Checksum(rawValue: 0)

    /// The header of a segment; an epoch file's table and content are set afterwards.
    public init(
        kind: Kind, file: FileNumber, group: GroupID, first: UInt64, epoch: EpochNumber, created: Timestamp,
        length: UInt64
    ) {
        self.kind = kind
        self.file = file
        self.group = group
        self.first = first
        self.epoch = epoch
        self.created = created
        self.length = length
    }

    /// Writes all 4,096 bytes at the start of `bytes`.
    @_lifetime(bytes: copy bytes)
    public func encode(into bytes: inout MutableRawSpan) {
        bytes.zero(at: 0, count: Self.size)
        var writer = ByteWriter(bytes._mutatingExtracting(0..<Self.checkedBytes + 8))
        writer.little(Self.magic)
        writer.little(Self.version)
        writer.little(kind.rawValue)
        writer.little(file.rawValue)
        writer.little(group.high)
        writer.little(group.low)
        writer.little(first)
        writer.little(epoch.rawValue)
        writer.little(created.rawValue)
        writer.little(length)
        writer.little(tableBytes)
        writer.little(contentBytes)
        writer.little(tableChecksum.rawValue)
        let checksum = Checksum(of: bytes.bytes.extracting(0..<Self.checkedBytes), seed: group.seed(file: file))
        bytes.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: Self.checkedBytes, as: UInt64.self)
    }

    /// Reads and checks a header.
    ///
    /// - Throws: ``FormatError``: `.notRecognized`, `.unknownVersion`, `.damaged` when the checksum differs, `.invalid`
    ///   for a number that cannot be.
    public init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Self.size else { throw .truncated }
        var reader = ByteReader(bytes)
        guard reader.little(UInt64.self) == Self.magic else { throw .notRecognized }
        guard let version = reader.little(UInt16.self), let kindValue = reader.little(UInt16.self),
            let fileValue = reader.little(UInt32.self), let high = reader.little(UInt64.self),
            let low = reader.little(UInt64.self), let first = reader.little(UInt64.self),
            let epochValue = reader.little(UInt64.self), let created = reader.little(Int64.self),
            let length = reader.little(UInt64.self), let table = reader.little(UInt64.self),
            let content = reader.little(UInt64.self), let tableSum = reader.little(UInt64.self),
            let checksum = reader.little(UInt64.self)
        else { throw .truncated }
        // The version stands before the checksum: a later version may check itself in another way.
        guard version == Self.version else { throw .unknownVersion(version) }
        let group = GroupID(high: high, low: low)
        let file = FileNumber(fileValue)
        let expected = Checksum(of: bytes.extracting(0..<Self.checkedBytes), seed: group.seed(file: file))
        guard expected.rawValue == checksum else { throw .damaged }
        guard let kind = Kind(rawValue: kindValue) else { throw .invalid("file kind \(kindValue)") }
        guard first <= SequenceNumber.limit, epochValue <= EpochNumber.limit else {
            throw .invalid("record \(first) of epoch \(epochValue)")
        }
        self.init(
            kind: kind, file: file, group: group, first: first, epoch: EpochNumber(epochValue),
            created: Timestamp(rawValue: created), length: length)
        tableBytes = table
        contentBytes = content
        tableChecksum = Checksum(rawValue: tableSum)
    }
}
