// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Values of the site's interface in words.
enum SiteWords {
    /// How long ago a moment is by this machine's clock, which may be behind the server's.
    static func age(_ moment: DateTime) -> String {
        let nanoseconds = Console.current.now().nanoseconds(since: moment.timestamp)
        return Quantity.describe(seconds: UInt64(max(0, nanoseconds) / 1_000_000_000))
    }

    static func step(_ kind: SiteJobStep.Kind) -> String {
        kind == .stopSource ? "stop source" : kind.rawValue
    }

    /// `failover to latest`, `reprotect (failback)`.
    static func operation(_ operation: SiteOperation) -> String {
        switch operation.kind {
        case .reprotect: "reprotect" + (operation.reprotect.map { " (\($0.direction.rawValue))" } ?? "")
        case .failover: "failover" + (operation.failover.map { " to \($0.point)" } ?? "")
        case .rollback, .commit: operation.kind.rawValue
        }
    }

    /// `12 s of 15 min`: an age against its threshold.
    static func rpo(_ group: SiteGroupReport) -> String {
        guard let placement = group.placement else { return "-" }
        let limit = Quantity.describe(seconds: policy(group.policy, placement.direction).rpoThresholdSeconds)
        return "\(group.rpoSeconds.map { Quantity.describe(seconds: $0) } ?? "none") of \(limit)"
    }

    static func policy(_ policy: SitePolicy, _ direction: ReplicationDirection) -> GroupPolicy {
        direction == .failback ? policy.failback : policy.forward
    }

    /// Part done, in percent; nil where it is not known.
    static func percent(_ step: SiteJobStep) -> Int? {
        guard let done = step.doneBytes, let total = step.totalBytes, total > .zero else { return nil }
        return Int(min(1, Double(done.rawValue) / Double(total.rawValue)) * 100)
    }

    static func yesNo(_ value: Bool?) -> String { value.map { $0 ? "yes" : "no" } ?? "not known" }
}
