// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let replicationListener = HealthCheck(
        "replication.listener", "The port for replication is open.", needs: .replication
    ) { replication, _ in
        guard let failure = replication.listenerFailure else {
            return Finding(.ok, "Port \(replication.port) is open.")
        }
        return Finding(
            .critical, "Port \(replication.port) is not open: \(failure)",
            remedy: replication.isAgentThere
                ? "See who has the port ('ss --listening --tcp --processes'), or look at "
                    + "'journalctl --unit mastertargetd'."
                : "Start the agent ('systemctl start mastertargetd'); 'journalctl --unit mastertargetd' says why it ended."
        )
    }
}
