// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import StoragePrimitives

struct DiskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk", abstract: "The disks of a group.", subcommands: [Bind.self, Unbind.self])

    struct Bind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Binds a source disk to a target disk.",
            discussion: "All that is on the target is overwritten by the first synchronization.")

        @Argument(help: "The group.") var group: String
        @Option(help: "The source disk, as its process server names it.") var source: String
        @Option(help: "The target: the disk's identity, as mtctl disks shows it, or file:PATH for an image file.")
        var target: String
        @Option(help: "The source disk's size, such as 20GiB.") var size: SizeArgument
        @Option(help: "The source disk's logical block size in bytes: 512 or 4096.") var blockSize: UInt32 = 512
        @OptionGroup var confirmation: ConfirmationOption
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            _ = try permitted(group: group)
            guard blockSize == 512 || blockSize == 4096 else {
                throw ValidationError("--block-size must be 512 or 4096.")
            }
            guard size.bytes % UInt64(blockSize) == 0, size.bytes > 0 else {
                throw ValidationError("--size must be a multiple of \(blockSize) bytes, and not zero.")
            }
        }

        func run() async throws {
            try Console.current.confirm(
                "All that is on \(target) will be overwritten with the content of \(source).", yes: confirmation.yes)
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.group(group, .bind),
                BindDiskRequest(
                    source: source, target: target, sizeBytes: ByteCount(size.bytes), logicalBlockSize: blockSize))
            try await finish(answer, connection)
        }
    }

    struct Unbind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Releases a target disk.",
            discussion: "Its group's history is of all its disks: it goes too, and only with --discard-history.")

        @Argument(help: "The group.") var group: String
        @Option(help: "The source disk.") var source: String
        @Flag(help: "The group's recovery points are lost, and that is meant.") var discardHistory = false
        @OptionGroup var confirmation: ConfirmationOption
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: group) }

        func run() async throws {
            if discardHistory {
                try Console.current.confirm(
                    "All recovery points of group \(group) are dropped; they cannot be brought back.",
                    yes: confirmation.yes)
            }
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.group(group, .unbind), UnbindDiskRequest(source: source, discardHistory: discardHistory))
            try await finish(answer, connection)
        }
    }
}
