// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import ControlAPI
import Registration

extension ReplicationDirection: ExpressibleByArgument {}
extension SiteOperation.Kind: ExpressibleByArgument {}

/// Where a group is replicated to.
struct ReprotectOptions: ParsableArguments {
    @Option(help: "Which way: failback, or forward after a commit.") var direction = ReplicationDirection.failback
    @Option(help: "The master target, by host id or name; without one: the one with the most room.")
    var masterTarget: String?
    @Option(help: "The process server, by host id or name; without one: one is chosen.") var processServer: String?
    @Option(
        help: ArgumentHelp(
            "What a disk is written to, for one that does not go to its original one.",
            valueName: "machine/disk=target"))
    var target: [String] = []
    @Flag(
        help: "Nothing runs on the target disks, although a commit on them is known there that is not known here.")
    var targetsUnused = false

    func validate() throws { _ = try request }

    var request: ReprotectRequest {
        get throws {
            ReprotectRequest(
                direction: direction, masterTarget: masterTarget, processServer: processServer,
                targets: try target.map(SiteDiskArgument.target), targetsAreUnused: targetsUnused ? true : nil)
        }
    }
}

/// How a point is taken.
struct FailoverOptions: ParsableArguments {
    @Flag(help: "The source machines are stopped already; otherwise they are told to send what there is, and to stop.")
    var sourceStopped = false
    @Flag(help: "Take a point that is not exact.") var acceptInexact = false
    @Flag(help: "The disks show another point, and nothing wrote to them since.") var targetsUntouched = false

    func request(_ point: PointReference) -> FailoverRequest {
        FailoverRequest(
            point: point, sourceStopped: sourceStopped, acceptInexact: acceptInexact,
            targets: targetsUntouched ? .untouched : nil)
    }
}

/// Begins an operation and follows it to its end.
///
/// - Parameter next: What an operator does after it is done, for people.
func performOnSite(
    _ operation: SiteOperation, on group: String, _ client: ConfigurationClient, _ site: SiteOptions,
    _ options: JobOptions, next: String
) async throws {
    let job = try await client.begin(operation, on: group)
    try await finishOnSite(job, client, site, options, next: next)
}

/// Follows a job that began, or only tells of it.
func finishOnSite(
    _ job: SiteJobReport, _ client: ConfigurationClient, _ site: SiteOptions, _ options: JobOptions,
    canBeCancelled: Bool = false, next: String = ""
) async throws {
    let console = Console.current
    if options.noWait {
        if site.json { return console.json(job) }
        return console.print(
            "Job \(job.id) has begun: \(SiteWords.operation(job.operation)) of group \(job.group). Follow it with "
                + "mtctl site job follow \(job.id.prefix(8)).")
    }
    try await SiteJobFollower(client: client, json: site.json).follow(job, canBeCancelled: canBeCancelled)
    if !site.json, !next.isEmpty { console.print(next) }
}
