// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What stands against an operation, looked at before anything is begun (R-02, R-09 to R-13).
package struct SiteChecks {
    let record: GroupRecord
    let view: SiteView
    var group: String { record.group.name }

    package init(_ record: GroupRecord, _ view: SiteView) {
        self.record = record
        self.view = view
    }

    /// The findings, the worst first.
    ///
    /// - Parameter other: The job that works on the group now.
    package func findings(for operation: SiteOperation, besides other: SiteJobReport? = nil) -> [SiteFinding] {
        if let complaint = operation.complaint { return [.refusal("request", complaint, "Correct the request.")] }
        var findings: [SiteFinding] = []
        if let other { findings.append(Self.isBusy(other)) }
        switch operation.kind {
        case .reprotect: if let request = operation.reprotect { findings += reprotect(request) }
        case .failover: if let request = operation.failover { findings += failover(request) }
        case .rollback:
            findings += atMasterTarget(in: [.recovering, .recovered], "rolled back", "Fail over first.")
            if let request = operation.rollback, request.targets == .written, !request.discardHistory {
                findings.append(
                    .refusal(
                        "R-09", "A rollback of disks that were written to loses the history of \(group).",
                        "Say that history may be discarded, or commit."))
            }
        case .commit:
            findings += atMasterTarget(in: [.recovered], "committed", "Fail over to a recovery point first.")
            if operation.commit?.dropHistory != true {
                findings.append(
                    .refusal(
                        "R-13", "A commit drops the recovery points of \(group), and nobody said that they may go.",
                        "Say so: dropHistory."))
            }
        }
        return findings.worstFirst
    }

    static func isBusy(_ job: SiteJobReport) -> SiteFinding {
        .refusal(
            "job",
            "\(job.requestedBy) began a \(job.operation.kind.rawValue) of \(job.group) at \(job.created), and it "
                + "has not ended (job \(job.id)).",
            "Wait for it, or cancel it.")
    }

    private func failover(_ request: FailoverRequest) -> [SiteFinding] {
        var findings = atMasterTarget(
            in: [.protected, .paused, .resyncing, .recovering, .recovered], "failed over",
            "Wait until it is protected.")
        guard let placement = record.placement else { return findings }
        let said = record.said(view)
        let state = said?.group.underlyingState
        let isStopped = record.sender?.state == .stopped || state == .recovered || state == .recovering
        if !request.sourceStopped, !isStopped, view.server(placement.processServer)?.state != .online {
            findings.append(
                .refusal(
                    "R-13",
                    "The process server \(view.name(placement.processServer)) of \(group) is not heard, so it cannot say "
                        + "that the sources are stopped.",
                    "Shut the sources down, and say that they are stopped; what was not sent is lost."))
        }
        if state == .paused || state == .resyncing {
            findings.append(
                .warning(
                    "R-09",
                    "The group \(group) is \(state == .paused ? "paused" : "being compared"): its newest points "
                        + "are of before.", "Look at the points and what each would lose."))
        }
        if state == .recovered, request.targets == nil {
            findings.append(
                .notice(
                    "R-09", "The disks of \(group) show a point that was recovered already.",
                    "Say what was done to them since: untouched or written."))
        }
        return findings + rpo(said)
    }

    /// Placed, heard, and in one of these states.
    private func atMasterTarget(in states: Set<GroupState>, _ what: String, _ remedy: String) -> [SiteFinding] {
        guard let placement = record.placement else {
            return [
                .refusal("state", "The group \(group) is not replicated, so it cannot be \(what).", "Reprotect it.")
            ]
        }
        let name = view.name(placement.masterTarget)
        guard let server = view.server(placement.masterTarget), server.state == .online else {
            return [
                .refusal(
                    "placement", "The master target \(name) of \(group) is not heard.",
                    "Bring it back; or use mtctl at it.")
            ]
        }
        guard let said = record.said(view) else {
            return [
                .refusal(
                    "state", "The master target \(name) says nothing of a group \(group).",
                    "Wait for its next heartbeat, or reprotect it.")
            ]
        }
        var findings: [SiteFinding] = []
        if !states.contains(said.group.underlyingState) {
            findings.append(
                .refusal(
                    "state", "The group \(group) is \(said.group.underlyingState.rawValue), so it cannot be \(what).",
                    remedy))
        }
        if said.group.state == .degraded {
            findings.append(
                .warning(
                    "state", SiteText.clipped(said.group.cause ?? "The group \(group) is degraded."),
                    SiteText.clipped(said.group.remedy ?? "")))
        }
        if said.group.fencingToken > placement.fencingToken { findings.append(tokenFinding(said.group, placement)) }
        return findings
    }

    func tokenFinding(_ said: GroupReport, _ placement: SitePlacement) -> SiteFinding {
        .warning(
            "fencing",
            "The master target \(view.name(placement.masterTarget)) has \(group) at the fencing token "
                + "\(said.fencingToken), and here it is \(placement.fencingToken): another sender took over.",
            "Reprotect it: its process server gets a greater token.")
    }

    /// The age of the newest durable change, with the time since it was told in it.
    package static func rpoSeconds(_ said: (group: GroupReport, moment: DateTime)?, _ view: SiteView) -> UInt64? {
        guard let said, let then = said.group.rpoSeconds else { return nil }
        let (sum, overflow) = then.addingReportingOverflow(view.seconds(since: said.moment))
        return overflow ? .max : sum
    }

    func rpo(_ said: (group: GroupReport, moment: DateTime)?) -> [SiteFinding] {
        guard let seconds = Self.rpoSeconds(said, view), let direction = record.placement?.direction,
            seconds > view.policy.of(direction).rpoThresholdSeconds
        else { return [] }
        return [
            .warning(
                "rpo",
                "The newest change of \(group) is \(Quantity.describe(seconds: seconds)) old; its policy wants "
                    + "\(Quantity.describe(seconds: view.policy.of(direction).rpoThresholdSeconds)).",
                "Look at its process server and its master target.")
        ]
    }
}
