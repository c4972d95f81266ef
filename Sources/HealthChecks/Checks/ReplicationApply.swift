// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let replicationApply = HealthCheck(
        "replication.apply", "What is durable reaches the target disks within 30 minutes.", needs: .replication
    ) { replication, _ in
        var observations = Observations()
        for group in replication.groups where group.backlog > .zero {
            guard let rate = group.appliedPerSecond else {
                observations.note(
                    .unknown, "\(group.name) has \(group.backlog) to apply, at a rate that is not known yet.",
                    remedy: "Ask again in a minute.")
                continue
            }
            let backlog = UInt128(group.backlog.rawValue)
            let minute = UInt128(rate) * 60
            let seconds = rate == 0 ? nil : group.backlog.rawValue / rate
            if let seconds {
                observations.measures.append(
                    Measure("drain_\(group.name)", Double(seconds), .seconds, warning: 1800, critical: 2700))
            }
            guard backlog > minute * 30 else { continue }
            let time =
                seconds.map { "takes \(Span.describe(seconds: Int64(clamping: $0)))" } ?? "does not end: "
                + "nothing is applied"
            observations.note(
                backlog > minute * 45 ? .critical : .warning,
                "Applying the \(group.backlog) that \(group.name) has waiting \(time).",
                remedy: "See with 'mtctl group show' whether the target disk or the retention volume is slow; resume "
                    + "the "
                    + "group if it is paused.")
        }
        return observations.finding(otherwise: "No group has more waiting than it soon applies.")
    }
}
