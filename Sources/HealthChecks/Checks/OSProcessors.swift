// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let osProcessors = HealthCheck(
        "os.cpu", "Processors are not used up, on the average of 15 minutes.", needs: .load
    ) { load, _ in
        LoadVerdict.finding(
            what: "processor time", label: "cpu_used", average: load.processors, pressure: load.processorPressure,
            remedy: "Give the machine more processors, or move groups to another master target.")
    }
}
