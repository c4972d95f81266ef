// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What `mtctl disks` shows: every disk of the machine, and what is wrong with them.
public struct DiskList: Hashable, Sendable, Codable {
    /// Disks and multipath maps, in the order of their names; a map's paths are in its entry.
    public var disks: [MachineDisk]
    /// What somebody has to know, the worst first.
    public var findings: [DiskFindingReport]

    /// A list.
    public init(disks: [MachineDisk], findings: [DiskFindingReport]) {
        self.disks = disks
        self.findings = findings
    }
}

/// One disk, or the multipath map of one.
public struct MachineDisk: Hashable, Sendable, Codable {
    /// What `mtctl disk bind` takes, as scsi_id prints it; nil for a disk that nobody could find again.
    public var identity: String?
    /// The kernel's name of now: `sdc`, `dm-3`.
    public var device: String
    /// `scsi`, `nvme`, `virtio` or `multipathMap`.
    public var kind: String
    /// Bytes.
    public var sizeBytes: ByteCount
    /// Bytes of the smallest write.
    public var logicalBlockSize: Int
    /// Who made it, by its own account.
    public var vendor: String?
    /// What it is, by its own account.
    public var model: String?
    /// Its serial number for people.
    public var serial: String?
    /// How it is attached.
    public var transport: String
    /// Host, channel, target and unit of a SCSI disk.
    public var address: String?
    /// The kernel's names of a map's paths; empty for a disk.
    public var paths: [String]
    /// The group that writes to it.
    public var group: String?
    /// Why it may not become a target, as sentences; empty when it may, or when it is one.
    public var refusals: [String]

    /// A disk.
    public init(
        identity: String?, device: String, kind: String, sizeBytes: ByteCount, logicalBlockSize: Int, vendor: String?,
        model: String?, serial: String?, transport: String, address: String?, paths: [String], group: String?,
        refusals: [String]
    ) {
        self.identity = identity
        self.device = device
        self.kind = kind
        self.sizeBytes = sizeBytes
        self.logicalBlockSize = logicalBlockSize
        self.vendor = vendor
        self.model = model
        self.serial = serial
        self.transport = transport
        self.address = address
        self.paths = paths
        self.group = group
        self.refusals = refusals
    }
}

/// Something about the disks that somebody has to know.
public struct DiskFindingReport: Hashable, Sendable, Codable {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable, Codable, CaseIterable {
        case notice, warning, critical
    }

    /// What was found: `duplicateIdentity`, `gone` and so on.
    public var kind: String
    /// How bad it is.
    public var severity: Severity
    /// The disks that it is about, by identity.
    public var identities: [String]
    /// The devices that it is about, by the kernel's names of now.
    public var devices: [String]
    /// What is so.
    public var message: String
    /// What to do about it; empty where nothing has to be done.
    public var remedy: String

    /// A finding.
    public init(
        kind: String, severity: Severity, identities: [String], devices: [String], message: String, remedy: String
    ) {
        self.kind = kind
        self.severity = severity
        self.identities = identities
        self.devices = devices
        self.message = message
        self.remedy = remedy
    }
}
