// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import FoundationEssentials
import LinuxSystem
import Logging

/// The program: arguments in, one call.
///
/// Exit status: 0 done or stopped in order, 1 refused or failed with a sentence on standard error, 2 wrong usage.
@main
struct Program {
    static func main() async {
        var command: any ParsableCommand
        do {
            command = try ConfigurationServerCommand.parseAsRoot()
        } catch {
            let message = ConfigurationServerCommand.fullMessage(for: error)
            let isHelp = ConfigurationServerCommand.exitCode(for: error).isSuccess
            Terminal.writeLine(message, toError: !isHelp)
            ConfigurationServerCommand.exit(withError: isHelp ? nil : ExitCode(2))
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            ConfigurationServerCommand.exit(withError: code)
        } catch {
            if ConfigurationServerCommand.exitCode(for: error).isSuccess {
                Terminal.writeLine(ConfigurationServerCommand.fullMessage(for: error))
                return
            }
            Terminal.writeLine("mt-configuration-server: \(error)", toError: true)
            ConfigurationServerCommand.exit(withError: ExitCode(1))
        }
    }
}

struct ConfigurationServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-configuration-server",
        abstract: "Registers servers with a passphrase on 443, and knows how they are.",
        discussion: """
            Settings come from the command line, then from the environment (MASTER_TARGET_CONFIGURATION_HTTPS_PORT for \
            https.port), then from the configuration file, then from defaults.
            """,
        version: ProductVersion.text,
        subcommands: [
            InitCommand.self, RunCommand.self, ShowCommand.self, PassphraseCommand.self, OperatorCommand.self,
            BackupCommand.self, RestoreCommand.self,
        ])
}

/// Where the settings come from.
struct SettingsOptions: ParsableArguments {
    @Option(help: "The configuration file.")
    var config: String?

    @Option(
        name: .customLong("set"), help: "A setting as key=value, such as state.path=/srv/site; may be repeated.")
    var settings: [String] = []

    @Option(
        help: """
            Where the inventory is: sqlite, or postgresql://user@host/name. A password belongs in the file that PGPASSFILE \
            names, because others see command lines.
            """)
    var database: String?

    func load() async throws -> ConfigurationServerSettings {
        try await .load(
            file: config ?? ConfigurationServerSettings.defaultPath, isFileRequired: config != nil,
            environment: Terminal.environment, settings: settings + (database.map { ["database=\($0)"] } ?? []))
    }

    /// The server's folder, with its inventory.
    func folder() async throws -> StateFolder {
        let settings = try await load()
        return try StateFolder(path: settings.statePath, database: settings.database)
    }
}

/// How it is said.
struct OutputOptions: ParsableArguments {
    @Flag(help: "JSON on standard output.")
    var json = false

    func show(_ value: some Encodable, _ sentences: [String]) throws {
        guard json else {
            for sentence in sentences { Terminal.writeLine(sentence) }
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Terminal.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
