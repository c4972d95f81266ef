// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// Which way a group replicates.
public enum ReplicationDirection: String, Hashable, Sendable, Codable, CaseIterable {
    /// Home: from the other site to the disks on site.
    case failback
    /// After a commit: from the disks on site to the other one.
    case forward
}

/// Machines whose writes share one order: they go through one master target, else no point in time would be common to
/// them.
public struct SiteGroup: Hashable, Sendable, Codable {
    /// What operators call it, and what it is called on its master target.
    public var name: String
    /// Its machines, by name; 1 to ``maximumMachines``. A machine is in one group at most.
    public var machines: [String]
    /// Its policy's name; nil for ``SitePolicy/defaultName``.
    public var policy: String?

    /// A group.
    public init(name: String, machines: [String], policy: String? = nil) {
        self.name = name
        self.machines = machines
        self.policy = policy
    }

    /// The most machines of one group.
    public static let maximumMachines = 64

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if !CreateGroupRequest.isPermittedName(name) { return SiteName.complaint(name, of: "a group") }
        if machines.isEmpty { return "The group \(name) has no machine." }
        if machines.count > Self.maximumMachines {
            return "The group \(name) has more than \(Self.maximumMachines) machines."
        }
        if Set(machines).count < machines.count { return "The group \(name) names a machine twice." }
        return nil
    }
}

/// Who replicates a group where: made by a reprotect, and kept until the group is committed or reprotected again.
public struct SitePlacement: Hashable, Sendable, Codable {
    /// Which way.
    public var direction: ReplicationDirection
    /// The host id of the master target that the group is pinned to.
    public var masterTarget: String
    /// The host id of the process server.
    public var processServer: String
    /// The token of the process server; it grows with every change of sender or owner.
    public var fencingToken: UInt64
    /// What each disk is bound to.
    public var targets: [DiskTarget]

    /// A placement.
    public init(
        direction: ReplicationDirection, masterTarget: String, processServer: String, fencingToken: UInt64,
        targets: [DiskTarget]
    ) {
        self.direction = direction
        self.masterTarget = masterTarget
        self.processServer = processServer
        self.fencingToken = fencingToken
        self.targets = targets
    }
}

/// A disk of a group and what it is written to.
public struct DiskTarget: Hashable, Sendable, Codable {
    /// The machine's name.
    public var machine: String
    /// The disk's id in it.
    public var disk: String
    /// `file:PATH` or an identity, as `mtctl disks` shows it on the master target.
    public var target: String

    /// A pair.
    public init(machine: String, disk: String, target: String) {
        self.machine = machine
        self.disk = disk
        self.target = target
    }
}

/// A group, as the configuration server knows it. What its master target says of it counts; the configuration server
/// only keeps what is wanted of it.
public struct SiteGroupReport: Hashable, Sendable, Codable {
    /// The group.
    public var group: SiteGroup
    /// The policy it has.
    public var policy: SitePolicy
    /// Where it is replicated; nil while it is not.
    public var placement: SitePlacement?
    /// The name of its master target; nil while there is none.
    public var masterTargetName: String?
    /// The name of its process server; nil while there is none.
    public var processServerName: String?
    /// What its master target said last; nil until it did.
    public var report: GroupReport?
    /// When it said that.
    public var reported: DateTime?
    /// The age of the newest durable change now, in seconds, with the time since the master target was heard last in it:
    /// silence makes it grow. Nil while there is no change.
    public var rpoSeconds: UInt64?
    /// Whether that is beyond the policy's threshold.
    public var isBeyondRPO: Bool
    /// The job that works on it now.
    public var job: SiteJobReport?
    /// What somebody has to know of it, the worst first.
    public var findings: [SiteFinding]

    /// A report.
    public init(group: SiteGroup, policy: SitePolicy) {
        self.group = group
        self.policy = policy
        isBeyondRPO = false
        findings = []
    }
}

/// All groups, by name.
public struct SiteGroupList: Hashable, Sendable, Codable {
    /// The groups.
    public var groups: [SiteGroupReport]

    /// A list.
    public init(groups: [SiteGroupReport]) { self.groups = groups }
}

/// Something that stands against an operation, or that somebody has to know.
public struct SiteFinding: Hashable, Sendable, Codable {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable, Codable, CaseIterable {
        /// To be known.
        case notice
        /// It goes on, and somebody has to look.
        case warning
        /// The operation is refused.
        case refusal
    }

    /// The requirement or rule it comes from: `R-11`, `placement`, `rpo`.
    public var rule: String
    /// How bad it is.
    public var severity: Severity
    /// A sentence that names the object.
    public var message: String
    /// A sentence that says what to do; empty where nothing has to be done.
    public var remedy: String

    /// A finding.
    public init(rule: String, severity: Severity, message: String, remedy: String) {
        self.rule = rule
        self.severity = severity
        self.message = message
        self.remedy = remedy
    }
}

/// What stands against an operation.
public struct SiteFindingList: Hashable, Sendable, Codable {
    /// The findings, the worst first.
    public var findings: [SiteFinding]
    /// Whether none of them refuses.
    public var isPermitted: Bool { !findings.contains { $0.severity == .refusal } }

    /// A list.
    public init(findings: [SiteFinding]) { self.findings = findings }
}
