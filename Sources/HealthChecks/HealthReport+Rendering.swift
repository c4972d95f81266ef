// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

extension HealthReport {
    /// For people: a line for each check, then evidence and remedy of everything that is not ok.
    ///
    /// - Parameters:
    ///   - allEvidence: Whether to show the evidence of what is ok, too.
    ///   - time: How to write the moment.
    public func lines(allEvidence: Bool = false, time: (DateTime) -> String = { $0.description }) -> [String] {
        let width = checks.map(\.id.count).max() ?? 0
        func filled(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        var lines = checks.map { check in
            "\(check.severity.mark) \(filled(check.severity.rawValue, 8))  \(filled(check.id, width))  "
                + check.severity.doubt + check.title
        }
        for check in checks where check.severity != .ok || allEvidence {
            lines += ["", "\(check.severity.mark) \(check.id)"]
            lines += check.evidence.map { "    \($0)" }
            if let remedy = check.remedy { lines.append("    To do: \(remedy)") }
        }
        let counts = [Severity.critical, .warning, .unknown, .ok].filter { count($0) > 0 }
            .map { "\(count($0)) \($0.rawValue)" }
        lines += ["", "\(counts.joined(separator: ", ")) at \(time(moment))."]
        return lines
    }
}

extension Severity {
    /// What a title, which says what has to hold, is read with.
    var doubt: String {
        switch self {
        case .ok: ""
        case .warning, .critical: "Not so: "
        case .unknown: "Not known: "
        }
    }

    /// A sign that can be told apart without colours.
    var mark: String {
        switch self {
        case .ok: "✓"
        case .warning: "!"
        case .critical: "✗"
        case .unknown: "?"
        }
    }
}
