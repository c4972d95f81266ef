// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Looks at this machine: its volumes, and what it lies on itself. Reads only. Blocks: not on the cooperative pool.
public struct VolumeInspector: Sendable {
    private let mounter: any Mounter
    private let sysfs: String

    /// Looks with the mount table of `mounter`, and at the devices in `sysfs`.
    public init(mounter: any Mounter = SystemMounter(), sysfs: String = "/sys") {
        self.mounter = mounter
        self.sysfs = sysfs
    }

    /// What was seen at one time.
    public struct Inspection: Hashable, Sendable {
        /// Every volume, by name.
        public var volumes: [VolumeFacts]
        /// What the machine lies on.
        public var layout: SystemLayout
        /// The mount table.
        public var mounts: [MountEntry]
    }

    /// Looks at every block device, and at what is mounted at `path` when that has no device.
    ///
    /// - Parameters:
    ///   - path: The retention folder.
    ///   - folders: What the machine needs: ``SystemLayout/folders(installation:cache:)``.
    public func inspect(
        path: String, folders: [(folder: String, purpose: SystemLayout.Use.Purpose)] = SystemLayout.folders()
    ) throws(RetentionVolumeError) -> Inspection {
        let tree = try BlockTree.read(sysfs: sysfs)
        let mounts = try mounter.mounts()
        let swaps = try mounter.swaps()
        var volumes: [VolumeFacts] = []
        for node in tree.nodes.values where node.kind != .optical {
            volumes.append(facts(of: node, tree: tree, mounts: mounts, swaps: swaps))
        }
        if let entry = mounts.at(path), Self.device(of: entry, in: tree) == nil {
            // Nothing more is known of it than that it is mounted; its size only where it answers.
            let size = (try? FilesystemSpace(holding: path))?.total ?? .zero  // the rules say what a size of 0 means
            volumes.append(VolumeFacts(name: entry.source, node: nil, size: size, mounts: [entry]))
        }
        return Inspection(
            volumes: volumes.sorted { $0.name < $1.name }, layout: layout(folders, tree: tree, mounts: mounts),
            mounts: mounts)
    }

    private func facts(
        of node: BlockTree.Node, tree: BlockTree, mounts: [MountEntry], swaps: [SwapEntry]
    ) -> VolumeFacts {
        let above = tree.above(node.number)
        let own = Set([node.number] + above.map(\.number))
        let mounted = mounts.filter { entry in Self.device(of: entry, in: tree).map { own.contains($0) } ?? false }
        let swapped = swaps.map(\.source).filter { source in
            let device = SystemFiles.blockDeviceNumber(source) ?? DeviceNode.filesystem(holding: source)
            return device.map { own.contains($0) } ?? false
        }
        var facts = VolumeFacts(
            name: node.name, node: node, size: node.size, below: tree.below(node.number).map(\.relative),
            above: above.map(\.relative), mounts: mounted, swaps: swapped)
        guard node.size > .zero, node.kind != .memory else { return facts }
        let devnode = "/dev/\(node.name)"
        do {
            facts.signatures = try VolumeSignature.all(on: devnode)
        } catch {
            facts.signatureProblem = error.detail
        }
        // What cannot be opened at all is said by the probe above.
        let isHeld = DeviceNode.exclusiveOpenFailure(devnode)?.code == .busy
        facts.isHeld = isHeld && mounted.isEmpty && swapped.isEmpty && above.isEmpty
        return facts
    }

    private func layout(
        _ folders: [(folder: String, purpose: SystemLayout.Use.Purpose)], tree: BlockTree, mounts: [MountEntry]
    ) -> SystemLayout {
        var uses: [SystemLayout.Use] = []
        for (folder, purpose) in folders {
            guard let path = SystemFiles.resolved(folder), let entry = mounts.covering(path) else { continue }
            let device = Self.device(of: entry, in: tree)
            uses.append(
                SystemLayout.Use(
                    folder: folder, purpose: purpose, devices: device.map { tree.stack($0) } ?? [entry.device]))
        }
        return SystemLayout(uses: uses)
    }

    /// The block device of a mount: by the filesystem's number, or, where the filesystem has one of its own (btrfs), by
    /// its source.
    private static func device(of entry: MountEntry, in tree: BlockTree) -> DeviceNumber? {
        if tree.nodes[entry.device] != nil { return entry.device }
        guard entry.source.hasPrefix("/dev/") else { return nil }
        return SystemFiles.blockDeviceNumber(entry.source)
    }
}

extension BlockTree.Node {
    fileprivate var relative: VolumeFacts.Relative {
        VolumeFacts.Relative(name, number: number, identity: identity)
    }
}
