// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthReport {
    /// One line for Nagios and its kin: the state, what is not ok, and after a bar the figures.
    ///
    /// Source: Monitoring Plugins development guidelines, "Plugin output" and "Performance data".
    public var monitoringLine: String {
        var line = "MASTER TARGET \(severity.rawValue.uppercased()) - "
        let parts = [Severity.critical, .warning, .unknown].filter { count($0) > 0 }.map { level in
            let ids = checks.filter { $0.severity == level && $0.waived == nil }.map(\.id)
            return "\(ids.count) \(level.rawValue): \(ids.joined(separator: ", "))"
        }
        line += parts.isEmpty ? "all \(count(.ok)) checks are ok" : parts.joined(separator: "; ")
        let data = checks.flatMap(\.measures).map(\.performanceDatum)
        return Self.plain(line) + (data.isEmpty ? "" : " | " + data.joined(separator: " "))
    }

    /// A bar begins the figures, so that it may not be in the text.
    private static func plain(_ text: String) -> String {
        String(text.map { $0 == "|" || $0.isNewline ? "/" : $0 })
    }
}

extension Measure {
    /// `'root_free'=43.5%;20;10`: label, value, unit, the two thresholds.
    var performanceDatum: String {
        // The characters that end or part a label.
        let name = String(Finding.printable(label).map { "'=|".contains($0) ? "_" : $0 })
        var text = "'\(name)'=\(decimal(value))\(unit.rawValue)"
        if warning != nil || critical != nil {
            text += ";\(warning.map(Self.threshold) ?? "")"
            if let critical { text += ";\(Self.threshold(critical))" }
        }
        return text
    }

    private static func threshold(_ value: Double) -> String { decimal(value) }
}
