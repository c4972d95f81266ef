// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI

struct DisksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disks", abstract: "The disks of this machine, by identity.",
        subcommands: [List.self, Accept.self, Forget.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the disks, and which of them may become targets.",
            discussion: "It is what mtctl disks does when nothing else is said.")

        @Flag(help: "All that is known of each disk, and every reason.") var verbose = false
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let console = Console.current
            let list: DiskList = try await connection.client.get(ControlPath.disks)
            if connection.json { return console.json(list) }
            var table = Table("DEVICE", "IDENTITY", "SIZE", "MODEL", "ADDRESS", "USE")
            for disk in list.disks {
                let model = [disk.vendor, disk.model].compactMap { $0 }.joined(separator: " ")
                let place = disk.paths.isEmpty ? disk.address ?? "" : disk.paths.joined(separator: " ")
                table.add(
                    disk.device, disk.identity ?? "none", "\(disk.sizeBytes)", model, place, DisksCommand.use(of: disk))
            }
            for line in table.lines { console.print(line) }
            for disk in list.disks where !disk.refusals.isEmpty && (verbose || disk.identity == nil) {
                console.print("")
                console.print("\(disk.device) cannot become a target:")
                for refusal in disk.refusals { console.print("    \(refusal)") }
            }
            for finding in list.findings {
                console.print("")
                console.print(finding.severity == .notice ? finding.message : console.colored(finding.message, .red))
                if !finding.remedy.isEmpty { console.print("    To do: \(finding.remedy)") }
            }
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes the size that a target disk has grown to for the right one.",
            discussion: """
                A group stops when the size of one of its disks changes, because that may be another disk. When you \
                made it larger yourself, say so: the group goes on, and replicates as much as before. A disk that has \
                become smaller is not accepted.
                """)

        @Argument(help: "The disk's identity, as mtctl disks shows it.") var identity: String
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.disksAccept, DiskRequest(identity: identity))
            try await finish(answer, connection)
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drops what is known of a disk that will not come back.",
            discussion: "A disk that is here, or that a group writes to, is not forgotten.")

        @Argument(help: "The disk's identity, as mtctl disks shows it.") var identity: String
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.disksForget, DiskRequest(identity: identity))
            try await finish(answer, connection)
        }
    }

    private static func use(of disk: MachineDisk) -> String {
        if let group = disk.group { return "target of group \(group)" }
        guard let first = disk.refusals.first else { return "free" }
        let more = disk.refusals.count > 1 ? " (and \(disk.refusals.count - 1) more)" : ""
        return first + more
    }
}
