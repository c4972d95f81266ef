// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Does several pieces of blocking I/O at once: the port through which the applier keeps its disks busy.
///
/// A running group has a ``DiskTeam``; a simulation has one whose members take turns as a seed decides.
package protocol IOTeam: Sendable {
    /// Runs every job, also when one fails, and returns when all have ended. A job may itself run jobs.
    ///
    /// - Returns: What each job failed with, by its index; nil for one that did what it had to.
    func run(_ jobs: [IOJob]) -> [RetentionError?]
}

extension IOTeam {
    /// Runs every job and, when all have ended, throws what the first of them that failed did fail with.
    package func runAll(_ jobs: [IOJob]) throws(RetentionError) {
        for failure in run(jobs) { if let failure { throw failure } }
    }
}

// SAFETY: what a job captures is its own until the team's `run` returns: jobs that run together touch nothing in common
// that is not made for it, and whoever gave them waits. The team orders their ends before that return.
/// One piece of work for an ``IOTeam``.
package struct IOJob: @unchecked Sendable {
    private let body: () throws(RetentionError) -> Void

    package init(_ body: @escaping () throws(RetentionError) -> Void) { self.body = body }

    /// Does it; what it failed with.
    package func run() -> RetentionError? {
        do throws(RetentionError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}

/// One after the other on the caller's thread.
package struct SerialTeam: IOTeam {
    package init() {}

    package func run(_ jobs: [IOJob]) -> [RetentionError?] { jobs.map { $0.run() } }
}
