// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksUnique = HealthCheck(
        "disks.unique", "No two disks have the same identity.", needs: .disks
    ) { facts, _ in
        var observations = Observations()
        for conflict in facts.conflicts {
            observations.note(.critical, conflict.sentence, remedy: conflict.remedy)
        }
        let identities = Set(facts.disks.compactMap(\.identity))
        return observations.finding(otherwise: "\(identities.count) identities, each of one disk.")
    }
}
