// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a device is used for, with the evidence.
public enum DiskUse: Hashable, Sendable {
    case mounted(device: String, at: String)
    case swap(device: String)
    /// Something is built on it; the label says what, where that is known.
    case held(device: String, by: String, label: String?)
}

extension DiskScan {
    /// Everything that a device, its partitions and what is built on them are used for. A multipath map over the device
    /// is its own and counts for nothing; what uses that map counts.
    public func uses(of disk: Disk) -> [DiskUse] {
        var uses: [DiskUse] = []
        var seen: Set<String> = []
        collect(disk, into: &uses, seen: &seen)
        return uses
    }

    private func collect(_ disk: Disk, into uses: inout [DiskUse], seen: inout Set<String>) {
        guard seen.insert(disk.name).inserted else { return }
        uses += disk.mounts.map { .mounted(device: disk.name, at: $0.mountPoint) }
        if disk.isSwap { uses.append(.swap(device: disk.name)) }
        holders(disk.holders, of: disk.name, into: &uses, seen: &seen)
        for partition in disk.partitions {
            uses += partition.mounts.map { .mounted(device: partition.name, at: $0.mountPoint) }
            if partition.isSwap { uses.append(.swap(device: partition.name)) }
            holders(partition.holders, of: partition.name, into: &uses, seen: &seen)
        }
    }

    private func holders(_ names: [String], of device: String, into uses: inout [DiskUse], seen: inout Set<String>) {
        for name in names {
            let holder = disk(named: name)
            if holder?.kind != .multipathMap {
                uses.append(.held(device: device, by: name, label: holder?.mapName))
            }
            if let holder { collect(holder, into: &uses, seen: &seen) }
        }
    }
}

extension DiskUse {
    /// The end of a sentence that begins with the disk's name: `holds partition sdc1, mounted on /data`.
    public func phrase(on disk: String) -> String {
        switch self {
        case .mounted(let device, let place):
            device == disk ? "is mounted on \(place)" : "holds \(noun(device, disk)), mounted on \(place)"
        case .swap(let device):
            device == disk ? "is in use as swap" : "holds \(noun(device, disk)), in use as swap"
        case .held(let device, let holder, let label):
            device == disk
                ? "is held by \(holder)\(label.map { " (\($0))" } ?? "")"
                : "holds \(noun(device, disk)), held by \(holder)\(label.map { " (\($0))" } ?? "")"
        }
    }

    private func noun(_ device: String, _ disk: String) -> String {
        device.hasPrefix(disk) ? "partition \(device)" : device
    }
}
