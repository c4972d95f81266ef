// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let multipathPaths = HealthCheck(
        "multipath.paths", "All paths to all disks are up.", needs: .multipath
    ) { multipath, _ in
        var observations = Observations()
        var (up, all) = (0.0, 0.0)
        for map in multipath.maps {
            guard map.paths >= 0, (0...map.paths).contains(map.pathsUp) else {
                observations.note(
                    .unknown, "The map \(map.name) is said to have \(map.pathsUp) of \(map.paths) paths up.",
                    remedy: "Look at 'multipath -ll'.")
                continue
            }
            up += Double(map.pathsUp)
            all += Double(map.paths)
            if map.pathsUp == 0 {
                observations.note(
                    .critical,
                    "The map \(map.name) has no path left of \(map.paths)\(names(map)): its I/O waits or fails.",
                    remedy: "Bring back a path (cables, switch, the array's ports, iSCSI sessions), then look at "
                        + "'multipath -ll'.")
            } else if map.pathsUp < map.paths {
                observations.note(
                    .warning, "The map \(map.name) has \(map.pathsUp) of \(map.paths) paths\(names(map)).",
                    remedy: "Bring back the other paths (cables, switch, the array's ports, iSCSI sessions) before the "
                        + "last one goes too; I/O goes on meanwhile.")
            }
        }
        observations.measures = [Measure("paths_up", up, .count), Measure("paths", all, .count)]
        return observations.finding(
            otherwise: multipath.maps.isEmpty
                ? "There is no multipath map." : "All paths of \(multipath.maps.count) maps are up.")
    }

    private static func names(_ map: MultipathFacts.Map) -> String {
        map.down.isEmpty
            ? "" : "; down: " + map.down.prefix(8).joined(separator: ", ") + (map.down.count > 8 ? ", …" : "")
    }
}
