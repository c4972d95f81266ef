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
        let free = report.retention.freeBytes.map { ", \($0) free" } ?? ""
        sheet.add(
            "Retention volume",
            report.retention.isUsable
                ? "\(report.retention.path)\(free)" : console.colored("\(report.retention.path) is not usable", .red))
        sheet.add("Volume problem", report.retention.problem)
        sheet.add("State folder", report.stateFolder)
        sheet.add("Memory ceiling", "\(report.memoryCeilingBytes)")
        for line in sheet.lines { console.print(line) }
        console.print("")
        GroupOutput.list(report.groups, console)
        for job in report.runningJobs {
            console.print("Job \(job.id): \(ProgressLine.text(job, width: console.width - 8))")
        }
    }
}
