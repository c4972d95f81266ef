// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ConfigurationAPI
import ControlAPI
import Registration

/// The whole of `mtctl`: arguments in, an exit code out. 0 done; 1 refused or failed, with a sentence; 2 wrong usage.
package enum Program {
    package static func run(_ arguments: [String], console: Console) async -> Int32 {
        await Console.$current.withValue(console) {
            do {
                var command = try Root.parseAsRoot(arguments)
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
                return 0
            } catch let code as ExitCode {
                return code.rawValue
            } catch let failure as ControlFailure {
                if arguments.contains("--json") { console.json(FailureOutput(error: failure)) }
                console.fail(failure.description)
                return 1
            } catch let failure as ConfigurationFailure {
                if arguments.contains("--json") { console.json(FailureOutput(error: failure)) }
                // Another server's words, as they came where JSON is wanted.
                console.fail(Printable.text(failure.description))
                return 1
            } catch {
                return usage(error, console)
            }
        }
    }

    /// What the parser has to say: help is no failure, everything else that it finds is wrong usage.
    private static func usage(_ error: any Error, _ console: Console) -> Int32 {
        let message = Root.fullMessage(for: error)
        switch Root.exitCode(for: error) {
        case .success:
            console.print(message)
            return 0
        case .validationFailure:
            console.fail(message)
            return 2
        default:
            console.fail(message)
            return 1
        }
    }
}

/// How a failure looks in JSON.
private struct FailureOutput<Failure: Encodable>: Encodable {
    let error: Failure
}

/// Commands and their help.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mtctl",
        abstract: "Operates a Master Target appliance.",
        discussion: """
            Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong usage; mtctl health: 0 ok, \
            1 warning, 2 critical, 3 unknown.
            A recovery point is written as latest, latest-processed, latest-app-consistent, a bookmark's label, \
            an RFC 3339 time, or a sequence number.
            """,
        version: ProductVersion.text,
        subcommands: [
            StatusCommand.self, HealthCommand.self, DisksCommand.self, MultipathCommand.self,
            GroupCommand.self, DiskCommand.self,
            PointsCommand.self, BookmarkCommand.self, RecoverCommand.self, RollbackCommand.self, CommitCommand.self,
            PreviewCommand.self, CopyCommand.self, NBDCommand.self, VerifyCommand.self, PauseCommand.self,
            ResumeCommand.self, JobsCommand.self, RetentionCommand.self,
            HostCommand.self, SupportBundleCommand.self, PKICommand.self, RegisterCommand.self, UnregisterCommand.self,
            SiteCommand.self,
        ])
}
