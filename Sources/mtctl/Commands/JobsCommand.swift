// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ControlAPI
import LinuxSystem

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Lists jobs, or shows or follows one.")

    @Argument(help: "A job's number; none: all of them.") var id: String?
    @Flag(help: "Follow the job to its end; the exit code is its own.") var follow = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if let id, UInt64(id) == nil { throw ValidationError("\"\(id)\" is not a job's number.") }
        if follow, id == nil { throw ValidationError("--follow needs a job's number.") }
    }

    func run() async throws {
        let console = Console.current
        guard let id else {
            let list: JobList = try await connection.client.get(ControlPath.jobs)
            if connection.json { return console.json(list) }
            guard !list.jobs.isEmpty else { return console.print("No jobs.") }
            var table = Table("JOB", "KIND", "GROUP", "STATE", "CREATED", "DONE", "RESULT")
            for job in list.jobs {
                let done = job.totalBytes.map { "\(job.doneBytes) of \($0)" } ?? "\(job.doneBytes)"
                table.add(
                    job.id, job.kind.rawValue, job.group ?? "all", job.state.rawValue,
                    LocalTime.describe(job.created.timestamp), done, job.failure?.message ?? job.result ?? "")
            }
            for line in table.lines { console.print(line) }
            return
        }
        let job: JobReport = try await connection.client.get(ControlPath.job(id))
        if follow { return try await JobFollower(client: connection.client, json: connection.json).follow(job) }
        if connection.json { return console.json(job) }
        show(job, console)
    }

    private func show(_ job: JobReport, _ console: Console) {
        var sheet = Sheet()
        sheet.add("Job", job.id)
        sheet.add("Kind", job.kind.rawValue)
        sheet.add("Group", job.group)
        sheet.add("State", job.state.rawValue)
        sheet.add("Created", LocalTime.describe(job.created.timestamp))
        sheet.add("Started", job.started.map { LocalTime.describe($0.timestamp) })
        sheet.add("Ended", job.ended.map { LocalTime.describe($0.timestamp) })
        sheet.add("Done", job.totalBytes.map { "\(job.doneBytes) of \($0)" } ?? "\(job.doneBytes)")
        sheet.add("Result", job.result)
        sheet.add("Failure", job.failure?.description)
        for line in sheet.lines { console.print(line) }
        for message in job.messages {
            console.print("  \(LocalTime.describe(message.time.timestamp))  \(message.text)")
        }
    }
}
