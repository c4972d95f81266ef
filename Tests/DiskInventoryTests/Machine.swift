// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import StoragePrimitives

/// Disks made for the tests of rules, in one line each.
func disk(
    _ name: String, _ identity: String? = nil, size: ByteCount = .mebibytes(64), address: String? = nil,
    change: (inout Disk) -> Void = { _ in }
) -> Disk {
    var evidence = DiskIdentifiers.Evidence()
    if let identity { evidence.deviceIdentification = page83(designator(1, 3, hex(identity))) }
    let number = name.utf8.reduce(UInt32(0)) { ($0 &* 31 &+ UInt32($1)) & 0xF_FFFF }
    var disk = Disk(name: name, deviceNumber: DeviceNumber(major: 8, minor: number), kind: .scsi, size: size)
    disk.identifiers = DiskIdentifiers(evidence)
    disk.address = address.flatMap { SCSIAddress($0) }
    disk.vendor = "VMware"
    disk.model = "Virtual disk"
    disk.transport = .sas
    change(&disk)
    return disk
}

/// A multipath map over paths that are in the same list.
func map(_ name: String, over paths: [String]) -> Disk {
    var map = Disk(
        name: name, deviceNumber: DeviceNumber(major: 254, minor: 0), kind: .multipathMap, size: .mebibytes(64))
    map.mapName = "mpath_\(name)"
    map.mapUUID = "mpath-x"
    map.slaves = paths
    map.transport = .none
    return map
}

func machine(
    _ disks: [Disk], mounts: [Mount] = [], swaps: [String] = [], platform: DiskScan.Platform = .vmware
) -> DiskScan {
    var tables = StackAssembly.Tables()
    tables.mounts = mounts
    tables.swaps = swaps
    return StackAssembly().scan(disks, tables: tables, platform: platform)
}

let first = "6000c290000000000000000000000001"
let second = "6000c290000000000000000000000002"
let third = "6000c290000000000000000000000003"

func identity(_ digits: String) -> DiskIdentity {
    guard let identity = DiskIdentity(rawValue: "3" + digits) else { preconditionFailure("a test's identity") }
    return identity
}
