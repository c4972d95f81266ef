// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI
import LinuxSystem
import ProcessServer

/// The program: arguments in, one service run.
///
/// Exit status: 0 done or stopped in order, 1 refused or failed with a sentence on standard error, 2 wrong usage.
@main
struct Program {
    static func main() async {
        var command: any ParsableCommand
        do {
            command = try ProcessServerCommand.parseAsRoot()
        } catch {
            let message = ProcessServerCommand.fullMessage(for: error)
            let isHelp = ProcessServerCommand.exitCode(for: error).isSuccess
            Terminal.writeLine(message, toError: !isHelp)
            ProcessServerCommand.exit(withError: isHelp ? nil : ExitCode(2))
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            // Help, however it was asked for, is no failure.
            if ProcessServerCommand.exitCode(for: error).isSuccess {
                return Terminal.writeLine(ProcessServerCommand.fullMessage(for: error))
            }
            Terminal.writeLine("mt-process-server: \(error)", toError: true)
            ProcessServerCommand.exit(withError: ExitCode(1))
        }
    }
}

struct ProcessServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-process-server", abstract: "Replicates disks to a master target.",
        discussion: """
            Without a subcommand it replicates the one group that the options name. Registered with a configuration \
            server, 'run' replicates every group that this assigns.
            """,
        version: ProductVersion.text,
        subcommands: [ReplicateCommand.self, RunCommand.self, RegisterCommand.self, UnregisterCommand.self],
        defaultSubcommand: ReplicateCommand.self)
}
