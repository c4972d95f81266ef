// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A line of the mount table. Source: man 5 proc, `/proc/pid/mountinfo`.
public struct MountEntry: Hashable, Sendable {
    /// What is mounted: a device's path, or what a filesystem without one says.
    public var source: String
    /// Where.
    public var target: String
    /// `xfs`, `nfs4`, `tmpfs`.
    public var type: String
    /// Which folder of the filesystem is shown there: `/`, or another for a bind mount or a subvolume.
    public var root: String
    /// The filesystem's number, `st_dev` of all files in it; major 0 for one without a device of its own.
    public var device: DeviceNumber
    /// Whether it takes no writes, by this mount or as a whole.
    public var isReadOnly: Bool

    /// A line.
    public init(
        source: String, target: String, type: String, root: String = "/", device: DeviceNumber, isReadOnly: Bool = false
    ) {
        self.source = source
        self.target = target
        self.type = type
        self.root = root
        self.device = device
        self.isReadOnly = isReadOnly
    }

    /// Whether it shows a part of a filesystem that is mounted elsewhere too, or could be. (A subvolume of btrfs or a
    /// folder of an overlay says so as well.)
    public var isBindMount: Bool { root != "/" }
}

/// A swap area in use. Source: man 5 proc, `/proc/swaps`.
public struct SwapEntry: Hashable, Sendable {
    /// A device or a file.
    public var source: String

    /// An area.
    public init(source: String) { self.source = source }
}

/// The machine's mounts, or what stands for them in a test. Calls block: not on the cooperative pool.
public protocol Mounter: Sendable {
    /// The mount table, in the order of mounting: what is over something comes after it.
    func mounts() throws(RetentionVolumeError) -> [MountEntry]

    /// The swap areas in use.
    func swaps() throws(RetentionVolumeError) -> [SwapEntry]

    /// Mounts a device.
    ///
    /// - Parameter options: As in fstab, separated by commas.
    func mount(source: String, target: String, type: String, options: String) throws(RetentionVolumeError)

    /// Unmounts what is on top at `target`.
    func unmount(target: String) throws(RetentionVolumeError)
}

extension [MountEntry] {
    /// The mount that an absolute path without symbolic links, `.` or `..` lies on; nil in an empty table.
    public func covering(_ path: String) -> MountEntry? {
        var best: MountEntry?
        for entry in self where Self.contains(entry.target, path) {
            // The longest wins; among equals the later one lies over the earlier.
            if let held = best, held.target.utf8.count > entry.target.utf8.count { continue }
            best = entry
        }
        return best
    }

    /// What is mounted at a path itself: the topmost.
    public func at(_ path: String) -> MountEntry? { last { $0.target == path } }

    private static func contains(_ folder: String, _ path: String) -> Bool {
        folder == "/" || folder == path || path.hasPrefix("\(folder)/")
    }
}
