// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// A word with the tone that it is shown in; the word alone says all.
package struct Badge: Hashable, Sendable {
    /// How much it wants to be looked at.
    package enum Tone: String, Sendable { case good, busy, warning, bad, idle }

    package let word: String
    let tone: String

    init(_ word: String, _ tone: Tone) {
        self.word = word
        self.tone = tone.rawValue
    }
}

/// A moment for people, with how long ago it was.
struct Moment: Hashable, Sendable {
    let machine: String
    let text: String
    let ago: String

    init(_ time: DateTime, now: Timestamp) {
        machine = "\(time)"
        // `2026-01-31T12:00:00.25Z` without what nobody reads.
        text = String(machine.prefix(19)).replacing("T", with: " ")
        let nanoseconds = now.nanoseconds(since: time.timestamp)
        let words = Quantity.describe(seconds: nanoseconds.magnitude / 1_000_000_000)
        ago = nanoseconds >= 0 ? "\(words) ago" : "in \(words)"
    }
}

/// The console's words for what the interface has names for.
package enum Words {
    package static func badge(_ state: GroupState) -> Badge {
        switch state {
        case .created: Badge("Created", .idle)
        case .initialSync: Badge("First copy", .busy)
        case .protected: Badge("Protected", .good)
        case .paused: Badge("Paused", .warning)
        case .resyncing: Badge("Resynchronising", .busy)
        case .recovering: Badge("Recovering", .busy)
        case .recovered: Badge("Recovered, not committed", .warning)
        case .committed: Badge("Committed", .idle)
        case .released: Badge("Released", .idle)
        case .degraded: Badge("Degraded", .bad)
        }
    }

    /// A group's state; its master target may not have been heard yet, or there is none.
    package static func badge(_ group: SiteGroupReport) -> Badge {
        if let report = group.report { return badge(report.state) }
        return group.placement == nil ? Badge("Not replicated", .idle) : Badge("Not heard of yet", .warning)
    }

    package static func badge(_ state: ServerState) -> Badge {
        switch state {
        case .awaited: Badge("Awaited", .idle)
        case .online: Badge("Online", .good)
        case .lost: Badge("Lost", .bad)
        case .revoked: Badge("Revoked", .idle)
        }
    }

    package static func badge(_ state: SiteJobReport.State) -> Badge {
        switch state {
        case .running: Badge("Running", .busy)
        case .cancelling: Badge("Being cancelled", .warning)
        case .cancelled: Badge("Cancelled", .idle)
        case .done: Badge("Done", .good)
        case .failed: Badge("Failed", .bad)
        }
    }

    package static func badge(_ state: SiteJobStep.State) -> Badge {
        switch state {
        case .waiting: Badge("Waiting", .idle)
        case .running: Badge("Running", .busy)
        case .done: Badge("Done", .good)
        case .skipped: Badge("Not needed", .idle)
        case .failed: Badge("Failed", .bad)
        }
    }

    /// `ok`, `warning`, `critical` or `unknown`, as servers report it.
    package static func health(_ severity: String) -> Badge {
        switch severity {
        case "ok": Badge("Healthy", .good)
        case "warning": Badge("Warning", .warning)
        case "critical": Badge("Critical", .bad)
        case "unknown": Badge("Unknown", .warning)
        default: Badge(severity, .warning)
        }
    }

    static func badge(_ severity: SiteFinding.Severity) -> Badge {
        switch severity {
        case .notice: Badge("Note", .idle)
        case .warning: Badge("Warning", .warning)
        case .refusal: Badge("Not possible", .bad)
        }
    }

    static func role(_ role: HostRole) -> String {
        switch role {
        case .masterTarget: "Master target"
        case .processServer: "Process server"
        case .nbdClient: "NBD client"
        case .operator: "Operator"
        case .configurationServer: "Configuration server"
        }
    }

    static func direction(_ direction: ReplicationDirection) -> String {
        switch direction {
        case .failback: "Back to this site"
        case .forward: "Out to the other site"
        }
    }

    static func operation(_ kind: SiteOperation.Kind) -> String {
        switch kind {
        case .reprotect: "Reprotect"
        case .failover: "Fail over"
        case .rollback: "Roll back"
        case .commit: "Commit"
        }
    }

    static func step(_ kind: SiteJobStep.Kind) -> String {
        switch kind {
        case .check: "Check what stands against it"
        case .place: "Choose a master target and a process server"
        case .prepare: "Make the group and bind its disks"
        case .assign: "Let the process server send"
        case .synchronise: "Copy what differs"
        case .stopSource: "Send what is left, and stop"
        case .recover: "Bring the disks to the point"
        case .rollback: "Bring the disks back to the latest point"
        case .resume: "Let the process server send again"
        case .commit: "Accept what the disks show"
        case .release: "Release the process server"
        }
    }

    static func kind(_ kind: PointReport.Kind) -> String {
        switch kind {
        case .applicationConsistent: "Application-consistent"
        case .crashConsistent: "Crash-consistent"
        }
    }

    static func accuracy(_ accuracy: PointAccuracy) -> String {
        switch accuracy {
        case .exact: "Exact"
        case .approximate: "Approximate"
        case .notGuaranteed: "Not guaranteed"
        }
    }

    static func point(_ point: PointReference) -> String {
        switch point {
        case .latest: "Latest"
        case .latestProcessed: "Latest on the disks"
        case .latestApplicationConsistent: "Latest application-consistent"
        case .bookmark(let label): label
        case .time(let time): "\(time)"
        case .sequence(let number): "Number \(number)"
        }
    }

    /// What recovering to a point gives up.
    package static func loss(_ seconds: UInt64) -> String {
        seconds == 0 ? "Loses nothing" : "Loses \(Quantity.describe(seconds: seconds))"
    }

    static func answer(_ fact: Bool?) -> String { fact.map { $0 ? "yes" : "no" } ?? "not known" }
}

