// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import FoundationEssentials
import StoragePrimitives

/// What the appliance keeps of a group in its state folder: who it is, its disks, where it is in its life.
struct GroupRecord: Hashable, Sendable, Codable {
    /// A source disk and its target.
    struct Disk: Hashable, Sendable, Codable {
        var number: DiskNumber
        var source: String
        var target: String
        var size: ByteCount
        /// Of the source, in bytes.
        var logicalBlockSize: UInt32
        /// It has had a complete first sync; what it lacks later is a resync.
        var wasSynced: Bool
        /// Why it has to be compared with its source, although its history knows nothing of that yet; else nil.
        var resyncReason: String?
    }

    /// The layout of the file. Another number is refused.
    static let currentFormat = 1

    /// The largest file: disks and senders by the thousand.
    static let maximumFileBytes = 4 << 20

    var format = currentFormat
    var name: String
    var id: String
    var created: DateTime
    var policy: GroupPolicy
    var senders: [String]
    var fencingToken: UInt64 = 0
    var disks: [Disk] = []
    /// Never used again within the group.
    var nextDisk: UInt16 = 0
    /// Its history exists on the retention volume.
    var hasStore = false
    var state: SavedState = .init(.created)
    /// The point that the disks show or are made to show: the operator's words, and the sequence number they meant.
    var point: PointReference?
    var pointSequence: UInt64?
    /// The point that the disks show since the last rewind that was completed.
    var shownSequence: UInt64?
    /// The latest point before the first recovery: where a rollback goes.
    var rollbackSequence: UInt64?
    /// Former commits on its disks of which an operator said that nothing runs there; nil for none.
    var madeOver: [String]?
    /// Its disks are written to over NBD, and by no process server; nil for no.
    var isFedOverNBD: Bool?
}

/// A state of the lifecycle as it is written down. `degraded` never is: it is found again, or it is gone.
struct SavedState: Hashable, Sendable, Codable {
    var name: String
    var hasHistory: Bool?
    var purpose: String?

    init(_ state: GroupLifecycle.State) {
        switch state {
        case .created: name = "created"
        case .initialSync: name = "initialSync"
        case .protected: name = "protected"
        case .resyncing: name = "resyncing"
        case .paused(let hasHistory):
            name = "paused"
            self.hasHistory = hasHistory
        case .recovering(let purpose):
            name = "recovering"
            self.purpose = purpose.rawValue
        case .recovered: name = "recovered"
        case .committed: name = "committed"
        case .released: name = "released"
        case .degraded(_, let former): self = SavedState(former)
        }
    }

    /// - Returns: nil for a state that this version does not know: nothing may be done with such a group.
    var state: GroupLifecycle.State? {
        switch name {
        case "created": .created
        case "initialSync": .initialSync
        case "protected": .protected
        case "resyncing": .resyncing
        case "paused": .paused(hasHistory: hasHistory ?? false)
        case "recovering": purpose.flatMap { GroupLifecycle.Purpose(rawValue: $0) }.map { .recovering($0) }
        case "recovered": .recovered
        case "committed": .committed
        case "released": .released
        default: nil
        }
    }
}

extension GroupLifecycle.State {
    /// The name under which operators know it.
    var reported: GroupState {
        switch self {
        case .created: .created
        case .initialSync: .initialSync
        case .protected: .protected
        case .resyncing: .resyncing
        case .paused: .paused
        case .recovering: .recovering
        case .recovered: .recovered
        case .committed: .committed
        case .released: .released
        case .degraded: .degraded
        }
    }

    /// The state without its degradation.
    var underlying: GroupLifecycle.State {
        if case .degraded(_, let former) = self { return former.underlying }
        return self
    }

    var cause: String? {
        if case .degraded(let cause, _) = self { return cause }
        return nil
    }
}
