// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Every block device of a machine at one moment, with what is built on what.
public struct DiskScan: Hashable, Sendable {
    /// Whole devices, in the order of their names.
    public let disks: [Disk]
    /// What makes the machine: a hypervisor, or nothing known. It decides which remedy is shown.
    public let platform: Platform
    private let places: [String: Int]
    private let owners: [String: Int]

    /// What a machine runs on, as far as disks differ by it.
    public enum Platform: String, Hashable, Sendable {
        case vmware
        case qemu
        case hyperV
        case other
    }

    /// Devices that were read one by one; mounts, roles and the identities of maps must be in them already, which
    /// ``StackAssembly`` sees to.
    public init(disks: [Disk], platform: Platform = .other) {
        let sorted = disks.sorted { Self.precedes($0.name, $1.name) }
        self.disks = sorted
        self.platform = platform
        places = Dictionary(sorted.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        owners = Dictionary(
            sorted.enumerated().flatMap { index, disk in disk.partitions.map { ($0.name, index) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// sda before sdz before sdaa, dm-2 before dm-10.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (first, second) = (left.utf8.count, right.utf8.count)
        let sameKind = left.prefix(2) == right.prefix(2)
        return sameKind && first != second ? first < second : left < right
    }

    /// The device of a name.
    public func disk(named name: String) -> Disk? { places[name].map { disks[$0] } }

    /// The device that a name belongs to: itself, or the one whose partition it is.
    public func owner(of name: String) -> Disk? { disk(named: name) ?? owners[name].map { disks[$0] } }

    /// Disks and paths to disks that answer with an identity: one, or several paths to it.
    public func devices(of identity: DiskIdentity) -> [Disk] {
        disks.filter { $0.isPhysical && $0.identity == identity }
    }

    /// The multipath map that a device is a path of.
    public func map(over disk: Disk) -> Disk? {
        disk.holders.lazy.compactMap { self.disk(named: $0) }.first { $0.kind == .multipathMap }
    }

    /// The paths of a multipath map.
    public func paths(of map: Disk) -> [Disk] { map.slaves.compactMap { disk(named: $0) } }

    /// What is opened to reach the disk with an identity: its map, or the disk where it has one path and no map; nil
    /// where it is not there or not unique.
    public func target(_ identity: DiskIdentity) -> Disk? {
        let devices = devices(of: identity)
        let maps = Set(devices.map { map(over: $0) })
        guard let first = devices.first, maps.count == 1, let map = maps.first else { return nil }
        return map ?? (devices.count == 1 ? first : nil)
    }
}
