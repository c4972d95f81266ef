// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What is known of a volume when it is judged. A value: rules look at nothing else.
public struct VolumeFacts: Hashable, Sendable {
    /// A device that the volume is made of, or that is made of it.
    public struct Relative: Hashable, Sendable {
        /// As in `/sys/class/block`: `sdc1`.
        public var name: String
        /// Its number.
        public var number: DeviceNumber
        /// What it is known by.
        public var identity: String?

        /// A device.
        public init(_ name: String, number: DeviceNumber, identity: String? = nil) {
            self.name = name
            self.number = number
            self.identity = identity
        }
    }

    /// How people call it: `sdc1`, or the source of a mount without a device.
    public var name: String
    /// Its device; nil for a filesystem without one (NFS, tmpfs, overlay).
    public var node: BlockTree.Node?
    /// Its size; of a filesystem without a device, the filesystem's.
    public var size: ByteCount
    /// What it carries.
    public var signatures: [VolumeSignature]
    /// Why what it carries could not be found out; nil when it could.
    public var signatureProblem: String?
    /// What it is made of.
    public var below: [Relative]
    /// What is made of it: partitions, arrays, maps, volumes.
    public var above: [Relative]
    /// Where it, or what is made of it, is mounted.
    public var mounts: [MountEntry]
    /// Where swap lies on it, or on what is made of it.
    public var swaps: [String]
    /// Whether somebody has it to himself without having it mounted: opened exclusively.
    public var isHeld: Bool

    /// What is known of a volume.
    public init(
        name: String, node: BlockTree.Node?, size: ByteCount, signatures: [VolumeSignature] = [],
        signatureProblem: String? = nil, below: [Relative] = [], above: [Relative] = [], mounts: [MountEntry] = [],
        swaps: [String] = [], isHeld: Bool = false
    ) {
        self.name = name
        self.node = node
        self.size = size
        self.signatures = signatures
        self.signatureProblem = signatureProblem
        self.below = below
        self.above = above
        self.mounts = mounts
        self.swaps = swaps
        self.isHeld = isHeld
    }

    /// `/dev/sdc1`; nil without a device.
    public var devnode: String? { node.map { "/dev/\($0.name)" } }

    /// The filesystem: the one signature it carries, or, while mounted, what the mount says.
    public var filesystem: String? {
        if signatures.count == 1, signatures[0].usage == .filesystem { return signatures[0].name }
        return signatures.isEmpty && signatureProblem == nil ? mounts.first?.type : nil
    }
}

/// What the machine itself lies on: devices that are no retention volume.
public struct SystemLayout: Hashable, Sendable {
    /// A folder that the machine or the appliance needs, and what it lies on.
    public struct Use: Hashable, Sendable {
        /// What it is for.
        public enum Purpose: Hashable, Sendable {
            case root
            case boot
            case system  // /usr, /var and the like
            case installation  // where the programs lie
            case cache  // where the appliance keeps its state
        }

        /// The folder.
        public var folder: String
        /// What it is for.
        public var purpose: Purpose
        /// Its device, and everything that is made of.
        public var devices: Set<DeviceNumber>

        /// A use.
        public init(folder: String, purpose: Purpose, devices: Set<DeviceNumber>) {
            self.folder = folder
            self.purpose = purpose
            self.devices = devices
        }
    }

    /// The uses.
    public var uses: [Use]

    /// A machine that lies on these.
    public init(uses: [Use] = []) { self.uses = uses }

    /// The folders that count, with what they are for.
    ///
    /// - Parameters:
    ///   - installation: Folders of the programs.
    ///   - cache: Folders of the appliance's state.
    public static func folders(
        installation: [String] = ["/usr/bin", "/opt"], cache: [String] = ["/var/lib/master-target"]
    ) -> [(folder: String, purpose: Use.Purpose)] {
        [("/", .root), ("/boot", .boot), ("/boot/efi", .boot), ("/usr", .system), ("/var", .system)]
            + installation.map { ($0, .installation) } + cache.map { ($0, .cache) }
    }
}
