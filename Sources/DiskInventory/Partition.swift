// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A partition of a disk, as the kernel scanned it.
public struct Partition: Hashable, Sendable {
    /// The kernel's name: `sdc1`.
    public var name: String
    /// The kernel's number.
    public var deviceNumber: DeviceNumber
    /// Bytes from the start of the disk.
    public var start: ByteOffset
    /// Bytes.
    public var size: ByteCount
    /// Names of the devices that are built on it.
    public var holders: [String] = []
    /// Where it is mounted.
    public var mounts: [Mount] = []
    /// Whether it is swap.
    public var isSwap = false

    /// A partition that is not in use.
    public init(name: String, deviceNumber: DeviceNumber, start: ByteOffset, size: ByteCount) {
        self.name = name
        self.deviceNumber = deviceNumber
        self.start = start
        self.size = size
    }
}

/// Something that a disk holds by its first or last bytes: a filesystem, a volume's label, a partition table.
public struct Signature: Hashable, Sendable {
    /// libblkid's word: `xfs`, `LVM2_member`, `gpt`.
    public var type: String
    /// libblkid's word for its purpose: `filesystem`, `raid`, `crypto`, `other`, or `partition-table`.
    public var usage: String
    /// The UUID in it.
    public var uuid: String?
    /// The label in it.
    public var label: String?
    /// Where the bytes are that tell it.
    public var offset: ByteOffset?

    /// A signature with its parts.
    public init(
        type: String, usage: String, uuid: String? = nil, label: String? = nil, offset: ByteOffset? = nil
    ) {
        self.type = type
        self.usage = usage
        self.uuid = uuid
        self.label = label
        self.offset = offset
    }
}
