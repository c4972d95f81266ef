// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What a group's session and operators ask of its journal, in order.
enum Operation: Sendable {
    case part(BatchPart, BatchStamp, index: UInt32, isLast: Bool)
    /// The batch that is open will not be completed.
    case abandon
    case bookmark(Bookmark, sourceSequence: UInt64)
    case syncBegin(DiskNumber, SyncKind)
    case syncPart(BatchPart)
    case syncEnd(DiskNumber, time: Timestamp, sourceSequence: UInt64, accuracy: Accuracy)
    /// With the number that its requester waits for, and the point's accuracy.
    case rewind(SequenceNumber, request: UInt64, accuracy: Accuracy)

    var payloadBytes: Int {
        switch self {
        case .part(let part, _, _, _), .syncPart(let part): part.payloadBytes
        case .abandon, .bookmark, .syncBegin, .syncEnd, .rewind: 0
        }
    }
}

/// What the applier has to do, in order.
struct ApplyItem: Sendable {
    enum Work: Sendable {
        /// A durable part of a batch; its bytes are in memory, or only in the journal any more.
        case writes(BatchPart?, [StoredExtent])
        /// A part of a sync: not in the journal.
        case syncWrites(BatchPart)
        /// Everything of this disk's sync has been handed over: flush it.
        case syncFlush(DiskNumber)
        case rewind(SequenceNumber)
        /// A batch was given up after parts of it were applied: put back what they overwrote.
        case restore
        /// Nothing to write: a bookmark, the begin or end of a sync.
        case marker
    }

    var epoch: EpochNumber
    var work: Work
    /// The sequence number that is complete with this item, and the sender's number for it.
    var completes: (sequence: SequenceNumber, source: UInt64)?
    /// Whether its batch was not complete when it was handed over.
    var isEarly = false

    /// Its bytes are on the targets, and need not be in memory until the targets are flushed.
    mutating func letPayloadGo() {
        switch work {
        case .writes(_, let stored): work = .writes(nil, stored)
        case .syncWrites: work = .marker
        case .syncFlush, .rewind, .restore, .marker: break
        }
    }

    /// Payload bytes that it keeps in memory.
    var heldBytes: Int {
        switch work {
        case .writes(let part, _): part?.payloadBytes ?? 0
        case .syncWrites(let part): part.payloadBytes
        case .syncFlush, .rewind, .restore, .marker: 0
        }
    }
}

/// The operator's order to give up all points but the latest, which the applier's thread carries out.
enum DiscardOrder: Sendable {
    case none
    case ordered
    case done(RetentionError?)
}

/// A sealed epoch and the file that describes it.
struct SealedEpoch: Sendable {
    var summary: EpochSummary
    var file: FileNumber
}

/// Everything about a group that its engines, session and readers share. Plain data: what it means is in the engines.
struct GroupState: Sendable {
    // Intake.
    var pending: [Operation] = []
    var acceptedSource: UInt64 = 0
    /// The batch whose parts are arriving, and how many there were.
    /// One that was given up here has to be given up by its sender too.
    var openBatch: (source: UInt64, parts: UInt32, rows: Int, isGivenUp: Bool)?
    /// What the journal has taken and not made durable yet.
    var inJournal: [Operation] = []
    /// Rewinds that are not carried out: nothing else is taken in until they are.
    var openRewinds = 0
    var nextRequest: UInt64 = 1
    /// The sequence numbers that requested rewinds were given.
    var orderedRewinds: [UInt64: SequenceNumber] = [:]
    /// Disks whose sync is being ended.
    var endingSyncs: Set<DiskNumber> = []
    /// Where each open sync began, once that is durable.
    var syncBegun: [DiskNumber: SequenceNumber] = [:]
    var openSyncs: Set<DiskNumber> = []
    var unsynced: Set<DiskNumber> = []
    var failure: RetentionError?
    /// Why nothing is journaled at the moment, although it may be again: no room.
    var blocked: RetentionError?
    /// There will be room only when the epoch that is open has ended: the journal ends it.
    var endsEpoch = false
    /// Whether history is to be given up, and how that went.
    var discard = DiscardOrder.none

    // Journal.
    var durable = SequenceNumber.none
    var durableSource: UInt64 = 0
    /// Oldest first. The last one may be open.
    var live: [LiveEpoch] = []

    // Applier.
    var queue: [ApplyItem] = []
    var applied = SequenceNumber.none
    var appliedSource: UInt64 = 0
    /// Disks whose sync has been flushed and may be declared ended.
    var flushedSyncs: Set<DiskNumber> = []

