// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationServer
import LinuxSystem
import Logging
import ServiceLifecycle

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Serves until it is told to end, as systemd's Type=notify wants it.")

    @Option(help: "What is logged at least: trace, debug, info, notice, warning, error.")
    var logLevel: String = "info"
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("\"\(logLevel)\" is not a log level.")
        }
    }

    func run() async throws {
        let level = Logger.Level(rawValue: logLevel) ?? .info
        LoggingSystem.bootstrap { _ in JournalLogHandler(level: level, write: { Terminal.write($0, toError: true) }) }
        let logger = Logger(label: "mt-configuration-server")
        let server = try await ConfigurationServer(
            try await settings.load(), notify: NotifySocket(path: Terminal.environment("NOTIFY_SOCKET")),
            logger: logger)
        try await ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}
