// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI

extension RetentionCommand {
    struct Candidates: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows which volumes may hold history, and why the others may not.",
            discussion: """
                Every block device and filesystem of this machine is judged by every rule. It is looked at here, as \
                root, and not by the agent.
                """)

        @Argument(help: "Only this volume: a disk's identity, or a name such as /dev/sdc1.") var volume: String?
        @Flag(help: "Also the rules that are kept.") var verbose = false
        @OptionGroup var place: PlaceOptions
        @Flag(help: "JSON on standard output: sizes in bytes.") var json = false

        func run() async throws {
            let console = Console.current
            let list = try await RetentionSetup(place.places()).candidates(volume)
            if json { return console.json(list) }
            guard !list.candidates.isEmpty else { return console.print("This machine has no volume.") }
            console.print("The retention volume belongs on \(list.path).")
            for candidate in list.candidates { show(candidate, console) }
        }

        private func show(_ candidate: RetentionCandidateReport, _ console: Console) {
            let verdict =
                switch candidate.verdict {
                case "offered": console.colored("can be used as it is", .green)
                case "offeredAfterPreparation": console.colored("can be used once it is prepared", .green)
                default: "is not offered"
                }
            let carries = candidate.signatures.isEmpty ? "" : ", " + candidate.signatures.joined(separator: ", ")
            let place = candidate.mountedOn.isEmpty ? "" : ", on " + candidate.mountedOn.joined(separator: ", ")
            console.print("")
            console.print("\(candidate.device) (\(candidate.sizeBytes)\(carries)\(place)) \(verdict)")
            if let identity = candidate.identity { console.print("    identity \(identity)") }
            let isWhole = verbose || volume != nil
            // That a refused one is blank is no reason to prepare it.
            let isOffered = candidate.verdict != "refused"
            for rule in candidate.rules
            where isWhole || rule.outcome == "failed" || (isOffered && rule.outcome != "met") {
                let (mark, color): (String, Console.Color) =
                    switch rule.outcome {
                    case "met": ("✓", .green)
                    case "warned": ("!", .yellow)
                    case "unprepared": ("+", .yellow)
                    default: ("✗", .red)
                    }
                console.print("  \(console.colored(mark, color)) \(rule.title): \(rule.sentence)")
            }
        }
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a volume the retention volume: filesystem, mount unit, mounted.",
            discussion: """
                A blank volume gets a filesystem. What carries anything is left as it is, unless everything on it is \
                named with --yes-destroy; a filesystem that was made elsewhere is used with --adopt. It can be run \
                again: what is done is left alone. It is done here, as root, and not by the agent, which takes the \
                volume up by itself within seconds.
                """)

        @Argument(help: "The volume: a disk's identity, or a name such as /dev/sdc1.") var volume: String
        @Option(name: .customLong("fs"), help: "The filesystem to make: xfs or ext4.") var filesystem = "xfs"
        @Option(
            help: ArgumentHelp(
                "A signature that may be lost, such as vfat; once for each that is there.", valueName: "signature"))
        var yesDestroy: [String] = []
        @Flag(help: "Use the filesystem that is there, with what is on it.") var adopt = false
        @Flag(help: "Only show what would be done.") var dryRun = false
        @OptionGroup var place: PlaceOptions
        @OptionGroup var confirmation: ConfirmationOption
        @Flag(help: "JSON on standard output.") var json = false

        func validate() throws {
            guard RetentionSetup.filesystems.contains(filesystem) else {
                throw ValidationError("--fs must be \(RetentionSetup.filesystems.joined(separator: " or ")).")
            }
            if adopt, !yesDestroy.isEmpty { throw ValidationError("--adopt and --yes-destroy exclude each other.") }
        }

        func run() async throws {
            let console = Console.current
            let setup = try await RetentionSetup(place.places())
            let request = RetentionSetup.Request(
                volume: volume, filesystem: filesystem, destroying: Set(yesDestroy), isAdopting: adopt)
            let report = try await setup.prepare(request, isDryRun: dryRun) { [json, confirmation] plan in
                // A blank volume loses nothing, so that a script needs no more than the command.
                guard console.isInteractive || !plan.losing.isEmpty, !confirmation.yes else { return }
                if !json { Self.show(plan, console) }
                let loss =
                    plan.losing.isEmpty ? "" : " What it carries (\(plan.losing.joined(separator: ", "))) is lost."
                try console.confirm(
                    "\(plan.device) becomes the retention volume on \(plan.path) now.\(loss)", yes: false)
            } progress: { [json] step in
                if !json { console.print(step) }
            }
            if json { return console.json(report) }
            if dryRun { Self.show(report, console) }
            if report.steps.isEmpty {
                console.print(
                    "\(report.device) is the retention volume on \(report.path) already; nothing was changed.")
            } else if report.isDone {
                for warning in report.warnings { console.print("Note: \(warning)") }
                console.print("\(report.device) is the retention volume on \(report.path) now (UUID \(report.uuid)).")
            }
        }

        private static func show(_ report: RetentionPreparationReport, _ console: Console) {
            if !report.steps.isEmpty { console.print("What is to be done:") }
            for step in report.steps { console.print("  \(step)") }
            for warning in report.warnings { console.print("Note: \(warning)") }
        }
    }
}
