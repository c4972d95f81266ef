// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import HealthChecks
import LinuxSystem

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Checks all that failback depends on, and says what to do.",
        discussion: """
            Exit codes, as monitoring systems want them: 0 ok, 1 warning, 2 critical, 3 unknown. While the agent does \
            not answer, what can be seen without it is checked.
            """)

    @Flag(help: "One line, with figures, for Nagios and its kin.") var monitoring = false
    @Flag(help: "Also the evidence of what is ok.") var verbose = false
    @Option(help: "Check again and again, so many seconds apart, until it is interrupted.") var watch: Int?
    @Option(help: "The agent's configuration file, for when the agent does not answer.")
    var config = ApplianceConfiguration.defaultPath
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if let watch, !(1...86_400).contains(watch) { throw ValidationError("--watch takes 1 to 86400 seconds.") }
    }

    func run() async throws {
        while true {
            let report = try await report()
            show(report)
            guard let watch else { throw ExitCode(report.exitCode) }
            try await Console.current.pause(.seconds(watch))
        }
    }

    private func report() async throws -> HealthReport {
        do {
            return try await connection.client.get(ControlPath.health)
        } catch let failure as ControlFailure where failure.code == .unavailable {
            return try await HostHealth.withoutAgent(configPath: config, because: failure.message)
        }
    }

    private func show(_ report: HealthReport) {
        let console = Console.current
        if connection.json { return console.json(report) }
        if monitoring { return console.print(report.monitoringLine) }
        for line in report.lines(allEvidence: verbose, time: { LocalTime.describe($0.timestamp) }) {
            console.print(line)
        }
    }
}
