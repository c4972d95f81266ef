// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem

/// Groups of a site, for people.
enum SiteGroupOutput {
    static func list(_ groups: [SiteGroupReport], _ console: Console) {
        guard !groups.isEmpty else {
            return console.print("No groups. Make one with mtctl site group create NAME --machine ….")
        }
        let groups = groups.sorted { left, right in
            let (one, other) = (urgency(left), urgency(right))
            return one != other ? one > other : left.group.name < right.group.name
        }
        var table = Table("GROUP", "DIRECTION", "STATE", "RPO", "THROUGH", "JOB")
        for group in groups {
            table.add(
                group.group.name, group.placement?.direction.rawValue ?? "-", state(group), SiteWords.rpo(group),
                group.masterTargetName ?? "-", group.job.map(progress) ?? "")
        }
        console.print(table)
        for group in groups {
            guard let worst = group.findings.first(where: { $0.severity != .notice }) else { continue }
            let more = group.findings.count { $0.severity != .notice } - 1
            console.print(console.colored("\(group.group.name): \(worst.message)", .yellow))
            if !worst.remedy.isEmpty { console.print("  \(worst.remedy)") }
            if more > 0 {
                console.print("  \(count(more, "more finding")): mtctl site group show \(group.group.name)")
            }
        }
    }

    /// How far beyond its threshold a group is, as a ratio; one that says nothing though it is replicated is beyond all.
    private static func urgency(_ group: SiteGroupReport) -> Double {
        guard let placement = group.placement else { return -1 }
        guard let rpo = group.rpoSeconds else { return .infinity }
        let threshold = SiteWords.policy(group.policy, placement.direction).rpoThresholdSeconds
        return Double(rpo) / Double(max(1, threshold))
    }

    private static func state(_ group: SiteGroupReport) -> String {
        guard group.placement != nil else { return "not replicated" }
        return group.report?.state.rawValue ?? "not heard of"
    }

    private static func progress(_ job: SiteJobReport) -> String {
        guard let step = job.steps.first(where: { $0.state == .running }) else { return job.operation.kind.rawValue }
        let percent = SiteWords.percent(step).map { " \($0) %" } ?? ""
        return "\(job.operation.kind.rawValue): \(SiteWords.step(step.kind))\(percent)"
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    static func show(_ group: SiteGroupReport, _ console: Console) {
        var sheet = Sheet()
        sheet.add("Group", group.group.name)
        sheet.add("Machines", group.group.machines.joined(separator: ", "))
        sheet.add("Policy", group.policy.name)
        sheet.add("State", state(group))
        sheet.add("Cause", group.report?.cause)
        sheet.add("Remedy", group.report?.remedy)
        if let placement = group.placement {
            sheet.add("Direction", placement.direction.rawValue)
            let rpo = SiteWords.rpo(group)
            sheet.add("RPO", group.isBeyondRPO ? console.colored("\(rpo), beyond its threshold", .red) : rpo)
            sheet.add("Master target", server(group.masterTargetName, placement.masterTarget))
            sheet.add("Process server", server(group.processServerName, placement.processServer))
            sheet.add("Fencing token", "\(placement.fencingToken)")
        }
        if let report = group.report {
            sheet.add("Sender", report.isSenderConnected ? "connected" : "away")
            sheet.add("Throttled", report.throttledBy.map { "by the \($0.rawValue). \(report.throttleReason ?? "")" })
            sheet.add("Recovered point", report.recoveredPoint)
            sheet.add("History", GroupOutput.history(report.retention))
        }
        sheet.add("Heard", group.reported.map { "\(SiteWords.age($0)) ago" })
        if let job = group.job {
            sheet.add("Job", "\(progress(job)) (\(job.id.prefix(8)), asked for by \(job.requestedBy))")
        }
        console.print(sheet)
        if let targets = group.placement?.targets, !targets.isEmpty {
            console.print("")
            var table = Table("MACHINE", "DISK", "IS WRITTEN TO")
            for target in targets { table.add(target.machine, target.disk, target.target) }
            for line in table.lines { console.print(line) }
        }
        guard !group.findings.isEmpty else { return }
        console.print("")
        SiteFindings.show(group.findings, console)
    }

    private static func server(_ name: String?, _ id: String) -> String { name.map { "\($0) (\(id))" } ?? id }
}
