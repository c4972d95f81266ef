// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let replicationRPO = HealthCheck(
        "replication.rpo",
        "The newest durable change of every group is younger than its "
            + "threshold.", needs: .replication
    ) { replication, moment in
        var observations = Observations()
        for group in replication.groups where group.expectsChanges {
            guard group.threshold > 0 else {
                observations.note(
                    .unknown, "The group \(group.name) has a threshold of \(group.threshold) s.",
                    remedy: "Set the RPO threshold of its policy.")
                continue
            }
            guard case .past(let age) = Age(of: group.lastDurable, at: moment) else {
                observations.note(
                    .unknown, "The newest change of \(group.name) lies in the future: the clock was set back.",
                    remedy: "Put the clock right.")
                continue
            }
            let threshold = nanoseconds(group.threshold)
            observations.measures.append(
                Measure(
                    "rpo_\(group.name)", Double(age) / 1e9, .seconds, warning: Double(group.threshold) / 2,
                    critical: Double(group.threshold)))
            // Half of a whole number of seconds is a whole number of nanoseconds.
            guard age > threshold / 2 else { continue }
            observations.note(
                age > threshold ? .critical : .warning,
                "The newest durable change of \(group.name) is \(Span.describe(seconds: age / 1_000_000_000)) old; the "
                    + "threshold is \(Span.describe(seconds: group.threshold)).",
                remedy: "See with 'mtctl group show' what holds it up; without a sender, look at mt-process-server "
                    + "beside "
                    + "the source and at the way from there to port \(replication.port).")
        }
        return observations.finding(otherwise: "No group is behind.")
    }
}
