// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem
import Logging

/// The agent: reads its configuration, runs an appliance until it is told to end.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mastertargetd", abstract: "The Master Target agent: receives, journals, applies, recovers.",
        discussion: """
            Settings come from the command line, then from the environment (MASTER_TARGET_REPLICATION_PORT for \
            replication.port), then from the configuration file, then from defaults. They are: \
            \(ConfigurationKey.allCases.map(\.rawValue).joined(separator: ", ")).
            """,
        version: ProductVersion.text)

    @Option(help: "The configuration file.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: "A setting as key=value, such as retention.path=/srv/retention; may be repeated.")
    var settings: [String] = []

    @Option(help: "What is logged at least: trace, debug, info, notice, warning, error.")
    var logLevel: String = "info"

    @Flag(help: "Check the configuration and end.")
    var check = false

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("\"\(logLevel)\" is not a log level.")
        }
    }

    func run() async throws {
        MemoryPolicy.keepSmallBuffers()
        let level = Logger.Level(rawValue: logLevel) ?? .info
        LoggingSystem.bootstrap { _ in JournalLogHandler(level: level, write: { Terminal.write($0, toError: true) }) }
        do {
            let configuration = try await ApplianceConfiguration.load(
                file: config ?? ApplianceConfiguration.defaultPath, isFileRequired: config != nil,
                environment: Terminal.environment, settings: settings)
            if check { return Terminal.write("The configuration is good.\n") }
            let notify = NotifySocket(path: Terminal.environment("NOTIFY_SOCKET"))
            try await Appliance(configuration, notify: notify, logger: Logger(label: "mastertargetd")).run()
        } catch let failure as ControlFailure {
            Terminal.write("\(failure)\n", toError: true)
            throw ExitCode(1)
        }
    }
}
