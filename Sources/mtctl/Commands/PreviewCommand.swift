// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI
import LinuxSystem
import StoragePrimitives

struct PreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Shows a recovery point to NBD clients, while replication goes on.",
        subcommands: [Start.self, List.self, Stop.self])

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens a point of a group, all of its disks.",
            discussion: """
                The target disks are not touched. The history that the point needs is held while the preview lasts; a \
                preview gives way, and says so, when replication has no room left without it.
                """)

        @Argument(help: "The group.") var group: String
        @Option(help: "The point: latest, latest-processed, latest-app-consistent, a label, a time, a number.")
        var point: PointReference
        @Flag(help: "Let clients write, into a scratch file that goes with the preview.") var writable = false
        @Option(help: "The most that clients may write; 1GiB unless said.") var scratch: SizeArgument?
        @Option(help: "unix:PATH, or HOST:PORT with TLS; a socket beside the control socket unless said.")
        var listen: String?
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            _ = try permitted(group: group)
            guard scratch == nil || writable else { throw ValidationError("--scratch goes with --writable.") }
        }

        func run() async throws {
            let size = writable ? scratch.map { ByteCount($0.bytes) } ?? ByteCount.gibibytes(1) : nil
            let preview: PreviewReport = try await connection.client.post(
                ControlPath.previews,
                StartPreviewRequest(group: group, point: point, scratchBytes: size, listen: listen))
            let console = Console.current
            if connection.json { return console.json(preview) }
            console.print(
                "Preview \(preview.id) shows group \(group) at \(preview.point), number \(preview.sequence), "
                    + "\(LocalTime.describe(preview.time.timestamp)).")
            for disk in preview.disks { PreviewOutput.commands(preview, disk, console) }
            console.print("\nEnd it with mtctl preview stop \(preview.id).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the previews.")

        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let list: PreviewList = try await connection.client.get(ControlPath.previews)
            let console = Console.current
            if connection.json { return console.json(list) }
            guard !list.previews.isEmpty else { return console.print("No previews.") }
            var table = Table("PREVIEW", "GROUP", "POINT", "TIME", "CLIENTS", "SCRATCH", "LISTENS ON")
            for preview in list.previews {
                table.add(
                    preview.id, preview.group, "\(preview.sequence)", LocalTime.describe(preview.time.timestamp),
                    preview.isServing ? "\(preview.connections)" : "not served",
                    preview.scratchBytes.map { "\($0)" } ?? "read-only", preview.listen)
            }
            for line in table.lines { console.print(line) }
            for preview in list.previews {
                guard let problem = preview.problem else { continue }
                console.print(console.colored("Preview \(preview.id): \(problem)", .yellow))
            }
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a preview; what was written to it is dropped.")

        @Argument(help: "Its number.") var preview: UInt64
        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            try await finish(try await connection.client.post(ControlPath.stopPreview("\(preview)")), connection)
        }
    }
}

/// What may be done with a preview's disk, as commands to copy.
enum PreviewOutput {
    static func commands(_ preview: PreviewReport, _ disk: PreviewReport.Disk, _ console: Console) {
        let isWritable = preview.scratchBytes != nil
        console.print("\nDisk \(disk.source), \(disk.sizeBytes): \(disk.uri)")
        console.print("  nbdinfo '\(disk.uri)'")
        console.print("  nbdcopy --progress '\(disk.uri)' \(disk.source.replacingSlashes).img")
        console.print("  guestfish \(isWritable ? "" : "--ro ")--format=raw -a '\(disk.uri)' -i")
        console.print(
            "  qemu-system-x86_64 -m 2048 \(isWritable ? "" : "-snapshot ")-drive 'file=\(disk.uri),format=raw'")
    }
}

extension String {
    /// A source's name as part of a file's.
    var replacingSlashes: String { String(map { $0 == "/" ? "-" : $0 }) }
}
