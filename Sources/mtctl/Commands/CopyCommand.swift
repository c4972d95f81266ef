// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import HostPreparation
import LinuxSystem
import StoragePrimitives

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copies a recovery point to an image, a disk or an NBD server.",
        discussion: """
            Replication goes on, and the target disks stay as they are. The copy is written with this user's \
            permissions, and compared with the point when it is complete.
            """)

    @Argument(help: "The group.") var group: String
    @Option(help: "The point: latest, latest-processed, latest-app-consistent, a label, a time, a number.")
    var point: PointReference
    @Option(help: "A file that does not exist, a block device, an NBD URI, or a folder for all of the group's disks.")
    var to: String
    @Option(help: "The source disk, where the group has several and --to is no folder.") var disk: String?
    @Option(help: "raw or qcow2; by the file's name unless said.") var format: Format?
    @Flag(help: "Take a point that is not exact.") var acceptInexact = false
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var connection: ConnectionOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case raw, qcow2
    }

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        if SystemFiles.blockDeviceNumber(to) != nil || CopyJob.isExport(to) {
            try Console.current.confirm("All that is on \(to) is overwritten.", yes: confirmation.yes)
        }
        let client = connection.client
        let preview: PreviewReport = try await client.post(
            ControlPath.previews,
            StartPreviewRequest(group: group, point: point, acceptInexact: acceptInexact, isPassing: true))
        let outcome: Result<[CopyReport], any Error>
        do {
            outcome = .success(try await copy(preview))
        } catch {
            outcome = .failure(error)
        }
        // One that has ended by itself says nothing of the copy, and one that has not does so soon.
        let _: Acknowledgement? = try? await client.post(ControlPath.stopPreview(preview.id))
        for report in try outcome.get() {
            if connection.json {
                Console.current.json(report)
            } else {
                Console.current.print(
                    "Disk \(report.source) of group \(group) at number \(report.sequence) is in \(report.path), "
                        + "compared.")
            }
        }
    }

    private func copy(_ preview: PreviewReport) async throws -> [CopyReport] {
        let isFolder = FolderTree.isFolder(to)
        let disks = preview.disks.filter { disk == nil || $0.source == disk }
        guard !disks.isEmpty else {
            throw ControlFailure(
                .notFound, "Group \(group) has no disk \(disk ?? "").",
                remedy: "mtctl group show \(group) lists its disks.")
        }
        guard disks.count == 1 || isFolder else {
            throw ControlFailure(
                .invalidRequest, "Group \(group) has \(disks.count) disks, and \(to) takes one.",
                remedy: "Name one with --disk, or a folder for all of them.")
        }
        let thread = DiskThread(name: "mt-copy")
        defer { thread.finish() }
        var reports: [CopyReport] = []
        for disk in disks {
            let path = isFolder ? "\(to)/\(disk.source.replacingSlashes).\((format ?? .raw).rawValue)" : to
            let job = CopyJob(
                disk: disk, path: path, format: format ?? (path.hasSuffix(".qcow2") ? .qcow2 : .raw),
                console: Console.current, showsProgress: !connection.json)
            let data = try await thread.run { try job.run() }
            reports.append(
                CopyReport(
                    source: disk.source, path: path, sequence: preview.sequence, time: preview.time,
                    sizeBytes: disk.sizeBytes, dataBytes: data))
        }
        return reports
    }
}

/// What became of one disk.
private struct CopyReport: Encodable {
    let source: String
    let path: String
    let sequence: UInt64
    let time: DateTime
    let sizeBytes: ByteCount
    /// Bytes that are not zeroes; nil where another program did the copying.
    let dataBytes: ByteCount?
}

/// The copying of one disk, on a thread that may block.
private struct CopyJob: Sendable {
    let disk: PreviewReport.Disk
    let path: String
    let format: CopyCommand.Format
    let console: Console
    let showsProgress: Bool

    /// Whether a destination is another NBD server's, and no path.
    static func isExport(_ path: String) -> Bool {
        ["nbd://", "nbds://", "nbd+unix://"].contains { path.hasPrefix($0) }
    }

    /// - Returns: Bytes that are not zeroes, where that is known.
    func run() throws -> ByteCount? {
        let isExport = Self.isExport(path)
        guard format == .raw, !isExport else {
            try ImageTool(runner: ShellCommandRunner()).copy(
                from: disk.uri, to: path, format: format.rawValue, isThere: isExport,
                shows: showsProgress && console.isTerminal)
            return nil
        }
        let bar = showsProgress && console.isTerminal
        let copy = try PointCopy(uri: disk.uri, path: path) { phase, done, total in
            guard bar else { return }
            let share = total == .zero ? 100 : Int(Double(done.rawValue) / Double(total.rawValue) * 100)
            console.write("\r\u{1B}[K\(disk.source): \(phase) \(done) of \(total), \(share) %")
        }
        defer { if bar { console.write("\r\u{1B}[K") } }
        return try copy.run().data
    }
}
