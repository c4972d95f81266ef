// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Makes the target disks show a recovery point.",
        discussion: """
            Replication into the group stops first, and the agent must know that the source machines are off: say so \
            with --source-stopped. Until commit, another point can be recovered, or the latest brought back with \
            rollback.
            """)

    @Argument(help: "The group.") var group: String
    @Option(help: "The point: latest, latest-processed, latest-app-consistent, a label, a time, a number.")
    var point: PointReference
    @Flag(help: "The source machines are stopped or fenced.") var sourceStopped = false
    @Flag(help: "Take a point that is not exact.") var acceptInexact = false
    @Flag(help: "The disks show another point, and nothing wrote to them since.") var targetsUntouched = false
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let resolved: ResolvedPoint = try await connection.client.post(
            ControlPath.group(group, .resolve), ResolveRequest(point: point))
        let time = LocalTime.describe(resolved.point.time.timestamp)
        let loss =
            resolved.point.losesSeconds == 0
            ? "" : " That is \(Quantity.describe(seconds: resolved.point.losesSeconds)) before the latest point."
        let note = resolved.note.map { " \($0)" } ?? ""
        try Console.current.confirm(
            "Replication into group \(group) stops, and its disks are changed to show \(point): number "
                + "\(resolved.point.sequence), \(time).\(loss)\(note) "
                + "Until commit, rollback brings the latest point back.", yes: confirmation.yes)
        let answer: Acknowledgement = try await connection.client.post(
            ControlPath.group(group, .recover),
            RecoverRequest(
                point: point, sourceStopped: sourceStopped, acceptInexact: acceptInexact,
                targets: targetsUntouched ? .untouched : nil))
        if !connection.json { Console.current.print(answer.message) }
        try await finish(answer, connection, noWait: job.noWait)
    }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Brings a recovered group back to its latest point, protected again.",
        discussion: """
            History can be moved over the disks only while they are as it left them. A machine that ran on them has \
            written to them, nobody knows where: then say --targets-written. The group's history is dropped, and its \
            disks are compared with their source.
            """)

    @Argument(help: "The group.") var group: String
    @Flag(help: "No machine ran on the recovered disks, and nothing else wrote to them.") var targetsUntouched = false
    @Flag(help: "A machine ran on the recovered disks: compare them with their source.") var targetsWritten = false
    @Flag(help: "With --targets-written: the recovery points are lost, and that is meant.") var discardHistory = false
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        _ = try permitted(group: group)
        guard !targetsUntouched || !targetsWritten else {
            throw ValidationError("The disks are either untouched or written to: give one of both flags.")
        }
    }

    func run() async throws {
        try Console.current.confirm(
            targetsWritten
                ? "The history of group \(group) is dropped, and its disks become what their source is now."
                : "The disks of group \(group) go back to its latest point.", yes: confirmation.yes)
        let answer: Acknowledgement = try await connection.client.post(
            ControlPath.group(group, .rollback),
            RollbackRequest(
                targets: targetsUntouched ? .untouched : targetsWritten ? .written : nil,
                discardHistory: discardHistory))
        try await finish(answer, connection, noWait: job.noWait)
    }
}

struct CommitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Accepts the recovered point: releases the disks and drops history.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        try Console.current.confirm(
            "All other recovery points of group \(group) are dropped, and no other point can be recovered afterwards.",
            yes: confirmation.yes)
        let answer: Acknowledgement = try await connection.client.post(
            ControlPath.group(group, .commit), CommitRequest(dropHistory: true))
        try await finish(answer, connection, noWait: job.noWait)
    }
}

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks all of a group's history, and compares its disks with their sources.",
        discussion: """
            Nothing is changed. The disks are compared while a process server is connected: it makes a pass that reads \
            everything, and what it read is compared with the disks when that pass is applied. Disks that differ are \
            named, and synchronized again when the process server connects next.
            """)

    @Argument(help: "The group.") var group: String
    @OptionGroup var job: JobOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let answer: Acknowledgement = try await connection.client.post(ControlPath.group(group, .verify))
        try await finish(answer, connection, noWait: job.noWait)
    }
}
