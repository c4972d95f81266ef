// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The state of a protected group, as `failback.md` draws it.
public enum GroupState: String, Hashable, Sendable, Codable, CaseIterable {
    case created, initialSync, protected, paused, resyncing, recovering, recovered, committed, released, degraded
}

/// All that is to be said about a protected group at one moment.
public struct GroupReport: Hashable, Sendable, Codable {
    /// What operators call it.
    public var name: String
    /// Its UUID.
    public var id: String
    /// Where it is in its life.
    public var state: GroupState
    /// The state it returns to when it is degraded no more; otherwise the same as `state`.
    public var underlyingState: GroupState
    /// Why it is degraded, as a sentence.
    public var cause: String?
    /// What to do about it, as a sentence.
    public var remedy: String?
    /// What it promises, and what it may use.
    public var policy: GroupPolicy
    /// The process servers that may send: the common names in their certificates. Empty: any process server.
    public var senders: [String]
    /// The token that the last sender came with.
    public var fencingToken: UInt64
    /// Its disks, by number.
    public var disks: [DiskReport]
    /// Whether a process server is connected and may send.
    public var isSenderConnected: Bool
    /// What the sender has to wait for now; nil when it need not wait.
    public var throttledBy: ThrottleCause?
    /// Why, as a sentence.
    public var throttleReason: String?
    /// The last batch of the sender that is durable here, and the last one that is on the target disks.
    public var durableSequence: UInt64?
    /// The last batch of the sender that is on the target disks.
    public var appliedSequence: UInt64?
    /// The source's time of the newest durable change, and its age.
    public var lastDurable: DateTime?
    /// The age of the newest durable change in seconds.
    public var rpoSeconds: UInt64?
    /// Whether that age is beyond the policy's threshold; nil while there is none.
    public var isBeyondRPO: Bool?
    /// What its history takes and reaches; nil while it is not open.
    public var retention: GroupRetentionReport?
    /// The point the disks show, while they show one that was recovered.
    public var recoveredPoint: String?
    /// The job that works on the group now.
    public var job: String?
    /// How it is fed over NBD; nil for a group that process servers feed.
    public var nbd: NBDFeedReport?

    /// A report.
    public init(
        name: String, id: String, state: GroupState, underlyingState: GroupState, cause: String? = nil,
        remedy: String? = nil, policy: GroupPolicy, senders: [String], fencingToken: UInt64, disks: [DiskReport]
    ) {
        self.name = name
        self.id = id
        self.state = state
        self.underlyingState = underlyingState
        self.cause = cause
        self.remedy = remedy
        self.policy = policy
        self.senders = senders
        self.fencingToken = fencingToken
        self.disks = disks
        isSenderConnected = false
    }
}

/// What a sender is made to wait for.
public enum ThrottleCause: String, Hashable, Sendable, Codable, CaseIterable {
    /// The journal takes nothing: the retention volume is full.
    case journal
    /// The target disks are too far behind.
    case target
    /// History is over its quota.
    case quota
}

/// A source disk and the target it is bound to.
public struct DiskReport: Hashable, Sendable, Codable {
    /// Its number in the group.
    public var number: DiskNumber
    /// The sender's name for the disk.
    public var source: String
    /// `file:PATH`, or the path of a block device.
    public var target: String
    /// Bytes of the source disk.
    public var sizeBytes: ByteCount
    /// What its content is: `initialSync`, `resync` or `differential`.
    public var content: String

    /// A report.
    public init(number: DiskNumber, source: String, target: String, sizeBytes: ByteCount, content: String) {
        self.number = number
        self.source = source
        self.target = target
        self.sizeBytes = sizeBytes
        self.content = content
    }
}

/// All groups.
public struct GroupList: Hashable, Sendable, Codable {
    /// The groups, by name.
    public var groups: [GroupReport]
    /// A list.
    public init(groups: [GroupReport]) { self.groups = groups }
}
