// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let osMemory = HealthCheck(
        "os.memory", "Memory is not used up, on the average of 15 minutes.", needs: .load
    ) { load, _ in
        LoadVerdict.finding(
            what: "memory", label: "memory_used", average: load.memory, pressure: load.memoryPressure,
            remedy: "Give the machine more memory, or move groups to another master target.")
    }
}

/// The rule that memory and processors share: above 80 % a warning, above 95 % critical.
enum LoadVerdict {
    static func finding(
        what: String, label: String, average: LoadFacts.Average, pressure: Double?, remedy: String
    ) -> Finding {
        let percent = average.percent
        guard percent.isFinite, percent >= 0 else {
            return Finding(
                .unknown, "The figures about \(what) make no sense.", remedy: "Look at /proc/meminfo and /proc/stat.")
        }
        let severity: Severity = percent > 95 ? .critical : percent > 80 ? .warning : .ok
        var evidence = [
            average.seconds > 0
                ? "Over the last \(Span.describe(seconds: average.seconds)), \(percentText(percent)) of \(what) was in use."
                : "Now, \(percentText(percent)) of \(what) is in use."
        ]
        if let pressure, pressure.isFinite, pressure >= 0 {
            evidence.append("In \(percentText(pressure)) of the last 5 min something waited for \(what).")
        }
        return Finding(
            severity, evidence: evidence, remedy: remedy,
            measures: [Measure(label, percent, .percent, warning: 80, critical: 95)])
    }
}
