// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A program or a filesystem that R-16 wants on a master target.
public struct SoftwareRequirement: Hashable, Sendable {
    /// What it is.
    public enum Kind: Hashable, Sendable {
        case program
        case filesystem
    }
    /// What it is.
    public let kind: Kind
    /// The program's or the filesystem's name.
    public let name: String
    /// Whether Master Target itself cannot do without it.
    public let isNeeded: Bool
    /// What for.
    public let purpose: String

    /// All of them. Needed is what our packages depend on; the rest serves operators and sources' filesystems.
    public static let all = [
        SoftwareRequirement(.program, "multipathd", isNeeded: true, for: "disks with several paths"),
        SoftwareRequirement(.program, "mkfs.xfs", isNeeded: true, for: "the retention volume"),
        SoftwareRequirement(.program, "lsscsi", isNeeded: true, for: "support to see the SCSI disks"),
        SoftwareRequirement(.program, "modprobe", isNeeded: true, for: "drivers and filesystems that are modules"),
        SoftwareRequirement(.filesystem, "xfs", isNeeded: true, for: "the retention volume and sources that have it"),
        SoftwareRequirement(.program, "perl", isNeeded: false, for: "scripts around a failback"),
        SoftwareRequirement(.program, "rsync", isNeeded: false, for: "copies of what is not on a disk"),
        SoftwareRequirement(.program, "wget", isNeeded: false, for: "fetching updates"),
        SoftwareRequirement(.program, "kexec", isNeeded: false, for: "a dump when the kernel crashes"),
        SoftwareRequirement(.filesystem, "ext4", isNeeded: false, for: "sources that have it"),
        SoftwareRequirement(.filesystem, "reiserfs", isNeeded: false, for: "sources that have it"),
    ]

    init(_ kind: Kind, _ name: String, isNeeded: Bool, for purpose: String) {
        self.kind = kind
        self.name = name
        self.isNeeded = isNeeded
        self.purpose = purpose
    }
}
