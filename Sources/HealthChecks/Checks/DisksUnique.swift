// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksUnique = HealthCheck(
        "disks.unique", "No two disks have the same identity.", needs: .disks
    ) { facts, _ in
        var devices: [String: [DiskFacts]] = [:]
        for disk in facts.disks {
            if let identity = disk.identity, !identity.isEmpty { devices[identity, default: []].append(disk) }
        }
        var observations = Observations()
        for (identity, same) in devices.sorted(by: { $0.key < $1.key }) where same.count > 1 {
            let maps = Set(same.map(\.trustedMap))
            if maps.count == 1, maps.first != .some(nil) { continue }
            let names = same.map(\.name).sorted()
            observations.note(
                .critical,
                "\(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", …" : "") carry one identity, "
                    + "\(identity), "
                    + "and are not proven to be paths to one disk.",
                remedy: "Give each virtual disk a UUID of its own (clones of a template share theirs), or, if they are "
                    + "paths to one disk, start multipathd; until then neither can be a target.")
        }
        return observations.finding(otherwise: "\(devices.count) identities, each of one disk.")
    }
}
