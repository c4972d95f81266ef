// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a device says it carries: a filesystem, a member of an array, a partition table.
public struct VolumeSignature: Hashable, Sendable {
    /// What kind of thing it is.
    public enum Usage: String, Hashable, Sendable {
        case filesystem
        case raid  // a member of an array or a volume group
        case crypto  // encrypted
        case partitionTable
        case other  // swap, and what nobody else is
    }

    /// Its name, as `blkid` and `wipefs` print it: `xfs`, `vfat`, `LVM2_member`, `gpt`.
    public var name: String
    /// What kind of thing it is.
    public var usage: Usage
    /// The volume's name; nil when it has none.
    public var label: String?
    /// The volume's identity, as `/dev/disk/by-uuid` has it; nil when it has none.
    public var uuid: String?

    /// A signature.
    public init(_ name: String, usage: Usage = .filesystem, label: String? = nil, uuid: String? = nil) {
        self.name = name
        self.usage = usage
        self.label = label
        self.uuid = uuid
    }

    /// `xfs "data"`.
    public var title: String { label.map { "\(name) \"\($0)\"" } ?? name }
}
