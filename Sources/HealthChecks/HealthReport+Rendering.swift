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
        var lines = checks.map { check -> String in
            let (mark, word, doubt) =
                check.waived == nil
                ? (check.severity.mark, check.severity.rawValue, check.severity.doubt)
                : (Self.waivedMark, "waived", check.severity.doubt)
            return "\(mark) \(filled(word, 8))  \(filled(check.id, width))  \(doubt)\(check.title)"
        }
        for check in checks where check.severity != .ok || allEvidence {
            if let reason = check.waived {
                lines += ["", "\(Self.waivedMark) \(check.id)", "    Waived in the configuration: \(reason)"]
                if allEvidence { lines += check.evidence.map { "    \($0)" } }
                continue
            }
            lines += ["", "\(check.severity.mark) \(check.id)"]
            lines += check.evidence.map { "    \($0)" }
            if let remedy = check.remedy { lines.append("    To do: \(remedy)") }
        }
        let counts = [Severity.critical, .warning, .unknown, .ok].filter { count($0) > 0 }
            .map { "\(count($0)) \($0.rawValue)" }
        let waived = checks.count { $0.waived != nil }
        let all = waived > 0 ? counts + ["\(waived) waived"] : counts
        lines += ["", "\(all.joined(separator: ", ")) at \(time(moment))."]
        return lines
    }

    private static let waivedMark = "–"
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
