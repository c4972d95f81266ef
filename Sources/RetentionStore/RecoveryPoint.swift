// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// How an operator names a point.
public enum PointSelector: Hashable, Sendable {
    /// Everything durable, applied first.
    case latest
    /// What is applied.
    case latestProcessed
    case latestApplicationConsistent
    case bookmark(String)
    /// The last batch whose source time is not after it.
    case time(Timestamp)
    case sequence(UInt64)
}

/// A point that a selector stands for.
public struct RecoveryPoint: Hashable, Sendable {
    /// Its place in history.
    public let sequence: SequenceNumber
    /// Source time.
    public let time: Timestamp
    /// How well it is known to be one moment of the source.
    public let accuracy: Accuracy
    /// Its bookmark, where it has one.
    public let bookmark: Bookmark?
    /// What the answer has to say: that a time was moved to the end of history, for example.
    public let note: String?
}

/// A stretch of history in which the points are of one sort.
public struct RecoveryStretch: Hashable, Sendable {
    /// The epoch that the stretch is.
    public let epoch: EpochNumber
    /// What changed the disks during it.
    public let kind: EpochSummary.Kind
    /// Its first sequence number.
    public let first: SequenceNumber
    /// Its last sequence number, which is a point in any case.
    public let last: SequenceNumber
    /// Source time of its first write.
    public let firstTime: Timestamp
    /// Source time of its last write.
    public let lastTime: Timestamp
    /// How well its end is known to be one moment of the source.
    public let accuracy: Accuracy
    /// The least of all points in it.
    public let leastAccuracy: Accuracy
    /// Every batch in it is a point; else only its end.
    public let isEveryBatch: Bool
    /// The bookmarks in it, in order.
    public let bookmarks: [Bookmark]
    /// The places of ``bookmarks`` in history, in the same order.
    public let sequencesOfBookmarks: [SequenceNumber]
}

/// How a group's history stands.
public struct RetentionStatus: Sendable {
    /// Everything up to this sequence is in the journal for good.
    public var durable: SequenceNumber
    /// Everything up to this sequence is on the targets, flushed.
    public var applied: SequenceNumber
    /// The sender's last number that is durable.
    public var durableSource: UInt64
    /// The sender's last number that is on the targets, flushed.
    public var appliedSource: UInt64
    /// Source time of the newest durable change; nil before there is one.
    public var durableTime: Timestamp?
    /// Source time of the newest applied change; nil before there is one.
    public var appliedTime: Timestamp?
    /// When the newest durable change was received.
    public var lastReceived: Timestamp?
    /// The oldest point that can be recovered to, or nil.
    public var oldestPoint: SequenceNumber?
    /// Source time at which the epoch of the oldest point begins.
    public var oldestTime: Timestamp?
    /// Epochs that are sealed.
    public var epochs: Int
    /// Epochs that are not sealed yet: being written, or waiting to be applied.
    public var liveEpochs: Int
    /// Bytes of the retention volume that the group's files take.
    public var usedBytes: ByteCount
    /// Operations and items that wait.
    public var pendingOperations: Int
    /// Items that are durable and not applied yet.
    public var queuedItems: Int
    /// Disks whose content is not known to be the source's.
    public var unsynced: [DiskNumber]
    /// Why the group has stopped until it is opened again, or nil.
    public var failure: RetentionError?
    /// Why nothing is journaled at the moment, or nil: the volume has no room.
    public var blocked: RetentionError?
    /// What was done since the group was opened.
    public var counters: RetentionCounters
}
