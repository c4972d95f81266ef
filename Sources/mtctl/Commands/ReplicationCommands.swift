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
        guard !points.stretches.isEmpty || !points.bookmarks.isEmpty else {
            return console.print("Group \(group) has no recovery point yet.")
        }
        if console.isTerminal {
            for line in Timeline.draw(points, width: console.width - 1) { console.print(line) }
            console.print(Timeline.legend)
            console.print("")
        }
        var table = Table("POINT", "SEQUENCE", "TIME", "KIND", "ACCURACY", "LOSES")
        func add(_ name: String, _ point: PointReport) {
            table.add(
                name, "\(point.sequence)", LocalTime.describe(point.time.timestamp),
                point.kind == .applicationConsistent ? "application-consistent" : "crash-consistent",
                point.accuracy == .exact ? "exact" : point.accuracy == .approximate ? "approximate" : "not guaranteed",
                Quantity.describe(seconds: point.losesSeconds))
        }
        if let point = points.latest { add("latest", point) }
        if let point = points.latestProcessed { add("latest-processed", point) }
        if let point = points.latestApplicationConsistent { add("latest-app-consistent", point) }
        for bookmark in points.bookmarks { add(bookmark.label ?? "\(bookmark.sequence)", bookmark) }
        for line in table.lines { console.print(line) }
        for stretch in points.stretches {
            console.print(
                "\(stretch.isBoundariesOnly ? "The ends of" : "Every batch of") \(stretch.firstSequence) to "
                    + "\(stretch.lastSequence), \(LocalTime.describe(stretch.firstTime.timestamp)) to "
                    + "\(LocalTime.describe(stretch.lastTime.timestamp))")
        }
    }
}
