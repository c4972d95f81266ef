// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Puts together what was read one by one: devices, the mount table, swap.
public struct StackAssembly: Sendable {
    /// Where the retention volume is mounted.
    public var retentionPath = "/mnt/retention"
    /// Where the appliance keeps its state.
    public var statePath = "/var/lib/master-target"
    /// Filesystems without which the machine does not start.
    private static let roles: [String: Disk.Role] = [
        "/": .root, "/usr": .root, "/var": .root, "/boot": .boot, "/boot/efi": .boot, "/efi": .boot,
    ]

    /// The usual places.
    public init() {}

    /// What the machine's tables say.
    public struct Tables: Sendable {
        /// The mount table.
        public var mounts: [Mount] = []
        /// Nodes and files that are swap.
        public var swaps: [String] = []
        /// Devices of mounted btrfs filesystems, by the filesystem's UUID: the mount table names only one of them.
        public var btrfs: [String: [String]] = [:]
        /// The number of a node by its path, for nodes that are named in another way than the device.
        public var nodes: [String: DeviceNumber] = [:]

        /// Nothing mounted.
        public init() {}
    }

    /// The devices with their mounts, swap, roles, and the identities of multipath maps.
    public func scan(_ disks: [Disk], tables: Tables, platform: DiskScan.Platform) -> DiskScan {
        var disks = disks
        let places = Dictionary(disks.indices.map { (disks[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        var parts: [String: (disk: Int, partition: Int)] = [:]
        for index in disks.indices {
            for part in disks[index].partitions.indices { parts[disks[index].partitions[part].name] = (index, part) }
        }
        let numbers = numbers(of: disks)
        let stateMount = mount(holding: statePath, in: tables.mounts)
        var roles: [String: Set<Disk.Role>] = [:]

        for mount in tables.mounts {
            guard let name = name(of: mount, numbers: numbers, tables: tables, disks: disks) else { continue }
            if let index = places[name] { disks[index].mounts.append(mount) }
            if let part = parts[name] { disks[part.disk].partitions[part.partition].mounts.append(mount) }
            if let role = Self.roles[mount.mountPoint] { roles[name, default: []].insert(role) }
            let isBelow = mount.mountPoint == retentionPath || mount.mountPoint.hasPrefix(retentionPath + "/")
            if isBelow { roles[name, default: []].insert(.retention) }
            if mount == stateMount { roles[name, default: []].insert(.state) }
        }
        for swap in tables.swaps {
            guard let name = name(ofNode: swap, numbers: numbers, tables: tables, disks: disks) else { continue }
            if let index = places[name] { disks[index].isSwap = true }
            if let part = parts[name] { disks[part.disk].partitions[part.partition].isSwap = true }
            roles[name, default: []].insert(.swap)
        }
        for (uuid, names) in tables.btrfs.sorted(by: { $0.key < $1.key }) {
            let all = names.reduce(into: Set<Disk.Role>()) { $0.formUnion(roles[$1] ?? []) }
            for name in names {
                roles[name, default: []].formUnion(all)
                if let index = places[name] { disks[index].holders.append("btrfs \(uuid)") }
                if let part = parts[name] {
                    disks[part.disk].partitions[part.partition].holders.append("btrfs \(uuid)")
                }
            }
        }
        spread(roles, over: &disks, places: places, parts: parts)
        identifyMaps(in: &disks, places: places)
        return DiskScan(disks: disks, platform: platform)
    }

    private func numbers(of disks: [Disk]) -> [DeviceNumber: String] {
        var numbers: [DeviceNumber: String] = [:]
        for disk in disks {
            numbers[disk.deviceNumber] = disk.name
            for partition in disk.partitions { numbers[partition.deviceNumber] = partition.name }
        }
        return numbers
    }

    private func name(
        of mount: Mount, numbers: [DeviceNumber: String], tables: Tables, disks: [Disk]
    ) -> String? {
        // A filesystem over several devices, btrfs, has a number of its own; its source names one of them.
        numbers[mount.deviceNumber]
            ?? (mount.deviceNumber.major == 0
                ? name(ofNode: mount.source, numbers: numbers, tables: tables, disks: disks) : nil)
    }

    private func name(
        ofNode path: String, numbers: [DeviceNumber: String], tables: Tables, disks: [Disk]
    ) -> String? {
        guard path.hasPrefix("/dev/") else { return nil }
        if let number = tables.nodes[path], let name = numbers[number] { return name }
        let last = path.dropFirst(5)
        if last.hasPrefix("mapper/") {
            let mapName = last.dropFirst(7)
            return disks.first { $0.mapName.map { $0 == mapName } ?? false }?.name
        }
        return numbers.values.first { $0 == last }
    }

    /// The mount that a path lies on: the one with the longest mount point before it.
    private func mount(holding path: String, in mounts: [Mount]) -> Mount? {
        mounts.filter { mount in
            mount.mountPoint == "/" || path == mount.mountPoint || path.hasPrefix(mount.mountPoint + "/")
        }.max { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }
    }

    /// What is needed of a device is needed of everything below it.
    private func spread(
        _ roles: [String: Set<Disk.Role>], over disks: inout [Disk], places: [String: Int],
        parts: [String: (disk: Int, partition: Int)]
    ) {
        for (name, wanted) in roles {
            var pending = [name]
            var seen: Set<String> = []
            while let next = pending.popLast() {
                guard seen.insert(next).inserted, let index = places[next] ?? parts[next]?.disk else { continue }
                disks[index].roles.formUnion(wanted)
                pending += disks[index].slaves
            }
        }
    }

    /// A map is the disk that all of its paths are; where they differ it is none.
    private func identifyMaps(in disks: inout [Disk], places: [String: Int]) {
        for index in disks.indices where disks[index].kind == .multipathMap {
            let paths = disks[index].slaves.compactMap { places[$0] }.map { disks[$0] }
            guard let first = paths.first, first.identity != nil,
                paths.count == disks[index].slaves.count, paths.allSatisfy({ $0.identity == first.identity })
            else { continue }
            disks[index].identifiers = first.identifiers
            disks[index].vendor = first.vendor
            disks[index].model = first.model
            disks[index].serialNumber = first.serialNumber
            disks[index].revision = first.revision
        }
    }
}
