// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import Registration

struct SiteCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says what stands against an operation, and begins nothing.",
        discussion: "The exit code is 1 when it would be refused.")

    @Argument(help: "The group.") var group: String
    @Argument(help: "The operation: reprotect, failover, rollback or commit.") var operation: SiteOperation.Kind
    @Option(help: "Of a failover: the point.") var point = PointReference.latest
    @OptionGroup var reprotect: ReprotectOptions
    @OptionGroup var failover: FailoverOptions
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let console = Console.current
        let wanted: SiteOperation =
            switch operation {
            case .reprotect: .reprotect(try reprotect.request)
            case .failover: .failover(failover.request(point))
            case .rollback: .rollback(RollbackRequest(targets: failover.targetsUntouched ? .untouched : nil))
            case .commit: .commit(CommitRequest(dropHistory: true))
            }
        let list = try await site.client().check(wanted, on: group)
        if site.json {
            console.json(list)
        } else {
            SiteFindings.show(list.findings, console)
            console.print(
                list.isPermitted
                    ? "Nothing stands against the \(operation.rawValue) of group \(group)."
                    : "The \(operation.rawValue) of group \(group) would be refused.")
        }
        if !list.isPermitted { throw ExitCode(1) }
    }
}

struct SiteReprotectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprotect", abstract: "Replicates a group: home, or out again after a commit.",
        discussion: """
            Disks go to the ones they came from, and only the differences travel; a disk whose original one is gone \
            needs a --target. None is ever invented.
            """)

    @Argument(help: "The group.") var group: String
    @OptionGroup var options: ReprotectOptions
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let client = try site.client()
        let operation = SiteOperation.reprotect(try options.request)
        try SiteFindings.pass(try await client.check(operation, on: group), operation, of: group, json: site.json)
        try Console.current.confirm(
            "The target disks of group \(group) are overwritten with what its machines have at the other site"
                + (options.direction == .forward ? ", which is on site now." : "."), yes: confirmation.yes)
        try await performOnSite(
            operation, on: group, client, site, job,
            next: "When it is time: mtctl site failover \(group) --point latest")
    }
}

struct SiteRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Brings a group that was failed over back to its latest point, protected.",
        discussion: """
            History can be moved over the disks only while they are as it left them. A machine that ran on them has \
            written to them: then say --targets-written, and the disks are compared with their sources.
            """)

    @Argument(help: "The group.") var group: String
    @Flag(help: "No machine ran on the recovered disks, and nothing else wrote to them.") var targetsUntouched = false
    @Flag(help: "A machine ran on the recovered disks: compare them with their source.") var targetsWritten = false
    @Flag(help: "With --targets-written: the recovery points are lost, and that is meant.") var discardHistory = false
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var site: SiteOptions

    func validate() throws {
        _ = try permitted(group: group)
        guard !targetsUntouched || !targetsWritten else {
            throw ValidationError("The disks are either untouched or written to: give one of both flags.")
        }
    }

    func run() async throws {
        let client = try site.client()
        let operation = SiteOperation.rollback(
            RollbackRequest(
                targets: targetsUntouched ? .untouched : targetsWritten ? .written : nil,
                discardHistory: discardHistory))
        try SiteFindings.pass(try await client.check(operation, on: group), operation, of: group, json: site.json)
        try Console.current.confirm(
            targetsWritten
                ? "The history of group \(group) is dropped, and its disks become what their sources are now."
                : "The disks of group \(group) go back to its latest point, and its machines are replicated again.",
            yes: confirmation.yes)
        try await performOnSite(operation, on: group, client, site, job, next: "")
    }
}

struct SiteCommitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Accepts the point that a group was failed over to: drops all others.")

    @Argument(help: "The group.") var group: String
    @OptionGroup var job: JobOptions
    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try permitted(group: group) }

    func run() async throws {
        let client = try site.client()
        let operation = SiteOperation.commit(CommitRequest(dropHistory: true))
        try SiteFindings.pass(try await client.check(operation, on: group), operation, of: group, json: site.json)
        try Console.current.confirm(
            "All other recovery points of group \(group) are dropped, and neither they nor the latest one can be "
                + "recovered afterwards.", yes: confirmation.yes)
        try await performOnSite(
            operation, on: group, client, site, job,
            next: "The group is not protected now. To replicate it the other way: mtctl site reprotect \(group) "
                + "--direction …")
    }
}
