// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationReceiver
import RetentionStore
import StoragePrimitives

/// What one group may hold in memory, out of the ceiling of the whole data path. Pure.
///
/// Half of the ceiling is data in flight, an eighth is the groups' indexes of what they have journaled; the rest is for
/// buffers and for the program itself. However many groups there are, each gets what it cannot do without.
package struct MemoryShare: Hashable, Sendable {
    /// Data in flight of one session.
    package let window: ByteCount
    /// Of it, what the store keeps of a batch that is not complete.
    package let openBatch: ByteCount
    /// What is applied in one go, in two chunks: half of what is in flight, so that the other half is being received.
    package let chunk: ByteCount
    /// Rows of the index that is kept until an epoch ends.
    package let epochRows: Int

    private static let leastWindow = ByteCount.mebibytes(3)
    private static let mostWindow = ByteCount.mebibytes(32)
    private static let leastRows = 8 * 1024
    private static let mostRows = 128 * 1024
    /// Bytes of a row.
    private static let rowBytes: UInt64 = 32

    /// A share of `ceiling`, where there are `groups` of them.
    package init(ceiling: ByteCount, groups: Int) {
        let groups = UInt64(max(1, groups))
        window = min(Self.mostWindow, max(Self.leastWindow, ByteCount(ceiling.rawValue / 2 / groups)))
        openBatch = ByteCount(window.rawValue / 4)
        chunk = ByteCount(window.rawValue / 2)
        epochRows = min(
            Self.mostRows, max(Self.leastRows, Int(clamping: ceiling.rawValue / 8 / Self.rowBytes / groups)))
    }

    /// Data in flight that every session gets: more than an open batch by two of the longest Writes, or such a batch
    /// would never get on.
    package var minimumCredit: ByteCount { openBatch + ByteCount.mebibytes(2) + ByteCount.kibibytes(256) }

    /// Groups for which shares are made: a power of two, so that not every new group changes all shares.
    package static func step(groups: Int) -> Int {
        var step = 4
        while step < groups { step *= 2 }
        return step
    }

    func apply(to settings: inout RetentionSettings) {
        settings.openBatchBytes = openBatch
        settings.chunkBytes = chunk
        settings.epochRows = epochRows
    }

    func apply(to settings: inout ReceiverSettings) {
        settings.sessionCredit = window
        settings.minimumCredit = minimumCredit
    }
}
