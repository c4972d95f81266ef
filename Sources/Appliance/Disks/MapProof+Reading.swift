// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives

extension MapProof {
    /// Reads the same places through every path of a map; nil for what is no map. Blocks.
    static func reading(_ map: Disk, in scan: DiskScan) -> MapProof? {
        guard map.kind == .multipathMap else { return nil }
        var generator = SystemRandomNumberGenerator()
        let offsets = sampleOffsets(size: map.size, seed: generator.next())
        var paths: [(name: String, device: any BlockDevice)] = []
        for path in scan.paths(of: map) {
            do {
                paths.append((path.name, try DirectFile(path: path.devnode, access: .readOnly)))
            } catch {
                return MapProof(of: [path.name], refusal: "\(path.name) cannot be read (\(error)).")
            }
        }
        return compare(paths, at: offsets)
    }
}

extension DiskScan {
    /// The identities of the disks under the root filesystem, which multipathd must leave alone.
    var rootIdentities: [String] {
        disks.filter { $0.isPhysical && $0.roles.contains(.root) }.compactMap(\.identity?.rawValue)
    }
}
