// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import HostPreparation

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "This machine as a master target.",
        subcommands: [Prepare.self, AcceptIdentity.self])

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what this machine lacks to be a master target, makes it so, or takes it back.",
            discussion: """
                Without --apply or --undo nothing is changed. It can be run again at any time: what is right already is \
                left alone.
                """)

        @Flag(help: "Make the changes.") var apply = false
        @Flag(help: "Take back what --apply changed; files that somebody changed since are left alone.") var undo =
            false
        @Option(help: "Another root than this machine's: an image that is mounted there.") var root = "/"
        @OptionGroup var place: PlaceOptions
        @OptionGroup var confirmation: ConfirmationOption
        @Flag(help: "JSON on standard output.") var json = false

        func validate() throws {
            if apply, undo { throw ValidationError("--apply and --undo exclude each other.") }
            guard root.hasPrefix("/") else { throw ValidationError("--root takes an absolute path.") }
        }

        func run() async throws {
            let console = Console.current
            let host = HostSetup(try await place.places(), root: root)
            if undo {
                try ask("What --apply changed on this machine is taken back.", console)
                return finish(try await host.undo(), console)
            }
            let outcome = try await host.plan()
            guard apply, !outcome.isEmpty else { return finish(outcome.lines, console) }
            if !json { for line in outcome.lines { console.print(line) } }
            try ask("These changes are made now.", console)
            finish(try await host.apply(), console)
        }

        /// What is done can be undone, and `--apply` and `--undo` say what is meant: a script needs no further word.
        private func ask(_ consequence: String, _ console: Console) throws {
            try console.confirm(consequence, yes: confirmation.yes || !console.isInteractive)
        }

        private func finish(_ lines: [String], _ console: Console) {
            if json { return console.json(Lines(lines: lines)) }
            for line in lines { console.print(line) }
        }
    }

    struct AcceptIdentity: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that this machine is the right one, after it was cloned or moved.",
            discussion: """
                The agent touches no disk on a machine that is not the one on which it was set up: a copy would write \
                to the disks of its original. Where there are two, shut down the other one before. Groups go on within \
                seconds.
                """)

        @OptionGroup var place: PlaceOptions
        @OptionGroup var confirmation: ConfirmationOption
        @Flag(help: "JSON on standard output.") var json = false

        func run() async throws {
            let console = Console.current
            let acceptance = HostAcceptance(try await place.places())
            let differences = try await acceptance.differences()
            var lines = differences
            if differences.isEmpty {
                lines.append("This is the machine that was recorded; nothing was changed.")
            } else {
                try console.confirm(
                    differences.joined(separator: " ")
                        + " Its groups write to their disks from now on, also when another machine does.",
                    yes: confirmation.yes)
                try await acceptance.accept()
                lines.append("This machine counts as the right one from now on.")
            }
            if json { return console.json(Lines(lines: lines)) }
            for line in lines { console.print(line) }
        }
    }

    private struct Lines: Encodable {
        let lines: [String]
    }
}
