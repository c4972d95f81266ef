// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let retentionVolume = HealthCheck(
        "retention.volume", "The retention volume keeps every rule.", needs: .retention
    ) { retention, _ in
        guard !retention.rules.isEmpty else {
            return Finding(
                .unknown, "No rule was looked at.",
                remedy: "Look at 'mtctl retention candidates', which judges all "
                    + "of them.")
        }
        var observations = Observations()
        for rule in retention.rules where !rule.isKept {
            observations.note(
                .critical, rule.sentence,
                remedy: "Mend that, or take another volume: 'mtctl retention candidates' shows all of them with "
                    + "reasons.")
        }
        return observations.finding(otherwise: "It keeps all \(retention.rules.count) rules.")
    }
}
