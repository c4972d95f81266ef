// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import LinuxSystem
import Registration

struct SiteJobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Lists operations, the newest first.")

    @Option(help: "Only those of this group.") var group: String?
    @OptionGroup var site: SiteOptions

    func validate() throws { _ = try group.map { try permitted(group: $0) } }

    func run() async throws {
        let console = Console.current
        let list = try await site.client().jobs(of: group)
        if site.json { return console.json(list) }
        guard !list.jobs.isEmpty else { return console.print("No jobs.") }
        var table = Table("JOB", "OPERATION", "GROUP", "STATE", "STEP", "BEGUN", "BY")
        for (id, job) in zip(Abbreviation.shortened(list.jobs.map(\.id)), list.jobs) {
            let step = job.steps.first { $0.state == .running || $0.state == .failed }
            table.add(
                id, SiteWords.operation(job.operation), job.group, job.state.rawValue,
                step.map { SiteWords.step($0.kind) } ?? "", "\(SiteWords.age(job.created)) ago", job.requestedBy)
        }
        console.print(table)
    }
}

struct SiteJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "One operation with its steps.",
        subcommands: [Show.self, Follow.self, Cancel.self, Retry.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a job and its steps.")

        @Argument(help: "The job's id, or the beginning of it.") var id: String
        @OptionGroup var site: SiteOptions

        func run() async throws {
            let console = Console.current
            let job = try await find(id, try site.client())
            if site.json { return console.json(job) }
            var sheet = Sheet()
            sheet.add("Job", job.id)
            sheet.add("Operation", "\(SiteWords.operation(job.operation)) of group \(job.group)")
            sheet.add("Asked for by", job.requestedBy)
            sheet.add("State", job.state.rawValue + (job.isCancellable ? ", can be cancelled" : ""))
            sheet.add("Attempt", job.attempt > 1 ? "\(job.attempt)" : nil)
            sheet.add("Begun", LocalTime.describe(job.created.timestamp))
            sheet.add("Ended", job.ended.map { LocalTime.describe($0.timestamp) })
            sheet.add("Result", job.result)
            sheet.add("Failure", job.failure?.message)
            sheet.add("Remedy", job.failure?.remedy)
            console.print(sheet)
            console.print("")
            for step in job.steps { console.print(SiteJobLines.line(step, console)) }
        }
    }

    struct Follow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Follows a job to its end; the exit code is its own.")

        @Argument(help: "The job's id, or the beginning of it.") var id: String
        @OptionGroup var site: SiteOptions

        func run() async throws {
            let client = try site.client()
            try await SiteJobFollower(client: client, json: site.json).follow(try await find(id, client))
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a job, and undoes what it began.",
            discussion: "A job is past that once disks are being changed; mtctl site job show says so.")

        @Argument(help: "The job's id, or the beginning of it.") var id: String
        @OptionGroup var job: JobOptions
        @OptionGroup var site: SiteOptions

        func run() async throws {
            let client = try site.client()
            let begun = try await client.cancelJob(try await find(id, client).id)
            if job.noWait, !site.json { return Console.current.print("Job \(begun.id) is being cancelled.") }
            try await finishOnSite(begun, client, site, job, canBeCancelled: true)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begins a failed job again; what was done in it is not done twice.")

        @Argument(help: "The job's id, or the beginning of it.") var id: String
        @OptionGroup var job: JobOptions
        @OptionGroup var site: SiteOptions

        func run() async throws {
            let client = try site.client()
            try await finishOnSite(
                try await client.retryJob(try await find(id, client).id), client, site, job)
        }
    }
}

private func find(_ text: String, _ client: ConfigurationClient) async throws -> SiteJobReport {
    // A whole id is asked for as it is: lists may leave old jobs out.
    if HostText.isHostID(text) { return try await client.job(text) }
    return try Abbreviation.find(
        text, in: try await client.jobs().jobs, what: "job", listedBy: "mtctl site jobs", id: \.id)
}
