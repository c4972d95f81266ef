// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A block device as a whole: a disk, a path to one, a multipath map, or what other layers make of disks.
///
/// What is here was true when it was looked at. The name is for messages only; identity says which disk it is.
public struct Disk: Hashable, Sendable {
    /// What makes the device.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case scsi
        case nvme
        case virtio
        case multipathMap
        case deviceMapper  // LVM, dm-crypt, kpartx…
        case softwareRAID  // md
        case loop
        case optical
        case other
    }

    /// How the disk is attached. What is not known is `other`, which two devices may share.
    public enum Transport: String, Hashable, Sendable, CaseIterable {
        case fibreChannel
        case iSCSI
        case sas
        case ata
        case usb
        case virtual  // a hypervisor's controller, or parallel SCSI: one bus, no ports
        case virtio
        case nvmePCIe
        case nvmeFabrics
        case none  // made by software
        case other
    }

    /// What a device is part of, so that it is nobody's target.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        case root
        case boot
        case retention
        case state  // /var/lib/master-target
        case swap
    }

    /// The kernel's name: `sdc`, `dm-3`. It may be another disk's tomorrow.
    public var name: String
    /// The kernel's number.
    public var deviceNumber: DeviceNumber
    /// What makes the device.
    public var kind: Kind
    /// Bytes; 0 for a drive without a medium.
    public var size: ByteCount
    /// The granularity of I/O in bytes.
    public var logicalBlockSize: Int = 512
    /// What the medium writes at once, in bytes.
    public var physicalBlockSize: Int = 512
    /// Who it is, by everything that it answered.
    public var identifiers: DiskIdentifiers = .none
    /// Where it is attached: host, channel, target, unit; of SCSI disks.
    public var address: SCSIAddress?
    /// INQUIRY's vendor, without padding.
    public var vendor: String?
    /// INQUIRY's or the controller's model, without padding.
    public var model: String?
    /// The serial number for people; a part of the identity only where that says so.
    public var serialNumber: String?
    /// The firmware's revision.
    public var revision: String?
    /// How it is attached.
    public var transport: Transport = .other
    /// Whether the kernel refuses writes.
    public var isReadOnly = false
    /// Whether the kernel has given it up for now: every command to it fails. Of a path: it is down.
    public var isOffline = false
    /// Whether it says that it turns.
    public var isRotational = false
    /// Whether its medium can be taken out.
    public var isRemovable = false
    /// What the kernel's partition scan found.
    public var partitions: [Partition] = []
    /// Names of the devices that are built on it as a whole.
    public var holders: [String] = []
    /// Names of the devices, partitions among them, that it is built on.
    public var slaves: [String] = []
    /// Where it is mounted as a whole.
    public var mounts: [Mount] = []
    /// Whether it is swap as a whole.
    public var isSwap = false
    /// What it or what is built on it is needed for.
    public var roles: Set<Role> = []
    /// What is written on it, by libblkid; nil where nobody looked.
    public var signatures: [Signature]?
    /// Device mapper's name for it.
    public var mapName: String?
    /// Device mapper's UUID: `mpath-…` of a multipath map.
    public var mapUUID: String?
    /// What a loop device is made of.
    public var backingFile: String?

    /// A device with what every device has.
    public init(name: String, deviceNumber: DeviceNumber, kind: Kind, size: ByteCount) {
        self.name = name
        self.deviceNumber = deviceNumber
        self.kind = kind
        self.size = size
    }

    /// Which disk it is; of a multipath map, which disk all its paths are.
    public var identity: DiskIdentity? { identifiers.identity }

    /// Whether it is hardware, real or virtual: what can be a disk or a path to one.
    public var isPhysical: Bool { kind == .scsi || kind == .nvme || kind == .virtio }

    /// The node to open it by, now.
    public var devnode: String { "/dev/\(name)" }
}

/// Where a SCSI device is attached, as the kernel numbers it.
public struct SCSIAddress: Hashable, Sendable, Codable {
    /// The adapter.
    public let host: UInt32
    /// The adapter's bus.
    public let channel: UInt32
    /// The target on the bus.
    public let target: UInt32
    /// The unit in the target.
    public let lun: UInt64

    /// An address with its parts.
    public init(host: UInt32, channel: UInt32, target: UInt32, lun: UInt64) {
        self.host = host
        self.channel = channel
        self.target = target
        self.lun = lun
    }

    /// Reads `0:0:1:0`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, let host = UInt32(parts[0]), let channel = UInt32(parts[1]),
            let target = UInt32(parts[2]), let lun = UInt64(parts[3])
        else { return nil }
        self.init(host: host, channel: channel, target: target, lun: lun)
    }

    /// Reads `0:0:1:0`.
    ///
    /// - Throws: `DecodingError` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = SCSIAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no SCSI address")
        }
        self = address
    }

    /// Writes `0:0:1:0`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension SCSIAddress: CustomStringConvertible {
    /// `0:0:1:0`: host, channel, target, unit.
    public var description: String { "\(host):\(channel):\(target):\(lun)" }
}
