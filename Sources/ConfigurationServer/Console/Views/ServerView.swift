// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Every server.
package struct ServersView: PageView {
    package static let template = "servers"

    let servers: [ServerLine]
    let hasServers: Bool

    package init(_ servers: [ServerReport], now: Timestamp) {
        self.servers = servers.map { ServerLine($0, now: now) }
        hasServers = !servers.isEmpty
    }
}

/// One server: what its health checks found, what it has room for, its groups.
package struct ServerView: PageView {
    package static let template = "server"

    struct Line: Sendable {
        let name: String
        let address: String
        let badge: Badge
        let rpo: RPOView
    }

    struct Waived: Sendable {
        let check: String
        let reason: String
    }

    let line: ServerLine
    let hostID: String
    let peerAddress: String
    let enrolled: Moment
    let certificateExpires: Moment
    let health: Badge?
    let looked: Moment?
    let findings: [FindingView]
    let hasFindings: Bool
    let waived: [Waived]
    let hasWaived: Bool
    let capacity: String?
    let capacityPath: String?
    let capacityProblem: String?
    let memory: String?
    let groups: [Line]
    let hasGroups: Bool

    package init(_ server: ServerReport, now: Timestamp) {
        line = ServerLine(server, now: now)
        hostID = server.hostID
        peerAddress = server.address
        enrolled = Moment(server.enrolled, now: now)
        certificateExpires = Moment(server.certificateExpires, now: now)
        let summary = server.heartbeat?.health
        health = (summary?.severity ?? server.health).map { Words.health($0) }
        looked = summary.map { Moment($0.moment, now: now) }
        findings = Self.healthFindings(of: server, isElsewhere: false)
        hasFindings = !findings.isEmpty
        waived = (summary?.waived ?? [:]).sorted { $0.key < $1.key }.map { Waived(check: $0.key, reason: $0.value) }
        hasWaived = !waived.isEmpty
        let retention = server.heartbeat?.capacity?.retention
        capacity = retention.map { volume in
            volume.freeBytes.map { "\($0) free" } ?? (volume.isUsable ? "Usable" : "Not usable")
        }
        capacityPath = retention?.path
        capacityProblem = retention?.problem
        memory = server.heartbeat?.capacity.map { "\($0.memoryCeilingBytes)" }
        groups = (server.heartbeat?.groups ?? []).map { group in
            Line(
                name: group.name, address: ConsolePath.group(group.name), badge: Words.badge(group.state),
                rpo: RPOView(
                    seconds: group.rpoSeconds, threshold: group.policy.rpoThresholdSeconds,
                    isBeyond: group.isBeyondRPO ?? false))
        }
        hasGroups = !groups.isEmpty
    }

    /// What its health checks found, the worst first as it reports them.
    static func healthFindings(of server: ServerReport, isElsewhere: Bool) -> [FindingView] {
        (server.heartbeat?.health?.failing ?? []).map { failing in
            FindingView(
                Words.health(failing.severity), failing.sentence, remedy: failing.remedy, rule: failing.check,
                subject: isElsewhere ? server.hostName : nil,
                address: isElsewhere ? ConsolePath.server(server.hostID) : nil)
        }
    }
}
