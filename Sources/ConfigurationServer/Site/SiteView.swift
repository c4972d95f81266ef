// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// All that a decision about a group is made of, at one moment: a value, so that the same decision comes of it again.
package struct SiteView: Sendable {
    package var now: DateTime
    package var policy: SitePolicy
    /// The group's machines, in its order.
    package var machines: [SiteMachine]
    /// All servers, with their heartbeats.
    package var servers: [ServerReport]
    /// Where groups are, this one among them. Only filled for what chooses servers and targets.
    package var placements: [String: SitePlacement]
    /// Where groups were accepted: their machines run on these disks. Filled as ``placements``.
    package var accepted: [String: SitePlacement]

    package init(
        now: DateTime, policy: SitePolicy, machines: [SiteMachine], servers: [ServerReport],
        placements: [String: SitePlacement] = [:],
        accepted: [String: SitePlacement] = [:]
    ) {
        self.now = now
        self.policy = policy
        self.machines = machines
        self.servers = servers
        self.placements = placements
        self.accepted = accepted
    }

    /// The group's disks, in the order of their numbers.
    package var disks: [(machine: SiteMachine, disk: SiteDisk)] {
        machines.flatMap { machine in machine.disks.map { (machine, $0) } }
    }

    package func server(_ hostID: String) -> ServerReport? { servers.first { $0.hostID == hostID } }

    /// What people know a server by.
    package func name(_ hostID: String) -> String { server(hostID)?.hostName ?? hostID }

    /// What a master target said of a group, and when.
    package func report(of group: String, from hostID: String) -> (group: GroupReport, moment: DateTime)? {
        guard let server = server(hostID), server.state != .revoked, let moment = server.lastSeen,
            let report = server.heartbeat?.groups.first(where: { $0.name == group })
        else { return nil }
        return (report, moment)
    }

    /// Master targets that say they have a group that is not done with, and that is placed on none of them.
    package func claims(on group: String, except pinned: String?) -> [ServerReport] {
        servers.filter { server in
            guard server.hostID != pinned, server.role == .masterTarget,
                let report = report(of: group, from: server.hostID)
            else { return false }
            return report.group.underlyingState != .committed && report.group.underlyingState != .released
        }
    }

    /// The disk on site that a disk of a machine is, or was last.
    package func onSite(_ machine: SiteMachine, _ disk: SiteDisk, _ record: GroupRecord) -> String? {
        record.onSite.first { $0.machine == machine.name && $0.disk == disk.id }?.target ?? disk.original
    }

    /// Bytes of all disks.
    package var sizeBytes: ByteCount { disks.reduce(.zero) { $0 + $1.disk.sizeBytes } }

    /// Seconds since a moment; 0 for one to come.
    package func seconds(since moment: DateTime) -> UInt64 {
        UInt64(clamping: now.timestamp.nanoseconds(since: moment.timestamp) / 1_000_000_000)
    }
}

extension SiteFinding {
    static func notice(_ rule: String, _ message: String, _ remedy: String = "") -> SiteFinding {
        SiteFinding(rule: rule, severity: .notice, message: message, remedy: remedy)
    }

    static func warning(_ rule: String, _ message: String, _ remedy: String = "") -> SiteFinding {
        SiteFinding(rule: rule, severity: .warning, message: message, remedy: remedy)
    }

    static func refusal(_ rule: String, _ message: String, _ remedy: String) -> SiteFinding {
        SiteFinding(rule: rule, severity: .refusal, message: message, remedy: remedy)
    }
}

extension [SiteFinding] {
    /// The worst first; among the same in the order in which they were found.
    package var worstFirst: [SiteFinding] {
        let order: [SiteFinding.Severity] = [.refusal, .warning, .notice]
        return order.flatMap { severity in filter { $0.severity == severity } }
    }

    /// What refuses, as one failure; nil when nothing does.
    package var failure: ConfigurationFailure? {
        let refusals = filter { $0.severity == .refusal }
        guard !refusals.isEmpty else { return nil }
        var remedies: [String] = []
        for remedy in refusals.map(\.remedy) where !remedy.isEmpty && !remedies.contains(remedy) {
            remedies.append(remedy)
        }
        return ConfigurationFailure(
            .conflict, SiteText.clipped(refusals.map(\.message).joined(separator: " ")),
            remedy: SiteText.clipped(remedies.joined(separator: " ")))
    }
}

/// Text that came from servers, or was put together of it.
package enum SiteText {
    /// The most characters of a sentence that is kept.
    package static let maximumCharacters = 2000

    package static func clipped(_ text: String) -> String {
        // Text in SQL has no NUL; sentences have no other control characters either.
        let visible =
            text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
            ? String(
                String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
            : text
        return visible.count <= maximumCharacters ? visible : "\(visible.prefix(maximumCharacters))…"
    }
}
