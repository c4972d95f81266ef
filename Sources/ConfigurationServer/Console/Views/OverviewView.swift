// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What stands in a list of groups.
package struct GroupRow: Sendable {
    let name: String
    let address: String
    let badge: Badge
    let rpo: RPOView
    let direction: String?
    let masterTarget: String?
    let processServer: String?
    let machines: String
    let job: JobRow?

    init(_ group: SiteGroupReport, now: Timestamp) {
        name = group.group.name
        address = ConsolePath.group(group.group.name)
        badge = Words.badge(group)
        rpo = RPOView(group)
        direction = group.placement.map { Words.direction($0.direction) }
        masterTarget = group.masterTargetName
        processServer = group.processServerName
        machines = group.group.machines.joined(separator: ", ")
        job = group.job.map { JobRow($0, now: now) }
    }
}

extension RPOView {
    init(_ group: SiteGroupReport) {
        let policy = group.placement?.direction == .forward ? group.policy.forward : group.policy.failback
        self.init(seconds: group.rpoSeconds, threshold: policy.rpoThresholdSeconds, isBeyond: group.isBeyondRPO)
    }
}

/// What stands in a list of servers.
package struct ServerLine: Sendable {
    let name: String
    let address: String
    let role: String
    let badge: Badge
    let health: Badge?
    let lastSeen: Moment?
    let groups: Int
    let worstRPO: String?
    let version: String

    init(_ server: ServerReport, now: Timestamp) {
        name = server.hostName
        address = ConsolePath.server(server.hostID)
        role = Words.role(server.role)
        badge = Words.badge(server.state)
        health = server.health.map { Words.health($0) }
        lastSeen = server.lastSeen.map { Moment($0, now: now) }
        groups = server.groupCount
        worstRPO = server.worstRPOSeconds.map { Quantity.describe(seconds: $0) }
        version = server.version
    }
}

/// The first page: what needs somebody, then everything.
package struct OverviewView: PageView {
    package static let template = "overview"

    let findings: [FindingView]
    let hasFindings: Bool
    let more: Int
    let hasMore: Bool
    let groups: [GroupRow]
    let hasGroups: Bool
    let jobs: [JobRow]
    let hasJobs: Bool
    let servers: [ServerLine]
    let hasServers: Bool
    let groupSummary: String
    let serverSummary: String

    /// Findings beyond these are counted only.
    static let maximumFindings = 50

    package init(
        groups: [SiteGroupReport], servers: [ServerReport], health: [ServerReport], jobs: [SiteJobReport],
        now: Timestamp
    ) {
        let all =
            groups.flatMap { Self.findings(of: $0) } + servers.flatMap { Self.findings(of: $0) }
            + health.flatMap { ServerView.healthFindings(of: $0, isElsewhere: true) }
            + Self.findings(ofLast: jobs)
        let sorted = all.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        findings = sorted.prefix(Self.maximumFindings).map(\.element)
        hasFindings = !findings.isEmpty
        more = all.count - findings.count
        hasMore = more > 0
        self.groups = groups.map { GroupRow($0, now: now) }
        hasGroups = !groups.isEmpty
        self.jobs = jobs.filter { !$0.state.isFinal }.map { JobRow($0, now: now) }
        hasJobs = !self.jobs.isEmpty
        self.servers = servers.map { ServerLine($0, now: now) }
        hasServers = !servers.isEmpty
        let beyond = groups.count(where: \.isBeyondRPO)
        groupSummary = beyond == 0 ? "\(groups.count)" : "\(groups.count), \(beyond) beyond the RPO threshold"
        let lost = servers.count { $0.state == .lost }
        serverSummary = lost == 0 ? "\(servers.count)" : "\(servers.count), \(lost) lost"
    }

    private static func findings(of group: SiteGroupReport) -> [FindingView] {
        let name = group.group.name
        let address = ConsolePath.group(name)
        var result = group.findings.filter { $0.severity != .notice }.map {
            FindingView($0, subject: name, address: address)
        }
        if let report = group.report, report.state == .degraded, let cause = report.cause,
            !group.findings.contains(where: { $0.message == cause })
        {
            result.append(
                FindingView(Badge("Degraded", .bad), cause, remedy: report.remedy, subject: name, address: address))
        }
        if group.isBeyondRPO, !group.findings.contains(where: { $0.rule == "rpo" }) {
            let age = RPOView(group)
            result.append(
                FindingView(
                    Badge("RPO", .bad), "The newest durable change is \(age.age) old; the policy allows \(age.limit).",
                    remedy: "Look at the process server and at its way to the master target.", rule: "rpo",
                    subject: name, address: address))
        }
        return result
    }

    private static func findings(of server: ServerReport) -> [FindingView] {
        var result: [FindingView] = []
        let address = ConsolePath.server(server.hostID)
        if server.state == .lost {
            result.append(
                FindingView(
                    Words.badge(.lost), "The \(Words.role(server.role).lowercased()) is not heard of.",
                    remedy: "Look at its service, and at the network between it and here.", subject: server.hostName,
                    address: address))
        }
        if let clone = server.clone {
            result.append(
                FindingView(
                    Badge("Cloned", .bad), "Another machine, at \(clone.address), came with its host id.",
                    remedy: "Stop the copy, and enrol it as a server of its own.", subject: server.hostName,
                    address: address))
        }
        return result
    }

    /// The last job of each group, where it failed: what came before is past. Jobs are the newest first.
    private static func findings(ofLast jobs: [SiteJobReport]) -> [FindingView] {
        var seen: Set<String> = []
        return jobs.filter { seen.insert($0.group).inserted && $0.state == .failed }.map { job in
            FindingView(
                Badge("Job failed", .bad),
                job.failure?.message ?? job.result ?? "\(Words.operation(job.operation.kind)) did not reach its end.",
                remedy: job.failure?.remedy, subject: "\(job.group): \(Words.operation(job.operation.kind))",
                address: ConsolePath.job(job.id))
        }
    }
}