/// The age of the newest durable change against what the policy promises.
package struct RPOView: Hashable, Sendable {
    /// `42 s`, or that there is none.
    package let age: String
    /// `of 15 min`.
    package let limit: String
    package let isBeyond: Bool
    /// How much of the threshold is used up, as `63.5%`; nil while there is no change.
    package let share: String?
    package let tone: String

    package init(seconds: UInt64?, threshold: UInt64, isBeyond: Bool) {
        self.isBeyond = isBeyond
        limit = Quantity.describe(seconds: threshold)
        age = seconds.map { Quantity.describe(seconds: $0) } ?? "no change yet"
        let used = seconds.map { min(1, Double($0) / Double(max(threshold, 1))) }
        share = used.map { "\(Double(Int($0 * 1000)) / 10)%" }
        tone = (isBeyond ? Badge.Tone.bad : (used ?? 0) > 0.8 ? .warning : .good).rawValue
    }
}

/// A finding, and the object it is about where it is shown away from that.
package struct FindingView: Hashable, Sendable {
    let badge: Badge
    let message: String
    let remedy: String?
    let rule: String?
    let subject: String?
    let address: String?
    let rank: Int

    init(_ finding: SiteFinding, subject: String? = nil, address: String? = nil) {
        self.init(
            Words.badge(finding.severity), finding.message, remedy: finding.remedy, rule: finding.rule,
            subject: subject, address: address)
    }

    init(
        _ badge: Badge, _ message: String, remedy: String?, rule: String = "", subject: String? = nil,
        address: String? = nil
    ) {
        self.badge = badge
        self.message = message
        self.remedy = remedy.flatMap { $0.isEmpty ? nil : $0 }
        self.rule = rule.isEmpty ? nil : rule
        self.subject = subject
        self.address = address
        rank = badge.tone == Badge.Tone.bad.rawValue ? 0 : badge.tone == Badge.Tone.warning.rawValue ? 1 : 2
    }
}
