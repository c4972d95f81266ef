// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let serverHeartbeat = HealthCheck(
        "server.heartbeat", "The configuration server was told lately how this one is.", needs: .server
    ) { server, moment in
        guard let registration = server.registration else { return .unregistered }
        guard server.isAgentThere else {
            return Finding(
                .unknown, "The agent sends heartbeats, and it does not answer.",
                remedy: "Start it: 'systemctl start mastertargetd'.")
        }
        // One that was never answered counts from the registration.
        let last = registration.lastAnswer ?? registration.registered
        guard case .past(let age) = Age(of: last.timestamp, at: moment) else {
            return Finding(
                .unknown, "The last heartbeat lies in the future: the clock was set back.",
                remedy: "Put the clock right.")
        }
        let seconds = Int64(clamping: age / 1_000_000_000)
        var observations = Observations()
        observations.measures = [
            Measure("heartbeat_age", Double(seconds), .seconds, warning: 60, critical: Double(15 * Span.minute))
        ]
        if seconds > 60 {
            observations.note(
                seconds > 15 * Span.minute ? .critical : .warning,
                "No heartbeat was answered for \(Span.describe(seconds: seconds)). \(registration.problem ?? "")",
                remedy: "See server.reachable and server.registered; replication goes on meanwhile.")
        }
        return observations.finding(otherwise: "The last one was answered \(Span.describe(seconds: seconds)) ago.")
    }
}
