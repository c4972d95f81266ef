// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import ConfigurationAPI
import Registration

/// Follows a job of the site to its end: its steps and a bar on a terminal, lines of JSON with `--json`, plain lines
/// otherwise. Whoever stops looking does not stop the job.
struct SiteJobFollower {
    let client: ConfigurationClient
    let json: Bool
    let console = Console.current

    /// Often enough for a bar that moves; each look is one small request over a connection that stays.
    private static let interval = Duration.milliseconds(500)
    /// What shells take for the end by SIGINT. Source: POSIX, "Exit Status for Commands".
    private static let interrupted = ExitCode(130)

    /// - Parameter canBeCancelled: That the job is cancelled is what was wanted.
    /// - Throws: The job's failure; ``ConfigurationFailure`` with `.conflict` for one that was cancelled; exit code 130
    ///   when the person stopped looking.
    func follow(_ first: SiteJobReport, canBeCancelled: Bool = false) async throws {
        let short = first.id.prefix(8)
        if !json {
            console.print(
                "Job \(short): \(SiteWords.operation(first.operation)) of group \(first.group), asked for by "
                    + "\(first.requestedBy).")
        }
        let ended = try await withThrowingTaskGroup(of: SiteJobReport?.self) { tasks in
            tasks.addTask { try await watch(first) }
            tasks.addTask {
                await console.interruption()
                return nil
            }
            defer { tasks.cancelAll() }
            return try await tasks.next() ?? nil
        }
        guard let job = ended else {
            if isLive { console.write("\r\u{1B}[K") }
            console.fail("Job \(short) goes on. Follow it with mtctl site job follow \(short).")
            throw Self.interrupted
        }
        switch job.state {
        case .done: if !json { console.print(job.result ?? "Done.") }
        case .cancelled where canBeCancelled: if !json { console.print(job.result ?? "Job \(short) is cancelled.") }
        case .cancelled:
            throw ConfigurationFailure(
                .conflict, "Job \(short) was cancelled by an operator.", remedy: "Begin the operation again.")
        case .failed, .running, .cancelling:
            if !json { console.print("Once that is put right: mtctl site job retry \(short)") }
            throw job.failure
                ?? ConfigurationFailure(
                    .internalFailure, "Job \(short) failed and does not say why.", remedy: "See mtctl site job show.")
        }
    }

    private var isLive: Bool { console.isTerminal && !json }

    /// Looks until the job has ended, and shows what is new each time.
    private func watch(_ first: SiteJobReport) async throws -> SiteJobReport {
        var lines = SiteJobLines(first)
        var shown: SiteJobReport?
        var isSilent = false
        return try await client.follow(job: first.id) {
            try await console.pause(Self.interval)
        } see: { sighting in
            switch sighting {
            case .silence(let failure):
                if !isSilent { clear { console.fail("\(failure.message) The job goes on; it is asked again.") } }
                isSilent = true
            case .report(let job):
                isSilent = false
                guard job != shown else { return }
                shown = job
                if json { return console.json(job) }
                let new = lines.new(in: job, isLive: isLive, console)
                clear { for line in new { console.print(line) } }
                if isLive, !job.state.isFinal { console.write(SiteJobLines.live(job, width: console.width - 1)) }
            }
        }
    }

    /// Writes lines where the changing one is now.
    private func clear(_ write: () -> Void) {
        if isLive { console.write("\r\u{1B}[K") }
        write()
    }
}
