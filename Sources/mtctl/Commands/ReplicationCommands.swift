// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stops replication into a group; its RPO grows.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        try await finish(try await connection.client.post(ControlPath.group(group, .pause)), connection)
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused group replicate again, or tries a degraded one again.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        try await finish(try await connection.client.post(ControlPath.group(group, .resume)), connection)
    }
}

struct BookmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookmark",
        abstract: "Names the newest point of a group, or asks its sender for an application-consistent one.")

    @Argument(help: "The group.") var group: String
    @Option(help: "Its label.") var label: String
    @Flag(
        help: "Ask the sender for an application-consistent point; of a group that is fed over NBD: say that it is one."
    ) var appConsistent = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        _ = try permitted(group: group)
        guard PointReference.isPermittedLabel(label) else {
            throw ValidationError("\"\(label)\" cannot be a label: it would mean another point, or it is too long.")
        }
    }

    func run() async throws {
        let answer: Acknowledgement = try await connection.client.post(
            ControlPath.group(group, .bookmark), BookmarkRequest(label: label, applicationConsistent: appConsistent))
        try await finish(answer, connection)
    }
}

struct PointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points", abstract: "Shows what a group can be recovered to.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let console = Console.current
        let points: PointList = try await connection.client.get(ControlPath.group(group, .points))
        if connection.json { return console.json(points) }
        PointsOutput.show(points, console)
    }
}
