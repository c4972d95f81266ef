// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A batch, bookmark or marker in an epoch: a point to recover to, where the epoch's redo is kept.
///
/// Encoded in 56 bytes: sequence, source sequence, first time, last time, received (8 each), redo end (4), accuracy
/// (1), kind (2), zero (1), rewind target (8).
public struct BatchRow: Hashable, Sendable {
    /// Bytes of an encoded row.
    public static let encodedSize = 56

    /// Its place in the group's history.
    public var sequence: SequenceNumber
    /// The sender's number, 0 for what was made here.
    public var sourceSequence: UInt64
    /// Source time of its first write.
    public var firstTime: Timestamp
    /// Source time of its last write: what a point in time is looked up by.
    public var lastTime: Timestamp
    /// When the appliance received it.
    public var received: Timestamp
    /// How many rows of the epoch's redo index belong to it and what came before it.
    public var redoEnd: UInt32
    /// How near the times are to the truth.
    public var accuracy: Accuracy
    /// What sort of record it stands for.
    public var kind: RecordKind
    /// For a rewind: the point that it goes to; else 0.
    public var rewindTarget = SequenceNumber.none

    /// A row; the rewind target is set afterwards.
    public init(
        sequence: SequenceNumber, sourceSequence: UInt64, firstTime: Timestamp, lastTime: Timestamp,
        received: Timestamp, redoEnd: UInt32, accuracy: Accuracy, kind: RecordKind
    ) {
        self.sequence = sequence
        self.sourceSequence = sourceSequence
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.received = received
        self.redoEnd = redoEnd
        self.accuracy = accuracy
        self.kind = kind
    }

    /// Appends the row's ``encodedSize`` bytes.
    public func encode(into bytes: inout [UInt8]) {
        bytes.appendLittle(sequence.rawValue)
        bytes.appendLittle(sourceSequence)
        bytes.appendLittle(firstTime.rawValue)
        bytes.appendLittle(lastTime.rawValue)
        bytes.appendLittle(received.rawValue)
        bytes.appendLittle(redoEnd)
        bytes.appendLittle(accuracy.rawValue)
        bytes.appendLittle(kind.rawValue)
        bytes.append(0)
        bytes.appendLittle(rewindTarget.rawValue)
    }

    /// Takes a row off the front.
    ///
    /// - Throws: ``FormatError``: `.truncated`, or `.invalid` for an accuracy or kind that is unknown.
    public init(decoding reader: inout ByteReader) throws(FormatError) {
        guard let sequence = reader.little(UInt64.self), let source = reader.little(UInt64.self),
            let first = reader.little(Int64.self), let last = reader.little(Int64.self),
            let received = reader.little(Int64.self), let redoEnd = reader.little(UInt32.self),
            let accuracyValue = reader.little(UInt8.self), let kindValue = reader.little(UInt16.self), reader.skip(1),
            let target = reader.little(UInt64.self)
        else { throw .truncated }
        guard let accuracy = Accuracy(rawValue: accuracyValue) else { throw .invalid("accuracy \(accuracyValue)") }
        guard let kind = RecordKind(rawValue: kindValue) else { throw .invalid("record kind \(kindValue)") }
        self.init(
            sequence: SequenceNumber(sequence), sourceSequence: source, firstTime: Timestamp(rawValue: first),
            lastTime: Timestamp(rawValue: last), received: Timestamp(rawValue: received), redoEnd: redoEnd,
            accuracy: accuracy, kind: kind)
        rewindTarget = SequenceNumber(target)
    }
}