    // History.
    var sealed: [SealedEpoch] = []
    var discarded = SequenceNumber.none
    var slotGeneration: UInt64 = 0
    /// The epoch of which parts of an incomplete batch may be on the disks; in the state file before they are.
    var partial = EpochNumber.none
    /// The first epoch that a reader needs, by reader.
    var pins: [UInt64: EpochNumber] = [:]
    var nextPin: UInt64 = 1
    /// The first redo segment that is kept; epochs that began before it have no redo.
    var firstRedoFile = FileNumber(0)

    /// Epochs in which the last scrub found damage: before-images, and redo.
    var damagedUndo: Set<EpochNumber> = []
    var damagedRedo: Set<EpochNumber> = []
    /// Why the last rewind was taken back.
    var rewindFailure: RetentionError?

    // Counters, since the group was opened.
    var counters = RetentionCounters()

    /// Epochs by number, sealed before live.
    var epochs: [EpochSummary] { sealed.map(\.summary) + live.map(\.summary) }

    /// Whether there is a point that a change of the disks could spoil.
    var hasPoints: Bool {
        !pins.isEmpty || sealed.contains { holdsPoint($0.summary, isClosed: true) }
            || live.contains { holdsPoint($0.summary, isClosed: $0.isClosed) }
    }

    /// Whether there is a point in an epoch, or at its end.
    func holdsPoint(_ epoch: EpochSummary, isClosed: Bool) -> Bool {
        epoch.lastSequence > discarded && (epoch.kind != .sync || (isClosed && epoch.isConsistent))
    }

    /// The first epoch that a reader, or a rewind that is not carried out yet, needs: it and what follows have to stay.
    var firstNeeded: EpochNumber? {
        var targets: [SequenceNumber] = []
        for operation in inJournal + pending {
            if case .rewind(let target, _, _) = operation { targets.append(target) }
        }
        for item in queue { if case .rewind(let target) = item.work { targets.append(target) } }
        // The epoch that the target lies in, even when only the next is read: it says that the target is a point.
        let bases = targets.map { target in
            epochs.first { target <= $0.lastSequence }?.number ?? EpochNumber.none
        }
        return (bases + pins.values).min()
    }

    func hasRedo(_ summary: EpochSummary) -> Bool {
        summary.kind == .changes && summary.firstRedoFile >= firstRedoFile
    }
}

/// What a group has done since it was opened: bytes on each volume, for the ratio of work to source writes.
public struct RetentionCounters: Hashable, Sendable, Codable {
    /// Bytes that everything taken in covers at the source, batches and syncs, zeroes included.
    public var acceptedBytes: UInt64 = 0
    /// Batches taken in whole.
    public var acceptedBatches: UInt64 = 0
    /// Bytes that the journaled batches cover at the source, zeroes included.
    public var receivedBytes: UInt64 = 0
    /// Batches journaled.
    public var batches: UInt64 = 0
    /// Bytes that what is on the targets, flushed, covers at the source, zeroes included: batches and syncs. What one
    /// batch overwrites of another is counted with both.
    public var appliedBytes: UInt64 = 0
    /// Batches on the targets, flushed.
    public var appliedBatches: UInt64 = 0
    /// Syncs of the journal, each for all batches that waited.
    public var commits: UInt64 = 0
    /// Bytes of the targets whose old content was kept, zeroes included.
    public var capturedBytes: UInt64 = 0
    /// Bytes of before-images written to the undo log.
    public var undoBytes: UInt64 = 0
    /// Bytes written to the targets, zeroes included.
    public var writtenBytes: UInt64 = 0
    /// Chunks applied.
    public var chunks: UInt64 = 0

    /// Nothing was done yet.
    public init() {}

    /// What was done before and after a group was opened again.
    public static func + (left: RetentionCounters, right: RetentionCounters) -> RetentionCounters {
        // No process lives long enough to overflow them.
        var sum = left
        sum.acceptedBytes &+= right.acceptedBytes
        sum.acceptedBatches &+= right.acceptedBatches
        sum.receivedBytes &+= right.receivedBytes
        sum.batches &+= right.batches
        sum.appliedBytes &+= right.appliedBytes
        sum.appliedBatches &+= right.appliedBatches
        sum.commits &+= right.commits
        sum.capturedBytes &+= right.capturedBytes
        sum.undoBytes &+= right.undoBytes
        sum.writtenBytes &+= right.writtenBytes
        sum.chunks &+= right.chunks
        return sum
    }
}
