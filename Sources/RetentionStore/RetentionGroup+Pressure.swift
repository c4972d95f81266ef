// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// How far a group is behind with what it has taken in, and what holds it up: what a session decides by whether its
/// sender has to wait.
public struct IngestPressure: Hashable, Sendable {
    /// Why nothing is journaled at the moment, as a sentence; nil while it is.
    public var blocked: String?
    /// Bytes of data that were taken in and are not on the targets.
    public var backlogBytes: UInt64
    /// Those of them that the journal has not made durable yet, or that are of a sync and not handed on.
    public var undurableBytes: UInt64
    /// Nanoseconds since the oldest durable change was received that is not on the targets; 0 when all are.
    public var backlogNanoseconds: Int64
    /// Bytes of the retention volume that the group's files take.
    public var usedBytes: ByteCount
    /// Bytes that they may take; nil for what the volume has.
    public var quota: ByteCount?

    /// A group without pressure, but for what is given.
    public init(
        blocked: String? = nil, backlogBytes: UInt64 = 0, undurableBytes: UInt64 = 0, backlogNanoseconds: Int64 = 0,
        usedBytes: ByteCount = .zero, quota: ByteCount? = nil
    ) {
        self.blocked = blocked
        self.backlogBytes = backlogBytes
        self.undurableBytes = undurableBytes
        self.backlogNanoseconds = backlogNanoseconds
        self.usedBytes = usedBytes
        self.quota = quota
    }
}

extension RetentionGroup {
    /// The pressure at this moment. Does no I/O; cheap enough for once a second.
    public var pressure: IngestPressure {
        let (blocked, pending, inJournal, queue, oldest) = shared.state.withLock { state in
            (state.blocked?.message, state.pending, state.inJournal, state.queue, state.oldestUnapplied)
        }
        var undurable: UInt64 = 0
        for operation in pending { undurable &+= UInt64(operation.payloadBytes) }
        for operation in inJournal { undurable &+= UInt64(operation.payloadBytes) }
        var bytes = undurable
        for item in queue { bytes &+= item.dataBytes }
        let age = oldest.map { max(0, shared.clock.now().nanoseconds(since: $0)) } ?? 0
        return IngestPressure(
            blocked: blocked, backlogBytes: bytes, undurableBytes: undurable, backlogNanoseconds: age,
            usedBytes: shared.files.usedBytes, quota: shared.settings.quota)
    }
}

extension ApplyItem {
    /// Bytes of data that it has to write, in memory or only in the journal.
    fileprivate var dataBytes: UInt64 {
        guard case .writes(nil, let stored) = work else { return UInt64(heldBytes) }
        // No journal is large enough to overflow it.
        return stored.reduce(0) { $1.isZeroes ? $0 : $0 &+ UInt64($1.byteCount) }
    }
}

extension GroupState {
    /// When the oldest change was received that is durable and not on the targets.
    fileprivate var oldestUnapplied: Timestamp? {
        guard let epoch = live.first(where: { $0.summary.lastSequence > applied }) else { return nil }
        // Rows are in the order of their numbers.
        var range = 0..<epoch.batches.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                epoch.batches[middle].sequence > applied
                ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return range.lowerBound < epoch.batches.count ? epoch.batches[range.lowerBound].received : nil
    }
}
