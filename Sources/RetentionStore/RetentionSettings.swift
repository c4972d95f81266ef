// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The bounds of one group's history.
public struct RetentionSettings: Hashable, Sendable {
    /// Bytes of a segment file: 1 MiB or more, below 2 TiB.
    public var segmentSize = ByteCount.mebibytes(64)
    /// Seconds after which an epoch ends.
    public var epochSeconds: Int64 = 300
    /// Journaled bytes after which an epoch ends.
    public var epochBytes = ByteCount.gibibytes(4)
    /// Rows of the redo index, kept in memory at 32 bytes each, after which an epoch ends.
    public var epochRows = 128 * 1024
    /// Epochs that may wait to be applied; beyond it no more is journaled until one is.
    public var waitingEpochs = 8
    /// Bytes under way to the targets, in two chunks of half of it: each is folded, captured, written and flushed
    /// together.
    public var chunkBytes = ByteCount.mebibytes(32)
    /// Extents applied in one go.
    public var chunkExtents = 32 * 1024
    /// Bytes journaled with one sync at most.
    public var commitBytes = ByteCount.mebibytes(8)
    /// Payload bytes from which on a batch is applied while it arrives.
    public var openBatchBytes = ByteCount.mebibytes(8)
    /// Writes that one batch may have, in all of its parts: each is a row of 32 bytes, kept in memory until the batch is
    /// complete and then until its epoch ends.
    public var batchRows = 256 * 1024
    /// Seconds of history to keep.
    public var windowSeconds: Int64 = 24 * 3600
    /// Bytes of the retention volume that this group may take; nil for what there is. Kept to a segment and what making
    /// room takes.
    public var quota: ByteCount?
    /// Bytes of the retention volume that the journal leaves free for what making room takes.
    public var reserve = ByteCount.mebibytes(256)

    /// The defaults.
    public init() {}
}

/// One of a group's disks, as the group's files have to agree on it.
public struct GroupDisk: Sendable {
    /// Its number in the group.
    public let number: DiskNumber
    /// Bytes of the source disk; the target has as many or more.
    public let size: ByteCount
    /// Granularity of the source's writes in bytes.
    public let logicalBlockSize: Int
    /// What is written to.
    public let target: any BlockDevice

    /// A disk and its target; whether they fit is checked when the group is opened.
    public init(number: DiskNumber, size: ByteCount, logicalBlockSize: Int, target: any BlockDevice) {
        self.number = number
        self.size = size
        self.logicalBlockSize = logicalBlockSize
        self.target = target
    }
}
