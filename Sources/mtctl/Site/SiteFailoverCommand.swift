// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Registration

struct SiteFailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Brings a group to a recovery point on site.",
        discussion: """
            What the point is, what would be lost, and what stands against it is shown first. Until commit, another \
            point can be taken by the same command, or the latest brought back with rollback.
            """)

    @Argument(help: "The group.") var group: String
    @Option(help: "The point: latest, latest-processed, latest-app-consistent, a label, a time, a number.")
    var point: PointReference
    @OptionGroup var options: FailoverOptions
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let console = Console.current
        let client = try site.client()
        let operation = SiteOperation.failover(options.request(point))
        let resolved = try await client.resolve(point, of: group)
        if !site.json {
            let report = try await client.group(group)
            console.print(picture(resolved, report, console))
        }
        try SiteFindings.pass(try await client.check(operation, on: group), operation, of: group, json: site.json)
        try console.confirm(
            (options.sourceStopped
                ? "Replication of group \(group) ends" : "The source machines of group \(group) are stopped")
                + ", and its disks are changed to show \(point). Until commit, rollback brings the latest point back.",
            yes: confirmation.yes)
        try await performOnSite(
            operation, on: group, client, site, job,
            next:
                "Start the machines, and accept the point with mtctl site commit \(group). Another point can be taken "
                + "until a machine has written to the disks; mtctl site rollback \(group) is possible until the commit."
        )
    }

    private func picture(_ resolved: ResolvedPoint, _ group: SiteGroupReport, _ console: Console) -> Sheet {
        let chosen = resolved.point
        var sheet = Sheet()
        sheet.add("Point", "\(point), number \(chosen.sequence)")
        sheet.add("Time", LocalTime.describe(chosen.time.timestamp))
        let kind = chosen.kind == .applicationConsistent ? "application-consistent" : "crash-consistent"
        switch chosen.accuracy {
        case .exact: sheet.add("Promise", "\(kind), exact")
        case .approximate: sheet.add("Promise", console.colored("\(kind), only nearly at that time", .yellow))
        case .notGuaranteed: sheet.add("Promise", console.colored("\(kind), not guaranteed", .red))
        }
        sheet.add("Note", resolved.note)
        sheet.add("WOULD BE LOST", loss(chosen, group, console))
        return sheet
    }

    /// what a point gives up against the latest, and what never arrived.
    private func loss(_ chosen: PointReport, _ group: SiteGroupReport, _ console: Console) -> String {
        let unsent =
            options.sourceStopped
            ? "what the sources wrote and did not send"
                + (group.rpoSeconds.map { " (the newest change is \(Quantity.describe(seconds: $0)) old)" } ?? "")
            : nil
        if point == .latest {
            guard let unsent else { return "nothing: the sources stop, and what they wrote is sent first" }
            return console.colored(unsent, .yellow)
        }
        let given =
            "everything after it, \(Quantity.describe(seconds: chosen.losesSeconds)) before the latest point"
        return console.colored(unsent.map { "\(given), and \($0)" } ?? "\(given), and what is written until then", .red)
    }
}
