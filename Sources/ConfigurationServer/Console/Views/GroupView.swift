// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// One group: how it is, where it is, what it can be brought to, and what can be done with it.
package struct GroupView: PageView {
    package static let template = "group"

    struct Disk: Sendable {
        let machine: String
        let disk: String
        let size: String?
        let target: String
        let content: String?
    }

    struct Action: Sendable {
        let title: String
        let address: String
        let words: String
        let isFirst: Bool
    }

    let row: GroupRow
    let cause: FindingView?
    let findings: [FindingView]
    let hasFindings: Bool
    let policyName: String
    let policyAddress: String
    let retention: String
    let fencingToken: String?
    let reported: Moment?
    let sender: String?
    let throttle: String?
    let historySize: String?
    let oldest: Moment?
    let recoveredPoint: String?
    let disks: [Disk]
    let hasDisks: Bool
    let timeline: TimelineView?
    /// Why there is no timeline.
    let pointsFailure: FindingView?
    let actions: [Action]
    let failoverAddress: String
    let jobsAddress: String

    /// - Parameters:
    ///   - points: What can be recovered to, or why that is not known; nil while the group is not replicated.
    package init(_ group: SiteGroupReport, points: Result<PointList, ConfigurationFailure>?, now: Timestamp) {
        let name = group.group.name
        let report = group.report
        row = GroupRow(group, now: now)
        cause = report?.cause.flatMap { cause in
            group.findings.contains { $0.message == cause }
                ? nil : FindingView(Badge("Degraded", .bad), cause, remedy: report?.remedy)
        }
        findings = group.findings.map { FindingView($0) }
        hasFindings = !findings.isEmpty
        policyName = group.policy.name
        policyAddress = ConsolePath.policyEditor(group.policy.name)
        let policy = group.placement?.direction == .forward ? group.policy.forward : group.policy.failback
        retention = Quantity.describe(seconds: policy.retentionSeconds)
        fencingToken = group.placement.map { "\($0.fencingToken)" }
        reported = group.reported.map { Moment($0, now: now) }
        sender = report.map { $0.isSenderConnected ? "Connected" : "Not connected" }
        throttle = report?.throttleReason
        historySize = report?.retention.map { "\($0.usedBytes)" + ($0.quotaBytes.map { " of \($0)" } ?? "") }
        oldest = report?.retention?.oldest.map { Moment($0, now: now) }
        recoveredPoint = report?.recoveredPoint
        disks = Self.disks(of: group)
        hasDisks = !disks.isEmpty
        (timeline, pointsFailure) = TimelineView.of(points, now: now)
        actions = Self.actions(on: group)
        failoverAddress = ConsolePath.operation(.failover, on: name)
        jobsAddress = ConsolePath.jobs(of: name)
    }

    private static func disks(of group: SiteGroupReport) -> [Disk] {
        let known = group.report?.disks ?? []
        let targets = group.placement?.targets ?? []
        guard !targets.isEmpty else {
            return known.map {
                Disk(
                    machine: "", disk: $0.source, size: "\($0.sizeBytes)", target: $0.target,
                    content: content($0.content))
            }
        }
        return targets.map { target in
            let report =
                known.first { $0.source == GroupRecord.sourceID(target.machine, target.disk) }
                ?? known.first { $0.target == target.target }
            return Disk(
                machine: target.machine, disk: target.disk, size: report.map { "\($0.sizeBytes)" },
                target: target.target, content: report.map { content($0.content) })
        }
    }

    private static func content(_ content: String) -> String {
        switch content {
        case "initialSync": "First copy under way"
        case "resync": "Being compared"
        case "differential": "Up to date"
        default: content
        }
    }

    /// What can be done, the most likely first.
    private static func actions(on group: SiteGroupReport) -> [Action] {
        let name = group.group.name
        let state = group.report?.state
        let order: [SiteOperation.Kind] =
            switch state {
            case _ where group.placement == nil: [.reprotect]
            case .recovered: [.commit, .rollback, .failover]
            case .committed, .released: [.reprotect]
            default: [.failover, .reprotect]
            }
        return order.enumerated().map { index, kind in
            Action(
                title: kind == .failover && state == .recovered ? "Fail over to another point" : Words.operation(kind),
                address: ConsolePath.operation(kind, on: name), words: purpose(kind), isFirst: index == 0)
        }
    }

    static func purpose(_ kind: SiteOperation.Kind) -> String {
        switch kind {
        case .reprotect: "Replicate the group, back to this site or out to the other one."
        case .failover: "Bring the disks to a recovery point. It can be undone until it is committed."
        case .rollback: "Bring the disks back to the latest point, protected again."
        case .commit: "Accept what the disks show, and drop history. It cannot be undone."
        }
    }
}
