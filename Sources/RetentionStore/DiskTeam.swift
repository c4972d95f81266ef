// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Synchronization

/// A bounded number of disk threads that every group of the process shares.
///
/// The caller works too: it does whatever no helper has begun yet. So work goes on when all helpers are busy with other
/// groups, a job may run jobs of its own, and nobody ever waits for a thread to become free.
package final class DiskTeam: IOTeam {
    /// The process's team: enough to keep the disks of a few busy groups at work; more groups do more themselves.
    static let shared = DiskTeam(helpers: 8)

    /// The jobs of one call.
    private final class Round: Sendable {
        private struct Progress {
            var next = 0
            var running = 0
            var outcomes: [RetentionError?]
        }

        private let jobs: [IOJob]
        private let progress: Mutex<Progress>
        private let ended = Doorbell()

        init(_ jobs: [IOJob]) {
            self.jobs = jobs
            progress = Mutex(Progress(outcomes: [RetentionError?](repeating: nil, count: jobs.count)))
        }

        /// Does jobs that nobody has begun, until there are none.
        func work() {
            while true {
                let index = progress.withLock { progress -> Int? in
                    guard progress.next < jobs.count else { return nil }
                    defer { progress.next += 1 }
                    progress.running += 1
                    return progress.next
                }
                guard let index else { return }
                let outcome = jobs[index].run()
                let isLast = progress.withLock { progress in
                    progress.outcomes[index] = outcome
                    progress.running -= 1
                    return progress.running == 0 && progress.next == jobs.count
                }
                if isLast { ended.ring() }
            }
        }

        func waitForAll() -> [RetentionError?] {
            // Rung once, by whoever ended the last job.
            ended.wait()
            return progress.withLock { $0.outcomes }
        }
    }

    private struct Helpers {
        var idle: [DiskThread] = []
        var count = 0
    }

    private let helpers = Mutex(Helpers())
    private let limit: Int

    /// - Parameter helpers: Threads at most; each is made when it is first needed, and kept.
    package init(helpers: Int) { limit = helpers }

    package func run(_ jobs: [IOJob]) -> [RetentionError?] {
        guard jobs.count > 1 else { return jobs.map { $0.run() } }
        let round = Round(jobs)
        for _ in 1..<jobs.count {
            guard let helper = takeHelper() else { break }
            helper.run { [self] in
                round.work()
                helpers.withLock { $0.idle.append(helper) }
            }
        }
        round.work()
        return round.waitForAll()
    }

    private func takeHelper() -> DiskThread? {
        let (idle, mayGrow) = helpers.withLock { helpers -> (DiskThread?, Bool) in
            if let idle = helpers.idle.popLast() { return (idle, false) }
            guard helpers.count < limit else { return (nil, false) }
            helpers.count += 1
            return (nil, true)
        }
        return idle ?? (mayGrow ? DiskThread(name: "disk-team") : nil)
    }
}
