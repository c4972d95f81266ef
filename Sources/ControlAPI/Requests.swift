// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Makes a group.
public struct CreateGroupRequest: Hashable, Sendable, Codable {
    /// What operators will call it.
    public var name: String
    /// What is nil is taken from the appliance's defaults.
    public var rpoThresholdSeconds: UInt64?
    /// How far back history reaches; nil for the default.
    public var retentionSeconds: UInt64?
    /// Seconds between two requests for an application-consistent point; nil for the default.
    public var applicationConsistentSeconds: UInt64?
    /// The most room the group's history takes; nil for the default.
    public var quotaBytes: UInt64?
    /// The process servers that may send: the common names in their certificates. Empty: any process server.
    public var senders: [String]

    /// A request that takes the appliance's defaults.
    public init(name: String, senders: [String] = []) {
        self.name = name
        self.senders = senders
    }

    /// A name goes into paths and file names: 1 to 63 of `a-z A-Z 0-9 . _ -`, beginning with a letter or a digit.
    public static func isPermittedName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = bytes.first, bytes.count <= 63, isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }
}

/// Binds a source disk to a target.
public struct BindDiskRequest: Hashable, Sendable, Codable {
    /// The sender's name for the disk.
    public var source: String
    /// `file:PATH` or the path of a block device.
    public var target: String
    /// Bytes of the source disk.
    public var sizeBytes: ByteCount
    /// The source's, in bytes: 512 when it is nil.
    public var logicalBlockSize: UInt32?

    /// A request.
    public init(source: String, target: String, sizeBytes: ByteCount, logicalBlockSize: UInt32? = nil) {
        self.logicalBlockSize = logicalBlockSize
        self.source = source
        self.target = target
        self.sizeBytes = sizeBytes
    }
}

/// Takes a disk out of its group.
public struct UnbindDiskRequest: Hashable, Sendable, Codable {
    /// The sender's name for the disk.
    public var source: String
    /// The operator knows that the group's history goes with it.
    public var discardHistory: Bool

    /// A request.
    public init(source: String, discardHistory: Bool) {
        self.source = source
        self.discardHistory = discardHistory
    }
}

/// Deletes a group.
public struct DeleteGroupRequest: Hashable, Sendable, Codable {
    /// The operator knows that the group's history goes with it.
    public var discardHistory: Bool
    /// A request.
    public init(discardHistory: Bool) { self.discardHistory = discardHistory }
}

/// Makes a bookmark.
public struct BookmarkRequest: Hashable, Sendable, Codable {
    /// What the operator calls it.
    public var label: String
    /// Ask the sender for an application-consistent one, instead of marking the newest point here.
    public var applicationConsistent: Bool?

    /// A request.
    public init(label: String, applicationConsistent: Bool? = nil) {
        self.label = label
        self.applicationConsistent = applicationConsistent
    }
}

/// Makes the disks show a point.
public struct RecoverRequest: Hashable, Sendable, Codable {
    /// The point.
    public var point: PointReference
    /// The operator says that the source machines are stopped or fenced.
    public var sourceStopped: Bool
    /// Take a point that is not exact.
    public var acceptInexact: Bool
    /// What was done to the disks that show another point now; nil when nothing is said about it.
    public var targets: TargetsStatement?

    /// A request.
    public init(
        point: PointReference, sourceStopped: Bool, acceptInexact: Bool = false, targets: TargetsStatement? = nil
    ) {
        self.point = point
        self.sourceStopped = sourceStopped
        self.acceptInexact = acceptInexact
        self.targets = targets
    }
}

/// What an operator knows of disks that were recovered: history can be moved over them only while they are as it left
/// them.
public enum TargetsStatement: String, Hashable, Sendable, Codable, CaseIterable {
    /// No machine ran on them, and nothing else wrote to them.
    case untouched
    /// A machine ran on them.
    case written
}

/// Brings recovered disks back to the latest point.
public struct RollbackRequest: Hashable, Sendable, Codable {
    /// What was done to the disks; nil when nothing is said about it.
    public var targets: TargetsStatement?
    /// With ``TargetsStatement/written`` history is lost; this says that the caller knows.
    public var discardHistory: Bool

    /// A request.
    public init(targets: TargetsStatement? = nil, discardHistory: Bool = false) {
        self.targets = targets
        self.discardHistory = discardHistory
    }
}

/// Which point a reference means now.
public struct ResolveRequest: Hashable, Sendable, Codable {
    /// The reference.
    public var point: PointReference
    /// A request.
    public init(point: PointReference) { self.point = point }
}

/// Accepts what the disks show, and ends the protection of the group.
public struct CommitRequest: Hashable, Sendable, Codable {
    /// History is dropped with a commit; this says that the caller knows.
    public var dropHistory: Bool
    /// A request.
    public init(dropHistory: Bool) { self.dropHistory = dropHistory }
}

/// Which group's history to read or rebuild; nil for all.
public struct RetentionRequest: Hashable, Sendable, Codable {
    /// The group's name; nil for all groups.
    public var group: String?
    /// For a rebuild: points that cannot be made again may be given up; nil for no.
    public var acceptLoss: Bool?

    /// A request.
    public init(group: String?, acceptLoss: Bool? = nil) {
        self.group = group
        self.acceptLoss = acceptLoss
    }
}

/// About one disk.
public struct DiskRequest: Hashable, Sendable, Codable {
    /// The disk's identity, as `mtctl disks` shows it.
    public var identity: String

    /// A request.
    public init(identity: String) { self.identity = identity }
}

/// The answer to a change that has nothing to report but a sentence, or the job that does it.
public struct Acknowledgement: Hashable, Sendable, Codable {
    /// What was done, as a sentence.
    public var message: String
    /// The job that does it; nil where nothing is left to do.
    public var job: JobReport?

    /// An answer.
    public init(message: String, job: JobReport? = nil) {
        self.message = message
        self.job = job
    }
}
