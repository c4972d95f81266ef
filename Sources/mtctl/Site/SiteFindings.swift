// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI

/// What stands against an operation, or has to be known, for people: each with its remedy.
enum SiteFindings {
    static func show(_ findings: [SiteFinding], _ console: Console) {
        let width = findings.map(\.rule.count).max() ?? 0
        for finding in findings {
            let rule = finding.rule + String(repeating: " ", count: width - finding.rule.count)
            console.print("\(mark(finding.severity, console)) \(rule)  \(finding.message)")
            if !finding.remedy.isEmpty {
                console.print(String(repeating: " ", count: width + 4) + finding.remedy)
            }
        }
    }

    /// Shows what was found, and refuses what is refused. With `json` only a refusal is shown, on standard output: the
    /// failure that follows is on standard error, so that a script has all of it.
    static func pass(_ list: SiteFindingList, _ operation: SiteOperation, of group: String, json: Bool) throws {
        let console = Console.current
        if !json {
            show(list.findings, console)
        } else if !list.isPermitted {
            console.json(list)
        }
        guard let first = list.findings.first(where: { $0.severity == .refusal }) else { return }
        let count = list.findings.count { $0.severity == .refusal }
        throw ConfigurationFailure(
            .conflict,
            "The \(operation.kind.rawValue) of group \(group) is refused: \(first.message)"
                + (count > 1 ? " \(count - 1) more stand against it." : ""),
            remedy: first.remedy)
    }

    private static func mark(_ severity: SiteFinding.Severity, _ console: Console) -> String {
        switch severity {
        case .refusal: console.colored("✗", .red)
        case .warning: console.colored("!", .yellow)
        case .notice: "·"
        }
    }
}
