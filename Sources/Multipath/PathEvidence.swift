// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Where a SCSI disk is attached: host, channel, target, logical unit. `0:0:1:2`.
public struct SCSIAddress: Hashable, Sendable {
    /// The adapter.
    public let host: UInt32
    /// The bus of the adapter.
    public let channel: UInt32
    /// The device on the bus.
    public let target: UInt32
    /// The disk of the device.
    public let lun: UInt64

    /// That place.
    public init(host: UInt32, channel: UInt32, target: UInt32, lun: UInt64) {
        self.host = host
        self.channel = channel
        self.target = target
        self.lun = lun
    }

    /// Reads `0:0:1:2`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, let host = UInt32(parts[0]), let channel = UInt32(parts[1]),
            let target = UInt32(parts[2]), let lun = UInt64(parts[3])
        else { return nil }
        self.init(host: host, channel: channel, target: target, lun: lun)
    }

    /// Whether both are units of one target, reached by one adapter.
    func sharesTarget(with other: SCSIAddress) -> Bool {
        (host, channel, target) == (other.host, other.channel, other.target)
    }
}

extension SCSIAddress: CustomStringConvertible {
    /// `0:0:1:2`.
    public var description: String { "\(host):\(channel):\(target):\(lun)" }
}

/// What is known of one path of a map by asking the path itself, not multipathd.
public struct PathEvidence: Hashable, Sendable {
    /// The device, as in `/sys/block`: `sdb`.
    public var devnode: String
    /// Its size; nil when it could not be read.
    public var size: ByteCount?
    /// VPD page 0x80; nil when it has none.
    public var serialNumber: String?
    /// Every designator of the logical unit in VPD page 0x83, in any form that is the same for the same designator.
    public var designators: Set<String>
    /// Where it is attached; nil when it is no SCSI disk.
    public var address: SCSIAddress?
    /// The designators of the target port in VPD page 0x83, or the port's name by its transport; empty when unknown.
    public var targetPorts: Set<String>

    /// What is known of a path.
    public init(
        devnode: String, size: ByteCount?, serialNumber: String? = nil, designators: Set<String> = [],
        address: SCSIAddress? = nil, targetPorts: Set<String> = []
    ) {
        self.devnode = devnode
        self.size = size
        self.serialNumber = serialNumber
        self.designators = designators
        self.address = address
        self.targetPorts = targetPorts
    }

    /// `sdb (0:0:1:2)`.
    var place: String { address.map { "\(devnode) (\($0))" } ?? devnode }
}
