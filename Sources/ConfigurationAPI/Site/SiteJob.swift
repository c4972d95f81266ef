// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// Replicates a group, home or out again. The first is what ASR calls reprotect, the second re-protect.
public struct ReprotectRequest: Hashable, Sendable, Codable {
    /// Which way.
    public var direction: ReplicationDirection
    /// The master target's host id or name; nil to have one placed by free capacity and headroom.
    public var masterTarget: String?
    /// The process server's host id or name; nil to have one placed.
    public var processServer: String?
    /// What disks are written to; a disk that is not named goes to its original one. None is ever invented.
    public var targets: [DiskTarget]
    /// The operator says that nothing runs on the target disks, although the master target knows of a commit on them that
    /// the configuration server does not. Nil for no.
    public var targetsAreUnused: Bool?

    /// A request.
    public init(
        direction: ReplicationDirection = .failback, masterTarget: String? = nil, processServer: String? = nil,
        targets: [DiskTarget] = [], targetsAreUnused: Bool? = nil
    ) {
        self.direction = direction
        self.masterTarget = masterTarget
        self.processServer = processServer
        self.targets = targets
        self.targetsAreUnused = targetsAreUnused
    }
}

/// Brings a group to a recovery point. Sent again, before a commit, it brings it to another one.
public struct FailoverRequest: Hashable, Sendable, Codable {
    /// The point.
    public var point: PointReference
    /// The operator says that the source machines are stopped. Otherwise the process server is asked to send what there
    /// is and to stop, and the job fails when it cannot say that it did.
    public var sourceStopped: Bool
    /// Take a point that is not exact.
    public var acceptInexact: Bool
    /// What was done to the disks that show another point now; nil when nothing is said about it.
    public var targets: TargetsStatement?

    /// A request.
    public init(
        point: PointReference, sourceStopped: Bool = false, acceptInexact: Bool = false,
        targets: TargetsStatement? = nil
    ) {
        self.point = point
        self.sourceStopped = sourceStopped
        self.acceptInexact = acceptInexact
        self.targets = targets
    }
}

/// What an operator asked for: one of its parts, by ``kind``.
public struct SiteOperation: Hashable, Sendable, Codable {
    /// What is done.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case reprotect, failover, rollback, commit
    }

    /// What is done.
    public var kind: Kind
    /// Of a reprotect.
    public var reprotect: ReprotectRequest?
    /// Of a failover.
    public var failover: FailoverRequest?
    /// Of a rollback.
    public var rollback: RollbackRequest?
    /// Of a commit.
    public var commit: CommitRequest?

    /// Replicates a group.
    public static func reprotect(_ request: ReprotectRequest) -> SiteOperation {
        var operation = SiteOperation(kind: .reprotect)
        operation.reprotect = request
        return operation
    }

    /// Brings a group to a point.
    public static func failover(_ request: FailoverRequest) -> SiteOperation {
        var operation = SiteOperation(kind: .failover)
        operation.failover = request
        return operation
    }

    /// Brings a group that was failed over back to the latest point, protected again.
    public static func rollback(_ request: RollbackRequest) -> SiteOperation {
        var operation = SiteOperation(kind: .rollback)
        operation.rollback = request
        return operation
    }

    /// Accepts what the disks show.
    public static func commit(_ request: CommitRequest) -> SiteOperation {
        var operation = SiteOperation(kind: .commit)
        operation.commit = request
        return operation
    }

    private init(kind: Kind) { self.kind = kind }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        let parts: [Kind: Bool] = [
            .reprotect: reprotect != nil, .failover: failover != nil, .rollback: rollback != nil,
            .commit: commit != nil,
        ]
        return parts.allSatisfy { $0.value == ($0.key == kind) }
            ? nil : "An operation of the kind \(kind.rawValue) has exactly the part \(kind.rawValue)."
    }
}

/// A step of a job.
public struct SiteJobStep: Hashable, Sendable, Codable {
    /// What is done in it.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// What stands against it is looked at.
        case check
        /// A master target and a process server are chosen, and the group is pinned to them.
        case place
        /// The master target makes the group and binds its disks.
        case prepare
        /// The process server begins to send.
        case assign
        /// What is there is copied, or compared and the differences copied.
        case synchronise
        /// The process server sends what there is, and stops.
        case stopSource
        /// The master target makes the disks show the point.
        case recover
        /// The master target brings the disks back to the latest point.
        case rollback
        /// The process server sends again.
        case resume
        /// The master target accepts what the disks show, and drops history.
        case commit
        /// The process server forgets the group.
        case release
    }

    /// Where a step is.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case waiting, running, done, skipped, failed
    }

    /// What is done in it.
    public var kind: Kind
    /// Where it is.
    public var state: State
    /// When it began; nil before.
    public var started: DateTime?
    /// When it ended; nil before.
    public var ended: DateTime?
    /// Bytes done so far; nil where none are counted.
    public var doneBytes: ByteCount?
    /// Bytes in all; nil until it is known.
    public var totalBytes: ByteCount?
    /// Nil until it is known.
    public var secondsLeft: UInt64?
    /// What is so, or came of it, as a sentence.
    public var message: String?

    /// A step that waits.
    public init(kind: Kind) {
        self.kind = kind
        state = .waiting
    }
}

/// An operation on a group, with its steps; the record stays.
public struct SiteJobReport: Hashable, Sendable, Codable {
    /// Where a job is in its life.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// Under way.
        case running
        /// An operator wants it to end; what was begun is being undone.
        case cancelling
        /// It was ended by an operator.
        case cancelled
        /// It reached its end.
        case done
        /// It cannot go on; it can be retried.
        case failed

        /// Whether it has ended, well or not.
        public var isFinal: Bool { self != .running && self != .cancelling }
    }

    /// A UUID.
    public var id: String
    /// The group.
    public var group: String
    /// What was asked for.
    public var operation: SiteOperation
    /// The operator who asked.
    public var requestedBy: String
    /// Where it is in its life.
    public var state: State
    /// How often it was begun: 1, and one more with each retry.
    public var attempt: Int
    /// When it was asked for.
    public var created: DateTime
    /// When it ended; nil before.
    public var ended: DateTime?
    /// Its steps, in order.
    public var steps: [SiteJobStep]
    /// What came of it, as a sentence; nil before.
    public var result: String?
    /// Why it failed; nil unless it did.
    public var failure: ConfigurationFailure?
    /// Whether it can be cancelled now.
    public var isCancellable: Bool

    /// A job that begins.
    public init(
        id: String, group: String, operation: SiteOperation, requestedBy: String, created: DateTime,
        steps: [SiteJobStep]
    ) {
        self.id = id
        self.group = group
        self.operation = operation
        self.requestedBy = requestedBy
        self.created = created
        self.steps = steps
        state = .running
        attempt = 1
        isCancellable = true
    }
}

/// Jobs, the newest first.
public struct SiteJobList: Hashable, Sendable, Codable {
    /// The jobs.
    public var jobs: [SiteJobReport]

    /// A list.
    public init(jobs: [SiteJobReport]) { self.jobs = jobs }
}
