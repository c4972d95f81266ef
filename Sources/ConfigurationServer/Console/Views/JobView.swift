// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What stands in a list of jobs.
package struct JobRow: Sendable {
    let title: String
    let address: String
    let group: String
    let groupAddress: String
    let badge: Badge
    let requestedBy: String
    let created: Moment
    let ended: Moment?
    /// The step that is under way, or what came of it.
    let now: String?

    init(_ job: SiteJobReport, now: Timestamp) {
        title = Words.operation(job.operation.kind)
        address = ConsolePath.job(job.id)
        group = job.group
        groupAddress = ConsolePath.group(job.group)
        badge = Words.badge(job.state)
        requestedBy = job.requestedBy
        created = Moment(job.created, now: now)
        ended = job.ended.map { Moment($0, now: now) }
        let step = job.steps.first { $0.state == .running }
        self.now = job.failure?.message ?? job.result ?? step.map { Words.step($0.kind) }
    }
}

/// Every job, the newest first.
package struct JobsView: PageView {
    package static let template = "jobs"

    let jobs: [JobRow]
    let hasJobs: Bool
    /// The group that they are of; nil for all.
    let group: String?
    let groupAddress: String?
    /// Jobs that are not shown.
    let more: Int
    let hasMore: Bool

    static let maximumJobs = 200

    package init(_ jobs: [SiteJobReport], of group: String?, now: Timestamp) {
        self.jobs = jobs.prefix(Self.maximumJobs).map { JobRow($0, now: now) }
        hasJobs = !jobs.isEmpty
        self.group = group
        groupAddress = group.map { ConsolePath.group($0) }
        more = jobs.count - self.jobs.count
        hasMore = more > 0
    }
}

/// One job with its steps.
package struct JobView: PageView {
    package static let template = "job"

    struct Step: Sendable {
        let title: String
        let badge: Badge
        let message: String?
        let duration: String?
        let progress: Progress?
        let isRunning: Bool
    }

    struct Progress: Sendable {
        let done: UInt64
        let total: UInt64
        let label: String
        let words: String
    }

    let id: String
    let row: JobRow
    let what: [Fact]
    let attempt: Int
    let isAgain: Bool
    let steps: [Step]
    let result: String?
    let failure: FindingView?
    let cancelAddress: String?
    let retryAddress: String?
    let hasActions: Bool
    let isLive: Bool

    package init(_ job: SiteJobReport, now: Timestamp) {
        id = job.id
        row = JobRow(job, now: now)
        what = Fact.list(of: job.operation)
        attempt = job.attempt
        isAgain = job.attempt > 1
        steps = job.steps.map { Self.step($0, now: now) }
        result = job.result
        failure = job.failure.map { FindingView(Badge("Failed", .bad), $0.message, remedy: $0.remedy) }
        cancelAddress = job.isCancellable && job.state == .running ? ConsolePath.job(job.id) + "/cancel" : nil
        retryAddress = job.state == .failed ? ConsolePath.job(job.id) + "/retry" : nil
        hasActions = cancelAddress != nil || retryAddress != nil
        isLive = !job.state.isFinal
    }

    private static func step(_ step: SiteJobStep, now: Timestamp) -> Step {
        let title = Words.step(step.kind)
        let duration = step.started.map { started in
            let nanoseconds = (step.ended?.timestamp ?? now).nanoseconds(since: started.timestamp)
            return Quantity.describe(seconds: UInt64(max(0, nanoseconds) / 1_000_000_000))
        }
        return Step(
            title: title, badge: Words.badge(step.state), message: step.message, duration: duration,
            progress: step.state == .running ? progress(step, title) : nil, isRunning: step.state == .running)
    }

    private static func progress(_ step: SiteJobStep, _ title: String) -> Progress? {
        guard let done = step.doneBytes, let total = step.totalBytes, total.rawValue > 0 else { return nil }
        var words = "\(done) of \(total)"
        if let left = step.secondsLeft { words += ", \(Quantity.describe(seconds: left)) left" }
        return Progress(
            done: min(done, total).rawValue, total: total.rawValue, label: "Progress: \(title)", words: words)
    }
}

/// A name and a value.
struct Fact: Sendable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// What an operation was asked for with.
    static func list(of operation: SiteOperation) -> [Fact] {
        switch operation.kind {
        case .reprotect:
            let request = operation.reprotect ?? ReprotectRequest()
            return [
                Fact("Direction", Words.direction(request.direction)),
                Fact("Master target", request.masterTarget ?? "The one with the most room"),
                Fact("Process server", request.processServer ?? "The one with the most room"),
            ] + request.targets.map { Fact("\($0.machine), disk \($0.disk)", $0.target) }
                + (request.targetsAreUnused == true ? [Fact("The target disks", "Nothing runs on them")] : [])
        case .failover:
            guard let request = operation.failover else { return [] }
            return [
                Fact("Recovery point", Words.point(request.point)),
                Fact("Source machines", request.sourceStopped ? "Said to be stopped" : "Asked to stop"),
                Fact("A point that is not exact", request.acceptInexact ? "Accepted" : "Refused"),
            ] + statement(request.targets)
        case .rollback:
            let request = operation.rollback ?? RollbackRequest()
            return [Fact("Lose history if it has to be", request.discardHistory ? "Accepted" : "Refused")]
                + statement(request.targets)
        case .commit: return [Fact("History", "Dropped")]
        }
    }

    private static func statement(_ statement: TargetsStatement?) -> [Fact] {
        switch statement {
        case .untouched: [Fact("The recovered disks", "Nothing wrote to them")]
        case .written: [Fact("The recovered disks", "A machine ran on them")]
        case nil: []
        }
    }
}
