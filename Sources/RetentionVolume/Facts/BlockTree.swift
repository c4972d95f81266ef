// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The block devices of a machine and what each is made of. A value: what it was when it was read.
public struct BlockTree: Hashable, Sendable {
    /// A block device.
    public struct Node: Hashable, Sendable {
        /// What kind of device it is.
        public enum Kind: Hashable, Sendable {
            case disk
            case partition
            case mapper  // device-mapper: a logical volume, a multipath map, an encrypted volume
            case array  // md
            case loop(backing: String)
            case memory  // ram, zram: gone at the next start
            case optical
        }

        /// Its number.
        public var number: DeviceNumber
        /// As in `/sys/class/block`: `sdc1`.
        public var name: String
        /// What kind of device it is.
        public var kind: Kind
        /// Its size.
        public var size: ByteCount
        /// Whether the kernel refuses writes.
        public var isReadOnly: Bool
        /// What it is made of: the disk of a partition, the members of an array, a map or a volume.
        public var parts: [DeviceNumber]
        /// What it is known by, where the kernel says so: a disk's WWID, a map's name for it.
        public var identity: String?

        /// A device.
        public init(
            _ name: String, number: DeviceNumber, kind: Kind = .disk, size: ByteCount, isReadOnly: Bool = false,
            parts: [DeviceNumber] = [], identity: String? = nil
        ) {
            self.name = name
            self.number = number
            self.kind = kind
            self.size = size
            self.isReadOnly = isReadOnly
            self.parts = parts
            self.identity = identity
        }
    }

    /// The devices by number.
    public let nodes: [DeviceNumber: Node]
    private let users: [DeviceNumber: [DeviceNumber]]

    /// A machine with these devices.
    public init(_ devices: [Node]) {
        // One number is one device; were one listed twice, both say the same.
        nodes = Dictionary(devices.map { ($0.number, $0) }) { first, _ in first }
        var users: [DeviceNumber: [DeviceNumber]] = [:]
        for device in nodes.values.sorted(by: { $0.name < $1.name }) {
            for part in device.parts { users[part, default: []].append(device.number) }
        }
        self.users = users
    }

    /// Everything a device is made of, itself not among it: nearest first.
    public func below(_ number: DeviceNumber) -> [Node] { reach(from: number) { nodes[$0]?.parts ?? [] } }

    /// Everything that is made of a device, itself not among it: nearest first.
    public func above(_ number: DeviceNumber) -> [Node] { reach(from: number) { users[$0] ?? [] } }

    /// A device and everything it is made of.
    public func stack(_ number: DeviceNumber) -> Set<DeviceNumber> {
        Set([number] + below(number).map(\.number))
    }

    /// By breadth; each device once, so that a circle (which no kernel makes) ends.
    private func reach(from start: DeviceNumber, _ next: (DeviceNumber) -> [DeviceNumber]) -> [Node] {
        var seen: Set<DeviceNumber> = [start]
        var queue = next(start)
        var found: [Node] = []
        while !queue.isEmpty {
            var following: [DeviceNumber] = []
            for number in queue where seen.insert(number).inserted {
                if let node = nodes[number] { found.append(node) }
                following += next(number)
            }
            queue = following
        }
        return found
    }
}
