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
            remedy: "Mend what it says; 'journalctl --unit mastertargetd' says more, and 'ss --listening --tcp "
                + "--processes' who else has the port.")
    }
}
