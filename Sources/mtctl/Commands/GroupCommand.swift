// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Protected groups: machines and disks that share one order of writes.",
        subcommands: [Create.self, List.self, Show.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a group.")

        @Argument(help: "Its name.") var name: String
        @Option(help: "Age of the newest change beyond which an event is raised.") var rpo: DurationArgument?
        @Option(help: "How far back history reaches.") var retention: DurationArgument?
        @Option(help: "Interval of application-consistent points.") var appConsistent: DurationArgument?
        @Option(help: "The most room its history may take.") var quota: SizeArgument?
        @Option(help: "A process server that may send, by its host id; may be repeated. None: any.") var sender:
            [String] = []
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: name) }

        func run() async throws {
            var request = CreateGroupRequest(name: name, senders: sender)
            request.rpoThresholdSeconds = rpo?.seconds
            request.retentionSeconds = retention?.seconds
            request.applicationConsistentSeconds = appConsistent?.seconds
            request.quotaBytes = quota?.bytes
            let group: GroupReport = try await connection.client.post(ControlPath.groups, request)
            if connection.json { return Console.current.json(group) }
            Console.current.print("Group \(group.name) is made. Bind its disks with mtctl disk bind \(group.name).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the groups.")

        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            let list: GroupList = try await connection.client.get(ControlPath.groups)
            if connection.json { return Console.current.json(list) }
            GroupOutput.list(list.groups, Console.current)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows all of a group.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: name) }

        func run() async throws {
            let group: GroupReport = try await connection.client.get(ControlPath.group(name))
            if connection.json { return Console.current.json(group) }
            GroupOutput.show(group, Console.current)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a group and releases its disks.",
            discussion: "The content of the target disks stays as it is. History goes only with --discard-history.")

        @Argument(help: "Its name.") var name: String
        @Flag(help: "Its recovery points are lost, and that is meant.") var discardHistory = false
        @OptionGroup var confirmation: ConfirmationOption
        @OptionGroup var connection: ConnectionOptions

        func validate() throws { _ = try permitted(group: name) }

        func run() async throws {
            if discardHistory {
                try Console.current.confirm(
                    "Group \(name) is deleted with all of its recovery points; they cannot be brought back.",
                    yes: confirmation.yes)
            }
            let answer: Acknowledgement = try await connection.client.post(
                ControlPath.group(name, .delete), DeleteGroupRequest(discardHistory: discardHistory))
            try await finish(answer, connection)
        }
    }
}

/// Shows the answer to a change, and follows its job where there is one.
func finish(_ answer: Acknowledgement, _ connection: ConnectionOptions, noWait: Bool = false) async throws {
    let console = Console.current
    if let job = answer.job, !noWait {
        return try await JobFollower(client: connection.client, json: connection.json).follow(job)
    }
    if connection.json { return console.json(answer) }
    console.print(answer.message)
}
