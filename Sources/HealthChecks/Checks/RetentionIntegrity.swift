// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let retentionIntegrity = HealthCheck(
        "retention.integrity", "All history was read within 7 days and found sound.", needs: .retention
    ) { retention, moment in
        var observations = Observations()
        for history in retention.histories {
            for damage in history.corruption {
                observations.note(
                    .critical, "\(history.group): \(damage)",
                    remedy: "Take a recovery point that does not need it, have the retention volume's disk looked "
                        + "at, and "
                        + "run 'mtctl retention scrub' again.")
            }
            switch Age(of: history.lastScrub ?? history.began, at: moment) {
            case .future:
                observations.note(
                    .unknown, "The last scrub of \(history.group) lies in the future: the clock was set back.",
                    remedy: "Put the clock right, then run 'mtctl retention scrub'.")
            case .past(let age) where age > nanoseconds(7 * Span.day):
                observations.note(
                    .warning,
                    history.lastScrub == nil
                        ? "The history of \(history.group) was never scrubbed."
                        : "The last scrub of \(history.group) was \(Span.describe(seconds: age / 1_000_000_000)) ago.",
                    remedy: "Run 'mtctl retention scrub'.")
            case .past: break
            }
        }
        return observations.finding(
            otherwise: retention.histories.isEmpty
                ? "There is no history yet." : "No damage in the histories of \(retention.histories.count) groups.")
    }
}
