// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Devices that have just come up beside a map of the same identity: paths, usually, which multipathd takes up within a
/// second or two. Until then they are nobody's duplicate: the map is written to, and they are not.
final class Newcomers: Sendable {
    /// How long a device may stand beside its map, in nanoseconds.
    static let patience: Int64 = 15 * 1_000_000_000

    private let firstSeen = Mutex<[String: Timestamp]>([:])

    /// The names of devices that carry the identity of a map, are not its paths, and have not been so for long.
    func arriving(in scan: DiskScan, at now: Timestamp) -> Set<String> {
        let alone = scan.disks.filter { disk in
            guard disk.isPhysical, scan.map(over: disk) == nil, let identity = disk.identity else { return false }
            return scan.disks.contains { $0.kind == .multipathMap && $0.identity == identity }
        }
        return firstSeen.withLock { firstSeen in
            firstSeen = Dictionary(
                alone.map { ($0.name, firstSeen[$0.name] ?? now) }, uniquingKeysWith: { first, _ in first })
            return Set(firstSeen.filter { (0..<Self.patience).contains(now.nanoseconds(since: $0.value)) }.map(\.key))
        }
    }
}
