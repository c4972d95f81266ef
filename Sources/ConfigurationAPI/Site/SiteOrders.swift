// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// What a master target is asked to do for a group. It is done once, however often it is sent: the master target keeps
/// what came of each id.
public struct SiteTask: Hashable, Sendable, Codable {
    /// What to do.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// Make the group and bind its disks, or see that they are.
        case prepare
        /// Make the disks show a point.
        case recover
        /// Bring the disks back to the latest point.
        case rollback
        /// Accept what the disks show.
        case commit
        /// Tell which points there are.
        case points
        /// Tell which point a reference means.
        case resolve
    }

    /// A UUID.
    public var id: String
    /// The group's name.
    public var group: String
    /// What to do.
    public var kind: Kind
    /// Of ``Kind/prepare``.
    public var prepare: PrepareRequest?
    /// Of ``Kind/recover``.
    public var recover: RecoverRequest?
    /// Of ``Kind/rollback``.
    public var rollback: RollbackRequest?
    /// Of ``Kind/commit``.
    public var commit: CommitRequest?
    /// Of ``Kind/resolve``.
    public var point: PointReference?

    /// A task; its part is set after.
    public init(id: String, group: String, kind: Kind) {
        self.id = id
        self.group = group
        self.kind = kind
    }
}

/// How a group has to be before a process server can send to it.
public struct PrepareRequest: Hashable, Sendable, Codable {
    /// What it promises.
    public var policy: GroupPolicy
    /// The process server that may send: its host id.
    public var sender: String
    /// Its disks, in the order of their numbers.
    public var disks: [BindDiskRequest]
    /// An operator asked for the group to be protected: a group that is not there is made. Nil for what only keeps a
    /// group in step that is there.
    public var making: GroupMaking?

    /// A request.
    public init(policy: GroupPolicy, sender: String, disks: [BindDiskRequest], making: GroupMaking? = nil) {
        self.policy = policy
        self.sender = sender
        self.disks = disks
        self.making = making
    }
}

/// What the configuration server knows when it has a group made. It may know less than the master target, as one that
/// was restored from an old backup does; no clock tells which of them is right.
public struct GroupMaking: Hashable, Sendable, Codable {
    /// The ids of groups of this name that are known to have been committed there. Where the master target knows of any
    /// other commit of the name or of the target disks, a machine may run on them: it refuses.
    public var knownCommits: [String]
    /// An operator says that nothing runs on the target disks, whatever was committed on them.
    public var targetsAreUnused: Bool
    /// A token that is greater than any that a sender was given: those of a former group of the name are kept out.
    public var fencingToken: UInt64

    /// What is known.
    public init(knownCommits: [String] = [], targetsAreUnused: Bool = false, fencingToken: UInt64 = 0) {
        self.knownCommits = knownCommits
        self.targetsAreUnused = targetsAreUnused
        self.fencingToken = fencingToken
    }
}

/// How far a task is.
public struct SiteTaskReport: Hashable, Sendable, Codable {
    /// Where a task is.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case running, done, failed
    }

    /// The task's id.
    public var id: String
    /// Where it is.
    public var state: State
    /// Bytes done so far; nil where none are counted.
    public var doneBytes: ByteCount?
    /// Bytes in all; nil until it is known.
    public var totalBytes: ByteCount?
    /// Nil until it is known.
    public var secondsLeft: UInt64?
    /// What is so, or came of it, as a sentence.
    public var message: String?
    /// Why it failed; nil unless it did.
    public var failure: ControlFailure?
    /// What ``SiteTask/Kind/points`` asked for.
    public var points: PointList?
    /// What ``SiteTask/Kind/resolve`` asked for, and the point that ``SiteTask/Kind/recover`` made the disks show.
    public var resolved: ResolvedPoint?

    /// A report.
    public init(id: String, state: State, message: String? = nil, failure: ControlFailure? = nil) {
        self.id = id
        self.state = state
        self.message = message
        self.failure = failure
    }
}

