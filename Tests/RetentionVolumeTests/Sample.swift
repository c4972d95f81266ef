// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionVolume
import StoragePrimitives

/// Volumes and machines as the tables need them.
enum Sample {
    static let path = "/mnt/retention"
    static let uuid = "0f6e2b1c-8f6f-4f4e-9d0f-3a0d1c2b3a4d"

    static func number(_ minor: UInt32) -> DeviceNumber { DeviceNumber(major: 8, minor: minor) }

    /// sda is the machine's own: sda1 is root, sda2 free.
    static let root = number(1)
    static let layout = SystemLayout(uses: [
        SystemLayout.Use(folder: "/", purpose: .root, devices: [number(1), number(0)]),
        SystemLayout.Use(folder: "/boot", purpose: .boot, devices: [number(3), number(0)]),
        SystemLayout.Use(folder: "/usr/bin", purpose: .installation, devices: [number(1), number(0)]),
        SystemLayout.Use(folder: "/var/lib/master-target", purpose: .cache, devices: [number(65), number(64)]),
    ])

    static let context = RetentionContext(
        path: path, layout: layout, targets: [number(80)], targetIdentities: ["36000c29ffff"])

    /// A blank disk of 100 GiB that nobody uses.
    static func volume(
        _ name: String = "sdc", minor: UInt32 = 32, size: ByteCount = .gibibytes(100),
        kind: BlockTree.Node.Kind = .disk, isReadOnly: Bool = false, signatures: [VolumeSignature] = [],
        mounts: [MountEntry] = []
    ) -> VolumeFacts {
        VolumeFacts(
            name: name,
            node: BlockTree.Node(name, number: number(minor), kind: kind, size: size, isReadOnly: isReadOnly),
            size: size, signatures: signatures, mounts: mounts)
    }

    static func mount(_ source: String, on target: String, type: String = "xfs", minor: UInt32 = 32) -> MountEntry {
        MountEntry(source: source, target: target, type: type, device: number(minor))
    }
}
