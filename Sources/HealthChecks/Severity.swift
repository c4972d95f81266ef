// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// How bad it is. Compares by what deserves attention first: critical, warning, unknown, ok.
///
/// Source: Monitoring Plugins development guidelines, "Plugin return codes"; `max_state_alt` for the order.
public enum Severity: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    case ok
    case warning
    case critical
    /// It could not be found out.
    case unknown

    /// What a program that reports it ends with: 0, 1, 2, 3.
    public var exitCode: Int32 {
        switch self {
        case .ok: 0
        case .warning: 1
        case .critical: 2
        case .unknown: 3
        }
    }

    private var urgency: Int {
        switch self {
        case .ok: 0
        case .unknown: 1
        case .warning: 2
        case .critical: 3
        }
    }

    /// Less urgent.
    public static func < (left: Severity, right: Severity) -> Bool { left.urgency < right.urgency }
}
