// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let serverRegistered = HealthCheck(
        "server.registered", "The certificate from the configuration server is good and far from its end.",
        needs: .server
    ) { server, moment in
        guard let registration = server.registration else { return .unregistered }
        if registration.isRevoked {
            return Finding(
                .critical, "The configuration server took the certificate of \(registration.hostID) back.",
                remedy: "Register again with mtctl register, if that was not meant.")
        }
        let (begins, expires) = (registration.certificateBegins.timestamp, registration.certificateExpires.timestamp)
        let left = expires.nanoseconds(since: moment) / 1_000_000_000
        guard left > 0 else {
            return Finding(
                .critical, "The certificate of \(registration.hostID) has expired.",
                remedy: "Register again with mtctl register.")
        }
        let lifetime = max(1, expires.nanoseconds(since: begins) / 1_000_000_000)
        var observations = Observations()
        observations.measures = [Measure("certificate_left", Double(left), .seconds, warning: Double(lifetime) / 3)]
        // It is renewed when two thirds have passed: later means that renewing fails.
        if left < lifetime / 3 - Span.hour {
            observations.note(
                .warning, "The certificate expires in \(Span.describe(seconds: left)) and was not renewed.",
                remedy: "'journalctl --unit mastertargetd' says why; register again with mtctl register before it ends."
            )
        }
        return observations.finding(
            otherwise: "Registered as \(registration.hostID); the certificate lasts \(Span.describe(seconds: left)).")
    }
}
