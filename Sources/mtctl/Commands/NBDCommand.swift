// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ControlAPI

struct NBDCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nbd", abstract: "Groups whose disks standard clients write to, over NBD.",
        discussion: """
            qemu's mirror, nbdcopy, qemu-img and every other NBD client can be a source: what they write to an export \
            becomes the group's history, with nothing of this product beside the source.
            """,
        subcommands: [Enable.self, Disable.self, InStep.self])

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets NBD clients write to a group's disks, in place of a process server.",
            discussion: """
                The first recovery point is what the target disks hold at this moment. Points are not guaranteed to show \
                one moment of the source until mtctl nbd in-step says that the copy is complete.
                """)

        @Argument(help: "The group.") var group: String
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: group) }

        func run() async throws {
            try await finish(try await connection.client.post(ControlPath.group(group, .nbdEnable)), connection)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a group back to process servers, which compare its disks first.")

        @Argument(help: "The group.") var group: String
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: group) }

        func run() async throws {
            try await finish(try await connection.client.post(ControlPath.group(group, .nbdDisable)), connection)
        }
    }

    struct InStep: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "in-step", abstract: "Says that a group's disks show their source, and follow it.",
            discussion: """
                Say it when a copy of a source that stands still is complete, or when a mirror that writes to both sides \
                before it answers (qemu: copy-mode=write-blocking) reports that it is ready. From then on the group's \
                points are exact, until a connection ends or another writes.
                """)

        @Argument(help: "The group.") var group: String
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: group) }

        func run() async throws {
            try await finish(try await connection.client.post(ControlPath.group(group, .nbdInStep)), connection)
        }
    }
}
