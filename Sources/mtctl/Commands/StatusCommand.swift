// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows the appliance and its groups.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let console = Console.current
        let report: ApplianceReport = try await connection.client.get(ControlPath.status)
        if connection.json { return console.json(report) }
        var sheet = Sheet()
        sheet.add("Version", report.version)
        sheet.add("Running since", LocalTime.describe(report.started.timestamp))
        let listener = "\(report.replication.address):\(report.replication.port)"
        sheet.add(
            "Replication",
            report.replication.isListening
                ? "listening on \(listener)" : console.colored("not listening on \(listener)", .red))
        sheet.add("Listener problem", report.replication.problem)
        if let nbd = report.nbd {
            let place = "\(nbd.address):\(nbd.port)"
            sheet.add(
                "NBD",
                nbd.isListening ? "listening on \(place)" : console.colored("not listening on \(place)", .red))
            sheet.add("NBD problem", nbd.problem)
        }
        if let metrics = report.metrics {
            let place = "\(metrics.address):\(metrics.port)"
            sheet.add(
                "Metrics",
                metrics.isListening ? "listening on \(place)" : console.colored("not listening on \(place)", .red))
            sheet.add("Metrics problem", metrics.problem)
        }
        let free = report.retention.freeBytes.map { ", \($0) free" } ?? ""
        sheet.add(
            "Retention volume",
            report.retention.isUsable
                ? "\(report.retention.path)\(free)" : console.colored("\(report.retention.path) is not usable", .red))
        sheet.add(
            "Volume problem",
            report.retention.problem.map { "\($0) Mount it, or see mtctl retention candidates for one." })
        sheet.add("State folder", report.stateFolder)
        sheet.add("Memory ceiling", "\(report.memoryCeilingBytes)")
        if let registration = report.registration {
            sheet.add("Configuration server", registration.servers.joined(separator: ", "))
            sheet.add("Registered as", registration.hostID)
            sheet.add(
                "Heartbeat", registration.lastAnswer.map { "answered \(LocalTime.describe($0.timestamp))" } ?? "not yet"
            )
            sheet.add("Heartbeat problem", registration.problem.map { console.colored($0, .red) })
        }
        sheet.add("Health", report.health.map { Self.words($0, console) } ?? "being looked at for the first time")
        for line in sheet.lines { console.print(line) }
        for failing in report.health?.failing ?? [] {
            console.print("  \(failing.severity) \(failing.check): \(failing.sentence)")
        }
        if let health = report.health, !health.failing.isEmpty { console.print("  What to do: mtctl health") }
        console.print("")
        GroupOutput.list(report.groups, console)
        for job in report.runningJobs {
            console.print("Job \(job.id): \(ProgressLine.text(job, width: console.width - 8))")
        }
    }

    /// `critical: 1 critical, 2 warning, 18 ok at 15:04:05`.
    private static func words(_ health: HealthSummary, _ console: Console) -> String {
        var counts = ["critical", "warning", "unknown", "ok"].compactMap { word in
            health.counts[word].map { "\($0) \(word)" }
        }
        if !health.waived.isEmpty { counts.append("\(health.waived.count) waived") }
        let text = "\(counts.joined(separator: ", ")) at \(LocalTime.describe(health.moment.timestamp))"
        switch health.severity {
        case "ok": return console.colored(text, .green)
        case "critical": return console.colored(text, .red)
        default: return console.colored(text, .yellow)
        }
    }
}
