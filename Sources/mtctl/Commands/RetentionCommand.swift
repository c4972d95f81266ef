// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "The retention volume and the history on it.",
        subcommands: [Status.self, Candidates.self, Prepare.self, Scrub.self, Rebuild.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the volume, what each group takes of it, and how far its room reaches.")

        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let console = Console.current
            let report: RetentionReport = try await connection.client.get(ControlPath.retention)
            if connection.json { return console.json(report) }
            var sheet = Sheet()
            sheet.add("Volume", report.volume.path)
            sheet.add(
                "State",
                report.volume.isUsable
                    ? "usable"
                    : "\(report.volume.problem ?? "not usable.") Mount it, or see mtctl retention candidates for one.")
            sheet.add("Free", report.volume.freeBytes.map { "\($0)" })
            for line in sheet.lines { console.print(line) }
            guard !report.groups.isEmpty else { return }
            console.print("")
            var table = Table("GROUP", "USED", "QUOTA", "WAITING", "EPOCHS", "OLDEST", "NEWEST")
            for group in report.groups {
                let retention = group.retention
                table.add(
                    group.name, "\(retention.usedBytes)", retention.quotaBytes.map { "\($0)" } ?? "none",
                    "\(retention.waiting)", "\(retention.epochs)",
                    retention.oldest.map { LocalTime.describe($0.timestamp) } ?? "none",
                    retention.newest.map { LocalTime.describe($0.timestamp) } ?? "none")
            }
            for line in table.lines { console.print(line) }
            console.print("")
            for group in report.groups {
                if let window = group.window { console.print("\(group.name): \(window.sentence)") }
            }
        }
    }

    struct Scrub: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads all history and checks every checksum.",
            discussion: "One group's, or every group's in turn.")

        @Argument(help: "The group; none: all of them.") var group: String?
        @OptionGroup var job: JobOptions
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { if let group { _ = try permitted(group: group) } }

        func run() async throws {
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.retentionScrub, RetentionRequest(group: group))
            try await finish(answer, connection, noWait: job.noWait)
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes again what is damaged of a group's catalogue, from its history files.",
            discussion: "What cannot be made again stays lost, and is given up only with --accept-loss.")

        @Argument(help: "The group.") var group: String
        @Flag(help: "Points that cannot be made again are given up, and that is meant.") var acceptLoss = false
        @OptionGroup var job: JobOptions
        @OptionGroup var confirmation: ConfirmationOption
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: group) }

        func run() async throws {
            try Console.current.confirm(
                "Damaged files of group \(group)'s history are removed, and made again from its segments."
                    + (acceptLoss
                        ? " Points that cannot be made again are given up; they cannot be brought back." : ""),
                yes: confirmation.yes)
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.retentionRebuild, RetentionRequest(group: group, acceptLoss: acceptLoss))
            try await finish(answer, connection, noWait: job.noWait)
        }
    }
}
