// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// One of the two slots of a group's state file: how far the group is known to have come. The newer slot that checks is
/// believed; without one, the segments tell.
///
/// | offset | size | name |
/// | --- | --- | --- |
/// | 0 | 8 | magic `MTSTATE1` |
/// | 8 | 8 | generation, growing |
/// | 16 | 16 | group |
/// | 32 | 8 | durable sequence |
/// | 40 | 8 | applied sequence |
/// | 48 | 8 | discarded: points up to this sequence were given up |
/// | 56 | 8 | partial: the epoch of which parts of an incomplete batch may be on the disks; 0 for none |
/// | 64 | 8 | undo epoch: the epoch that is being applied |
/// | 72 | 8 | undo records: the last of its undo records that is durable |
/// | 80 | 8 | checksum over bytes 0 to 79 |
public struct StateSlot: Hashable, Sendable {
    /// Each slot has a block of its own, so that a torn write harms only one.
    public static let size = 4096
    static let magic: UInt64 = 0x3145_5441_5453_544D  // "MTSTATE1"

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
        var writer = ByteWriter(bytes._mutatingExtracting(0..<80))
        for value in [Self.magic, generation, group.high, group.low] { writer.little(value) }
        for value in [durable, applied, discarded] { writer.little(value.rawValue) }
        writer.little(partial.rawValue)
        writer.little(undoEpoch.rawValue)
        writer.little(undoRecords)
        let checksum = Checksum(of: bytes.bytes.extracting(0..<80))
        bytes.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: 80, as: UInt64.self)
    }

    /// Reads and checks a slot.
    ///
    /// - Throws: ``FormatError``: `.truncated`, `.notRecognized`, `.damaged` when the checksum differs.
    public init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Self.size else { throw .truncated }
        var reader = ByteReader(bytes)
        guard let magic = reader.little(UInt64.self), let generation = reader.little(UInt64.self),
            let high = reader.little(UInt64.self), let low = reader.little(UInt64.self),
            let durable = reader.little(UInt64.self), let applied = reader.little(UInt64.self),
            let discarded = reader.little(UInt64.self), let partial = reader.little(UInt64.self),
            let undoEpoch = reader.little(UInt64.self), let undoRecords = reader.little(UInt64.self),
            let checksum = reader.little(UInt64.self)
        else { throw .truncated }
        guard magic == Self.magic else { throw .notRecognized }
        guard Checksum(of: bytes.extracting(0..<80)).rawValue == checksum else { throw .damaged }
        self.init(
            generation: generation, group: GroupID(high: high, low: low), durable: SequenceNumber(durable),
            applied: SequenceNumber(applied), discarded: SequenceNumber(discarded),
            partial: EpochNumber(partial), undoEpoch: EpochNumber(undoEpoch), undoRecords: undoRecords)
    }
}
