// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionStore
import StoragePrimitives

/// What a session needs of the group it feeds. None of it blocks: it is called on an event loop.
public protocol ReplicationGroup: AnyObject, Sendable {
    /// Sets who is told what becomes of the data; one observer at a time, called on any thread, in order.
    func observe(_ observer: (@Sendable (RetentionEvent) -> Void)?)

    /// Where the group stands: what is durable, what was taken, which disks are out of step.
    var ingestPosition: IngestPosition { get }

    /// How far the group is behind, and what holds it up.
    var pressure: IngestPressure { get }

    /// Takes a part of the batch that is open, or opens it. `lastTime` of the stamp counts with the last part.
    func append(_ part: BatchPart, of stamp: BatchStamp, isLast: Bool) throws(RetentionError)

    /// The batch that is open, if any, will not be completed.
    func abandonOpenBatch()

    func append(_ bookmark: Bookmark, sourceSequence: UInt64) throws(RetentionError)

    /// Opens a disk's sync, or opens it again where an earlier session left it open.
    func beginSync(_ disk: DiskNumber, kind: SyncKind) throws(RetentionError)
    func appendSync(_ part: BatchPart) throws(RetentionError)
    func endSync(
        _ disk: DiskNumber, time: Timestamp, sourceSequence: UInt64, accuracy: Accuracy
    ) throws(RetentionError)

    /// Digests of the target's content, range by range; the last range may be shorter. `then` is called on any thread.
    func digest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void)

    /// The same of a target that shows everything up to the sender's number `sourceSequence` and nothing after it, while
    /// no sync is open.
    func digestAtRest(
        _ disk: DiskNumber, sectors: Range<UInt64>, granularity: Int, seed: UInt64, sourceSequence: UInt64,
        then: @escaping @Sendable (Result<[RangeDigest], RetentionError>) -> Void)
}
