// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import Logging
import StateFiles
import StoragePrimitives
import Synchronization

/// The jobs of an appliance: what runs, what ran, kept in a folder so that they survive a restart.
public final class JobBoard: Sendable {
    /// Ended jobs that are kept; the oldest go first.
    public static let keptJobs = 200
    /// The largest file of a job.
    static let maximumFileBytes = 1 << 20

    private struct Entry {
        var report: JobReport
        var waiting: [CheckedContinuation<JobReport, Never>] = []
    }

    private struct Board {
        var entries: [UInt64: Entry] = [:]
        var next: UInt64 = 1
        /// Jobs that ended since the process started.
        var endings = JobEndings()
    }

    private let board = Mutex(Board())
    /// Files are written under it, one at a time: the order on disk is that of the changes.
    private let writer: DiskThread
    private let state: StateFolder
    private let clock: any WallClock
    private let logger: Logger

    /// Reads what is there. Blocking: not on the cooperative pool.
    package init(folder: any StoreFolder, clock: any WallClock, logger: Logger) throws {
        state = StateFolder(folder, limit: Self.maximumFileBytes)
        self.clock = clock
        self.logger = logger
        writer = DiskThread(name: "mt-jobs")
        for name in try state.names() {
            guard let number = UInt64(name) else { continue }
            do {
                guard let report = try state.read(JobReport.self, from: name) else { continue }
                board.withLock { $0.entries[number] = Entry(report: report) }
            } catch {
                // A job is a report of work, not the work: one that cannot be read takes nothing with it.
                logger.warning("A job cannot be read.", metadata: ["job": "\(name)", "reason": "\(error)"])
            }
            board.withLock { $0.next = max($0.next, number + 1) }
        }
    }

    /// All jobs that are kept, by number.
    public func list() -> [JobReport] {
        board.withLock { board in board.entries.sorted { $0.key < $1.key }.map(\.value.report) }
    }

    /// How many ended since the process started.
    var endings: JobEndings { board.withLock { $0.endings } }

    /// One job, or nil.
    public func job(_ id: String) -> JobReport? {
        UInt64(id).flatMap { number in board.withLock { $0.entries[number]?.report } }
    }

    /// The jobs that were under way when the agent ended.
    package func interrupted() -> [JobReport] { list().filter { !$0.state.isFinal } }

    /// Adds a job and starts it on `thread`, after what that thread has to do before.
    package func start(
        _ kind: JobReport.Kind, group: String?, on thread: DiskThread,
        work: @escaping @Sendable (JobProgress) throws -> String
    ) -> JobReport {
        let now = DateTime(clock.now())
        let report = board.withLock { board in
            let number = board.next
            board.next += 1
            let report = JobReport(id: "\(number)", kind: kind, group: group, created: now)
            board.entries[number] = Entry(report: report)
            return report
        }
        save(report.id)
        forgetOld()
        run(report.id, on: thread, work: work)
        return report
    }

    /// Starts again what was interrupted, under the same id.
    package func resume(_ id: String, on thread: DiskThread, work: @escaping @Sendable (JobProgress) throws -> String) {
        change(id) { report, now in
            report.state = .queued
            report.messages.append(.init(time: now, text: "The agent was restarted; the job goes on."))
        }
        save(id)
        run(id, on: thread, work: work)
    }

    /// Ends a job that cannot go on.
    package func fail(_ id: String, _ failure: ControlFailure) {
        change(id) { report, now in
            report.state = .failed
            report.ended = now
            report.failure = failure
        }
        ended(id)
    }

    /// Waits for the end of a job. Nil when there is no such job.
    public func finished(_ id: String) async -> JobReport? {
        guard let number = UInt64(id), job(id) != nil else { return nil }
        return await withCheckedContinuation { continuation in
            let report: JobReport? = board.withLock { board in
                guard let entry = board.entries[number], !entry.report.state.isFinal else {
                    return board.entries[number]?.report
                }
                board.entries[number]?.waiting.append(continuation)
                return nil
            }
            if let report { continuation.resume(returning: report) }
        }
    }

    /// Writes what is left to write and ends the writing thread. Blocking.
    package func drain() { writer.finish() }

    private func run(_ id: String, on thread: DiskThread, work: @escaping @Sendable (JobProgress) throws -> String) {
        thread.run { [self] in
            change(id) { report, now in
                report.state = .running
                report.started = now
            }
            save(id)
            logger.info("A job began.", metadata: ["job": "\(id)"])
            do {
                let result = try work(JobProgress(board: self, id: id))
                change(id) { report, now in
                    report.state = .done
                    report.ended = now
                    report.secondsLeft = 0
                    report.result = result
                }
            } catch {
                fail(id, ControlFailure.from(error))
                return
            }
            ended(id)
        }
    }

    private func ended(_ id: String) {
        save(id)
        guard let number = UInt64(id) else { return }
        let (report, waiting) = board.withLock { board in
            let waiting = board.entries[number]?.waiting ?? []
            board.entries[number]?.waiting = []
            if let report = board.entries[number]?.report { board.endings.count(report) }
            return (board.entries[number]?.report, waiting)
        }
        guard let report else { return }
        logger.info(
            "A job ended.",
            metadata: [
                "job": "\(id)", "state": "\(report.state.rawValue)", "reason": "\(report.failure?.description ?? "")",
            ])
        for continuation in waiting { continuation.resume(returning: report) }
    }

    /// Changes a report; not durable before ``save(_:)``.
    fileprivate func change(_ id: String, _ body: (inout JobReport, DateTime) -> Void) {
        guard let number = UInt64(id) else { return }
        let now = DateTime(clock.now())
        board.withLock { board in
            guard var report = board.entries[number]?.report else { return }
            body(&report, now)
            board.entries[number]?.report = report
        }
    }

    fileprivate func save(_ id: String) {
        writer.run { [self] in
            guard let report = job(id) else { return }
            do {
                try state.write(report, as: id)
            } catch {
                logger.error("A job cannot be saved.", metadata: ["job": "\(id)", "reason": "\(error)"])
            }
        }
    }

    private func forgetOld() {
        let old = board.withLock { board in
            let ended = board.entries.filter { $0.value.report.state.isFinal }.keys.sorted()
            let old = ended.dropLast(Self.keptJobs)
            for number in old { board.entries[number] = nil }
            return old
        }
        guard !old.isEmpty else { return }
        writer.run { [self] in
            for number in old {
                do {
                    try state.remove("\(number)")
                } catch {
                    logger.warning(
                        "An old job cannot be removed.", metadata: ["job": "\(number)", "reason": "\(error)"])
                }
            }
        }
    }
}

/// How a job tells how far it is. Calls are cheap; they may come for every chunk.
package struct JobProgress: Sendable {
    fileprivate let board: JobBoard
    package let id: String

    package func update(done: ByteCount, total: ByteCount?) {
        board.change(id) { report, now in
            report.doneBytes = done
            report.totalBytes = total
            guard let started = report.started else { return }
            let elapsed = UInt64(max(0, now.timestamp.nanoseconds(since: started.timestamp)) / 1_000_000)
            guard elapsed > 0 else { return }
            let (product, overflow) = done.rawValue.multipliedReportingOverflow(by: 1000)
            let rate = overflow ? done.rawValue / elapsed : product / elapsed
            report.bytesPerSecond = rate
            if let total, rate > 0 { report.secondsLeft = (total - done).rawValue / rate }
        }
    }

    /// A line that stays with the job.
    package func message(_ text: String) {
        board.change(id) { report, now in report.messages.append(.init(time: now, text: text)) }
        board.save(id)
    }
}
