// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What the retention folder is like at one time. A value: ``VolumeFinding`` looks at nothing else.
public struct VolumeObservation: Hashable, Sendable {
    /// What writing to the folder brought.
    public enum Probe: Hashable, Sendable {
        /// A file was written, synced and removed.
        case written
        /// It failed.
        case failed(DeviceError)
        /// Nothing was tried.
        case notTried
    }

    /// The folder, with symbolic links followed where it is there.
    public var path: String
    /// Whether it is there.
    public var hasFolder: Bool
    /// The mount that it lies on: its own, or that of a folder above. Nil without a mount table.
    public var mount: MountEntry?
    /// The mount of the root filesystem.
    public var root: MountEntry?
    /// What the mounted device says of itself; nil where it has no device or could not be read.
    public var signature: VolumeSignature?
    /// How much room there is; nil where it did not answer.
    public var space: FilesystemRoom?
    /// What writing brought.
    public var probe: Probe
    /// Why the mount table could not be read; nil when it could.
    public var tableProblem: String?

    /// Room on a filesystem.
    public struct FilesystemRoom: Hashable, Sendable {
        /// Bytes of the filesystem.
        public var total: ByteCount
        /// Bytes that may still be written.
        public var available: ByteCount

        /// Room.
        public init(total: ByteCount, available: ByteCount) {
            self.total = total
            self.available = available
        }
    }

    /// An observation.
    public init(
        path: String, hasFolder: Bool, mount: MountEntry? = nil, root: MountEntry? = nil,
        signature: VolumeSignature? = nil, space: FilesystemRoom? = nil, probe: Probe = .notTried,
        tableProblem: String? = nil
    ) {
        self.path = path
        self.hasFolder = hasFolder
        self.mount = mount
        self.root = root
        self.signature = signature
        self.space = space
        self.probe = probe
        self.tableProblem = tableProblem
    }

    /// Whether something is mounted on the folder itself.
    public var isMountPoint: Bool { mount?.target == path }
}
