// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// One of the two slots of a group's state file: how far the group is known to have come. The newer slot that checks is
/// believed; without one, the segments tell.
///
/// | offset | size | name |
/// | --- | --- | --- |
/// | 0 | 8 | magic `MTSTATES` |
/// | 8 | 2 | version, 1 |
/// | 10 | 6 | zero |
/// | 16 | 8 | generation, growing |
/// | 24 | 16 | group |
/// | 40 | 8 | durable sequence |
/// | 48 | 8 | applied sequence |
/// | 56 | 8 | discarded: points up to this sequence were given up |
/// | 64 | 8 | partial: the epoch of which parts of an incomplete batch may be on the disks; 0 for none |
/// | 72 | 8 | undo epoch: the epoch that is being applied |
/// | 80 | 8 | undo records: the last of its undo records that is durable |
/// | 88 | 8 | checksum over bytes 0 to 87 |
///
/// Magic, version and checksum stand where they are in every version, so that a slot that rots is not taken for one of a
/// newer version.
public struct StateSlot: Hashable, Sendable {
    /// Each slot has a block of its own, so that a torn write harms only one.
    public static let size = 4096
    /// The version that this code writes and reads.
    public static let version: UInt16 = 1
    static let magic: UInt64 = 0x5345_5441_5453_544D  // "MTSTATES"
    static let checkedBytes = 88

    /// Grows with every write; the greater of the two slots is the newer one.
    public var generation: UInt64
    /// The group that the file belongs to.
    public var group: GroupID
    /// Everything up to this sequence is in the journal for good.
    public var durable: SequenceNumber
    /// Everything up to this sequence is on the targets, flushed.
    public var applied: SequenceNumber
    /// Points up to this sequence were given up.
    public var discarded: SequenceNumber
    /// The epoch of which parts of an incomplete batch may be on the disks: it was too large to wait for its end.
    public var partial: EpochNumber
    /// The epoch that is being applied.
    public var undoEpoch: EpochNumber
    /// Ordinal of the last of its undo records that is durable.
    public var undoRecords: UInt64

    /// A slot to write.
    public init(
        generation: UInt64, group: GroupID, durable: SequenceNumber, applied: SequenceNumber, discarded: SequenceNumber,
        partial: EpochNumber = .none, undoEpoch: EpochNumber = .none, undoRecords: UInt64 = 0
    ) {
        self.generation = generation
        self.group = group
        self.durable = durable
        self.applied = applied
        self.discarded = discarded
        self.partial = partial
        self.undoEpoch = undoEpoch
        self.undoRecords = undoRecords
    }

    /// Writes all ``size`` bytes at the start of `bytes`.
    @_lifetime(bytes: copy bytes)
    public func encode(into bytes: inout MutableRawSpan) {
        bytes.zero(at: 0, count: Self.size)
        var writer = ByteWriter(bytes._mutatingExtracting(0..<Self.checkedBytes))
        writer.little(Self.magic)
        writer.little(Self.version)
        writer.pad(to: 16)
        for value in [generation, group.high, group.low] { writer.little(value) }
        for value in [durable, applied, discarded] { writer.little(value.rawValue) }
        writer.little(partial.rawValue)
        writer.little(undoEpoch.rawValue)
        writer.little(undoRecords)
        let checksum = Checksum(of: bytes.bytes.extracting(0..<Self.checkedBytes))
        bytes.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: Self.checkedBytes, as: UInt64.self)
    }

    /// Reads and checks a slot.
    ///
    /// - Throws: ``FormatError``: `.truncated`, `.notRecognized`, `.damaged` when the checksum differs,
    ///   `.unknownVersion`, `.invalid` for a number that cannot be.
    public init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Self.size else { throw .truncated }
        var reader = ByteReader(bytes)
        guard let magic = reader.little(UInt64.self), let version = reader.little(UInt16.self), reader.skip(6),
            let generation = reader.little(UInt64.self), let high = reader.little(UInt64.self),
            let low = reader.little(UInt64.self),
            let durable = reader.little(UInt64.self), let applied = reader.little(UInt64.self),
            let discarded = reader.little(UInt64.self), let partial = reader.little(UInt64.self),
            let undoEpoch = reader.little(UInt64.self), let undoRecords = reader.little(UInt64.self),
            let checksum = reader.little(UInt64.self)
        else { throw .truncated }
        guard magic == Self.magic else { throw .notRecognized }
        guard Checksum(of: bytes.extracting(0..<Self.checkedBytes)).rawValue == checksum else { throw .damaged }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard [generation, durable, applied, discarded].allSatisfy({ $0 <= SequenceNumber.limit }),
            [partial, undoEpoch, undoRecords].allSatisfy({ $0 <= EpochNumber.limit })
        else { throw .invalid("a number that no history reaches") }
        self.init(
            generation: generation, group: GroupID(high: high, low: low), durable: SequenceNumber(durable),
            applied: SequenceNumber(applied), discarded: SequenceNumber(discarded),
            partial: EpochNumber(partial), undoEpoch: EpochNumber(undoEpoch), undoRecords: undoRecords)
    }
}
