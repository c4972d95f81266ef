// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    /// A heartbeat that takes longer than this comes over a line that jobs will not be followed on.
    private static let slowMilliseconds: UInt64 = 2_000

    static let serverReachable = HealthCheck(
        "server.reachable", "The configuration server answers.", needs: .server
    ) { server, _ in
        guard let registration = server.registration else { return .unregistered }
        let servers = registration.servers.joined(separator: ", ")
        if registration.isUnreachable {
            return Finding(
                .critical, registration.problem ?? "The configuration server \(servers) does not answer.",
                remedy: "Check name resolution and that TCP and TLS reach \(servers); replication goes on meanwhile.")
        }
        guard let milliseconds = registration.roundTripMilliseconds else {
            return Finding(
                .unknown, "The configuration server was not asked yet.", remedy: "Ask again in some seconds.")
        }
        var observations = Observations()
        observations.measures = [
            Measure(
                "server_round_trip", Double(milliseconds) / 1e3, .seconds, warning: Double(slowMilliseconds) / 1e3)
        ]
        if milliseconds > slowMilliseconds {
            observations.note(
                .warning, "The configuration server took \(milliseconds) ms to answer.",
                remedy: "Look at its load and at the line to \(servers).")
        }
        return observations.finding(otherwise: "\(servers) answers.")
    }
}

extension Finding {
    /// Of a machine without a configuration server.
    static let unregistered = Finding(.ok, "It is registered with no configuration server, and needs none.")
}
