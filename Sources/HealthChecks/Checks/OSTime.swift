// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    /// Beyond this the clock is wrong enough to name recovery points wrongly and to refuse certificates.
    private static let farOff: UInt64 = 5_000_000_000

    static let osTime = HealthCheck("os.time", "The clock is kept by a time service.", needs: .clock) { clock, _ in
        var observations = Observations()
        if let ahead = clock.aheadOfServer {
            let seconds = Double(ahead) / 1e9
            observations.measures = [Measure("clock_offset", seconds, .seconds, critical: 5)]
            if ahead.magnitude > farOff {
                observations.note(
                    .critical,
                    "The clock is \(decimal(seconds.magnitude)) s \(ahead < 0 ? "behind" : "ahead of") the "
                        + "configuration "
                        + "server's.",
                    remedy: "Set the clock by the site's time servers: 'chronyc makestep', or restart the time "
                        + "service.")
            }
        }
        if !clock.isSynchronized {
            observations.note(
                .warning, "The kernel says that no time service keeps its clock.",
                remedy: "Install chrony, name the site's time servers in its configuration, and start it.")
        }
        return observations.finding(otherwise: "The kernel says that its clock is kept.")
    }
}
