// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Some of a batch's writes with their bytes: what a session hands to its group, one journal record. Immutable.
public final class BatchPart: Sendable {
    /// The writes, in the order in which they were made; later ones win where they overlap.
    public let extents: [Extent]
    /// Where the payload starts in the buffer; it goes on without gaps, in the order of the extents.
    let payloadOffset: Int
    /// Bytes of data: of all extents that are not zeroes.
    public let payloadBytes: Int
    private let buffer: PayloadBuffer?

    /// Bytes of the source that the writes cover, zeroes included. Wraps: what a peer says is checked elsewhere.
    var coveredBytes: UInt64 { extents.reduce(0) { $0 &+ $1.byteCount.rawValue } }

    init(extents: [Extent], buffer: PayloadBuffer?, payloadOffset: Int, payloadBytes: Int) {
        self.extents = extents
        self.buffer = buffer
        self.payloadOffset = payloadOffset
        self.payloadBytes = payloadBytes
    }

    /// Calls `body` with some of the payload, counted from its start.
    func withPayload<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let buffer else { return try body(RawSpan()) }
        return try buffer.withBytes(payloadOffset + range.lowerBound..<payloadOffset + range.upperBound, body)
    }
}

/// What a batch says of itself.
public struct BatchStamp: Hashable, Sendable {
    /// The sender's number: contiguous from 1 over batches and bookmarks.
    public var sourceSequence: UInt64
    /// When the source wrote the first and the last of it.
    public var firstTime: Timestamp
    /// When the source wrote the last of it; not before ``firstTime``.
    public var lastTime: Timestamp
    /// How near the times are to the truth.
    public var accuracy: Accuracy

    /// The stamp of one batch.
    public init(sourceSequence: UInt64, firstTime: Timestamp, lastTime: Timestamp, accuracy: Accuracy) {
        self.sourceSequence = sourceSequence
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.accuracy = accuracy
    }
}