/// What a process server does for a group, for as long as it is told to.
public struct SiteAssignment: Hashable, Sendable, Codable {
    /// The group, as it is named on the master target.
    public var group: String
    /// Where its master target listens: `HOST:PORT`, in the order to try them.
    public var masterTargets: [String]
    /// The host id of its master target, as its certificate says it: another one that answers there gets nothing. Nil for
    /// whoever is a master target.
    public var masterTargetID: String?
    /// The token to come with.
    public var fencingToken: UInt64
    /// Its disks, in the order of their numbers.
    public var disks: [AssignedDisk]
    /// Send what there is, make a bookmark, and stop: the sources are shut down for a failover.
    public var isStopped: Bool
    /// Seconds from one application-consistent point to the next.
    public var applicationConsistentSeconds: UInt64

    /// An assignment.
    public init(
        group: String, masterTargets: [String], fencingToken: UInt64, disks: [AssignedDisk], isStopped: Bool = false,
        applicationConsistentSeconds: UInt64 = GroupPolicy().applicationConsistentSeconds
    ) {
        self.group = group
        self.masterTargets = masterTargets
        self.fencingToken = fencingToken
        self.disks = disks
        self.isStopped = isStopped
        self.applicationConsistentSeconds = applicationConsistentSeconds
    }
}

/// A disk that a process server reads.
public struct AssignedDisk: Hashable, Sendable, Codable {
    /// The sender's name for the disk: the source that it is bound as.
    public var id: String
    /// A path, or the URL of an NBD export.
    public var source: String

    /// A disk.
    public init(id: String, source: String) {
        self.id = id
        self.source = source
    }
}

/// What a process server makes of an assignment.
public struct SiteAssignmentReport: Hashable, Sendable, Codable {
    /// Where it is.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// It is being started, or started again after a failure.
        case starting
        /// It sends.
        case running
        /// It was told to stop, and has sent what there was: nothing comes after it.
        case stopped
        /// It cannot go on by itself.
        case failed
    }

    /// The group.
    public var group: String
    /// The token it comes with.
    public var fencingToken: UInt64
    /// Where it is.
    public var state: State
    /// What is so, as a sentence.
    public var message: String?
    /// Bytes of the first copy or comparison done so far; nil where none is under way.
    public var doneBytes: ByteCount?
    /// Bytes of it in all.
    public var totalBytes: ByteCount?

    /// A report.
    public init(group: String, fencingToken: UInt64, state: State, message: String? = nil) {
        self.group = group
        self.fencingToken = fencingToken
        self.state = state
        self.message = message
    }
}

/// What a server says about what it was asked to do; the answer may wait until there is something new.
public struct SiteExchange: Hashable, Sendable, Codable {
    /// The ``SiteOrders/revision`` that the sender has; 0 for none.
    public var revision: UInt64
    /// How long the answer may wait for another revision, in seconds: 0 to ``maximumWaitSeconds``.
    public var waitSeconds: UInt64
    /// Of a master target: every task that it was given and that has not left its orders.
    public var tasks: [SiteTaskReport]
    /// Of a process server: every assignment it has.
    public var assignments: [SiteAssignmentReport]

    /// An exchange.
    public init(
        revision: UInt64, waitSeconds: UInt64, tasks: [SiteTaskReport] = [], assignments: [SiteAssignmentReport] = []
    ) {
        self.revision = revision
        self.waitSeconds = waitSeconds
        self.tasks = tasks
        self.assignments = assignments
    }

    /// The longest that an answer waits.
    public static let maximumWaitSeconds: UInt64 = 25
}

/// What a server is asked to do: all of it, each time.
public struct SiteOrders: Hashable, Sendable, Codable {
    /// Changes with what follows; compared for being the same, not for being greater.
    public var revision: UInt64
    /// For a master target: tasks whose end the configuration server has not heard of.
    public var tasks: [SiteTask]
    /// For a process server: what it replicates. An assignment that is not in it any more is ended.
    public var assignments: [SiteAssignment]

    /// Orders.
    public init(revision: UInt64, tasks: [SiteTask] = [], assignments: [SiteAssignment] = []) {
        self.revision = revision
        self.tasks = tasks
        self.assignments = assignments
    }
}
