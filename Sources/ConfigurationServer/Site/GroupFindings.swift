// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteGroupReport {
    /// A group as operators see it.
    ///
    /// - Parameters:
    ///   - job: The job that works on it now.
    ///   - claims: What servers said of it that is not theirs to say.
    package init(_ record: GroupRecord, _ view: SiteView, job: SiteJobReport?, claims: [SiteFinding] = []) {
        self.init(group: record.group, policy: view.policy)
        self.job = job
        placement = record.placement
        findings = (claims + Self.strangers(record, view)).worstFirst
        guard let placement else { return }
        masterTargetName = view.server(placement.masterTarget)?.hostName
        processServerName = view.server(placement.processServer)?.hostName
        let said = view.report(of: record.group.name, from: placement.masterTarget)
        report = said?.group
        reported = said?.moment
        rpoSeconds = SiteChecks.rpoSeconds(said, view)
        isBeyondRPO = rpoSeconds.map { $0 > view.policy.of(placement.direction).rpoThresholdSeconds } ?? false
        findings =
            (findings + Self.state(record, placement, said?.group, view, hasJob: job != nil)
            + SiteChecks(record, view).rpo(said)).worstFirst
    }

    private static func state(
        _ record: GroupRecord, _ placement: SitePlacement, _ said: GroupReport?, _ view: SiteView, hasJob: Bool
    ) -> [SiteFinding] {
        let group = record.group.name
        var findings: [SiteFinding] = []
        for (host, what) in [(placement.masterTarget, "master target"), (placement.processServer, "process server")] {
            let state = view.server(host)?.state ?? .revoked
            guard state != .online else { continue }
            findings.append(
                .warning(
                    "placement", "The \(what) \(view.name(host)) of \(group) is \(state.rawValue).",
                    state == .revoked ? "Reprotect the group with another one." : "Bring it back."))
        }
        if let said {
            if said.fencingToken > placement.fencingToken {
                findings.append(SiteChecks(record, view).tokenFinding(said, placement))
            }
            if said.state == .degraded {
                findings.append(
                    .warning(
                        "state", SiteText.clipped(said.cause ?? "The group \(group) is degraded."),
                        SiteText.clipped(said.remedy ?? "")))
            }
        } else if !hasJob {
            findings.append(
                .warning(
                    "state",
                    "The master target \(view.name(placement.masterTarget)) says nothing of the group \(group).",
                    "Reprotect it."))
        }
        if let sender = record.sender, sender.state == .failed {
            findings.append(
                .warning(
                    "sender",
                    SiteText.clipped(
                        "The process server \(view.name(placement.processServer)) cannot send \(group): "
                            + (sender.message ?? "it did not say why.")), "Put that right, and reprotect."))
        }
        if let unsettled = record.unsettled {
            findings.append(
                .warning(
                    "policy",
                    "The master target \(view.name(placement.masterTarget)) does not follow what is wanted of "
                        + "\(group): \(unsettled)", "Put that right, and reprotect."))
        }
        return findings
    }

    /// Master targets that tell of a group that is not on them. They are not believed, and not kept quiet about.
    private static func strangers(_ record: GroupRecord, _ view: SiteView) -> [SiteFinding] {
        let pinned = record.placement?.masterTarget
        return view.claims(on: record.group.name, except: pinned).map { server in
            guard let pinned else {
                return .notice(
                    "placement",
                    "The master target \(server.hostName) has a group \(record.group.name) that is placed "
                        + "nowhere here.", "Name it in a reprotect to go on there, or delete the group there.")
            }
            return .warning(
                "placement",
                "The master target \(server.hostName) tells of a group \(record.group.name), which is on "
                    + "\(view.name(pinned)). What it tells does not count.",
                "Delete the group there; if it was never there, look into that server.")
        }
    }
}
