// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let replicationPoints = HealthCheck(
        "replication.points", "Application-consistent points come as often as the policies want.", needs: .replication
    ) { replication, moment in
        var observations = Observations()
        for group in replication.groups where group.expectsChanges {
            guard let interval = group.consistentInterval else { continue }
            guard interval > 0 else {
                observations.note(
                    .unknown, "The group \(group.name) has an interval of \(interval) s between consistent points.",
                    remedy: "Set the interval of its policy, or switch such points off.")
                continue
            }
            guard case .past(let age) = Age(of: group.lastConsistentPoint, at: moment) else {
                observations.note(
                    .unknown,
                    "The newest consistent point of \(group.name) lies in the future: the clock was set "
                        + "back.",
                    remedy: "Put the clock right.")
                continue
            }
            let wanted = UInt128(interval) * 1_000_000_000
            let seconds = Double(interval)
            observations.measures.append(
                Measure(
                    "point_age_\(group.name)", Double(age) / 1e9, .seconds, warning: seconds * 1.5,
                    critical: seconds * 3))
            guard UInt128(age) * 2 > wanted * 3 else { continue }
            observations.note(
                UInt128(age) > wanted * 3 ? .critical : .warning,
                "The newest application-consistent point of \(group.name) is "
                    + "\(Span.describe(seconds: age / 1_000_000_000)) old; the policy wants one every "
                    + "\(Span.describe(seconds: interval)).",
                remedy: "Look at the commands before and after a pass on the source: a point is only as consistent "
                    + "as they "
                    + "make it.")
        }
        return observations.finding(otherwise: "Every group that wants them has a recent one.")
    }
}
