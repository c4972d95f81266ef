// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Logging
import StateFiles
import StoragePrimitives
import Synchronization

/// Does what the configuration server asks of this master target, each task once however often it is sent, and keeps
/// what came of it: a configuration server that was restored from an old backup asks again and is answered.
package final class SiteTaskDesk: Sendable {
    /// A task and what became of it, as the state folder keeps it.
    struct Entry: Hashable, Sendable, Codable {
        var task: SiteTask
        var begun: DateTime
        var report: SiteTaskReport
        /// The job of this appliance that does it; nil while there is none, and for what needs none.
        var job: String?
    }

    /// Ended tasks that are kept; the oldest go first.
    static let keptTasks = 256
    static let maximumFileBytes = 1 << 20
    /// More than one group can have at a time, for each group.
    private static let maximumOpenTasks = 1024

    private struct Desk {
        var entries: [String: Entry] = [:]
        /// What is wanted now, in the order of the orders.
        var wanted: [String] = []
        /// Being worked on by this process.
        var active: Set<String> = []
        /// The last change of each group that is under way: the next waits for it.
        var changes: [String: Task<Void, Never>] = [:]
    }

    private let desk = Mutex(Desk())
    private let ledger: StateFolder
    private let thread = DiskThread(name: "mt-site")
    private let groups: GroupRegistry
    private let jobs: JobBoard
    private let clock: any WallClock
    private let logger: Logger

    /// Reads what is there. Blocking.
    init(ledger: StateFolder, groups: GroupRegistry, jobs: JobBoard, clock: any WallClock, logger: Logger) throws {
        self.ledger = ledger
        self.groups = groups
        self.jobs = jobs
        self.clock = clock
        self.logger = logger
        for id in try ledger.names() {
            do {
                guard let entry = try ledger.read(Entry.self, from: id), entry.task.id == id else { continue }
                desk.withLock { $0.entries[id] = entry }
            } catch {
                // It is asked for again, and what was done is seen by its job.
                logger.warning("A task's record cannot be read.", metadata: ["task": "\(id)", "reason": "\(error)"])
            }
        }
    }

    // MARK: What is asked

    /// How far everything is that is wanted now.
    package func progress() -> [SiteTaskReport] {
        desk.withLock { desk in desk.wanted.compactMap { desk.entries[$0] } }.map { entry in
            var report = entry.report
            if report.state == .running, let job = entry.job.flatMap({ jobs.job($0) }) {
                report.doneBytes = job.doneBytes
                report.totalBytes = job.totalBytes
                report.secondsLeft = job.secondsLeft
                report.message = job.messages.last?.text
            }
            return report
        }
    }

    /// All that is wanted now. What is new, or was interrupted, is begun.
    package func received(_ tasks: [SiteTask]) async {
        let now = DateTime(clock.now())
        let fresh = desk.withLock { desk -> [Entry] in
            desk.wanted = tasks.prefix(Self.maximumOpenTasks).filter { Self.isID($0.id) }.map(\.id)
            // Nothing is kept of what may be done again and that nobody waits for.
            for (id, entry) in desk.entries where entry.isRepeatable && !desk.wanted.contains(id) {
                desk.entries[id] = nil
            }
            return tasks.prefix(Self.maximumOpenTasks).compactMap { task in
                guard Self.isID(task.id), !desk.active.contains(task.id) else { return nil }
                let entry =
                    desk.entries[task.id]
                    ?? Entry(task: task, begun: now, report: SiteTaskReport(id: task.id, state: .running))
                guard entry.report.state == .running else { return nil }
                desk.entries[task.id] = entry
                desk.active.insert(task.id)
                return entry
            }
        }
        for entry in fresh {
            // It outlives the connection that brought it; the appliance ends it by ending the jobs that it waits for.
            desk.withLock { desk in
                guard !entry.isQuestion else {
                    Task { await work(on: entry) }
                    return
                }
                let before = desk.changes[entry.task.group]
                desk.changes[entry.task.group] = Task {
                    await before?.value
                    await work(on: entry)
                }
            }
        }
    }

    private static func isID(_ text: String) -> Bool { HostText.isHostID(text) }

    // MARK: Work

    private func work(on entry: Entry) async {
        var entry = entry
        do {
            try await keep(entry)
            try await carryOut(&entry)
            entry.report.state = .done
        } catch {
            let failure = ControlFailure.from(error)
            entry.report.state = .failed
            entry.report.failure = failure
            logger.notice(
                "What the configuration server asked for was refused or failed.",
                metadata: [
                    "task": "\(entry.task.kind.rawValue)", "group": "\(entry.task.group)", "reason": "\(failure)",
                ])
        }
        do {
            try await keep(entry)
        } catch {
            // It stands in memory; after a restart the task is asked for again, and its job tells what was done.
            logger.warning("A task's end cannot be kept.", metadata: ["reason": "\(error)"])
            desk.withLock { [entry] in $0.entries[entry.task.id] = entry }
        }
        desk.withLock { [entry] desk in
            desk.active.remove(entry.task.id)
            let group = entry.task.group
            if !desk.active.contains(where: { desk.entries[$0]?.task.group == group }) { desk.changes[group] = nil }
        }
        await forgetOld()
    }

    private func carryOut(_ entry: inout Entry) async throws {
        let task = entry.task
        if !entry.isRepeatable {
            logger.notice(
                "The configuration server asks for an operation.",
                metadata: ["task": "\(task.kind.rawValue)", "group": "\(task.group)", "id": "\(task.id)"])
        }
        switch task.kind {
        case .prepare:
            entry.report.message = try await groups.prepare(task.group, try Self.part(task.prepare, task)).message
        case .points: entry.report.points = try await groups.group(named: task.group).points()
        case .resolve:
            entry.report.resolved = try await groups.group(named: task.group).resolve(try Self.part(task.point, task))
        case .recover:
            let request = try Self.part(task.recover, task)
            try await follow(&entry, .recover) { try await $0.recover(request) }
        case .rollback:
            let request = try Self.part(task.rollback, task)
            try await follow(&entry, .rollback) { try await $0.rollback(request) }
        case .commit:
            let request = try Self.part(task.commit, task)
            try await follow(&entry, .commit) { try await $0.commit(request) }
        }
    }

    private static func part<Part>(_ part: Part?, _ task: SiteTask) throws -> Part {
        guard let part else {
            throw ControlFailure(
                .invalidRequest, "The task \(task.kind.rawValue) came without what it is to do.",
                remedy: "Install the same version on both.")
        }
        return part
    }

    /// Starts a job, or finds the one that was started before an interruption, and waits for its end.
    private func follow(
        _ entry: inout Entry, _ kind: JobReport.Kind,
        start: (ProtectedGroup) async throws -> Acknowledgement
    ) async throws {
        let group = try groups.group(named: entry.task.group)
        if entry.job == nil { entry.job = formerJob(of: entry, kind) }
        if entry.job == nil {
            if entry.task.kind == .recover, let point = entry.task.recover?.point {
                // For the record; the newest point may still move until the sender is fenced.
                entry.report.resolved = try await group.resolve(point)
            }
            let answer = try await start(group)
            guard let job = answer.job else {
                // Done at once, as when history is given up and the disks are compared anew.
                entry.report.message = answer.message
                return
            }
            entry.job = job.id
            try await keep(entry)
        }
        guard let id = entry.job, let job = await jobs.finished(id), job.group == group.name, job.kind == kind else {
            throw ControlFailure(
                .unavailable, "The job of the group \(group.name) is not known any more.",
                remedy: "mtctl group show \(group.name) tells where the group is.")
        }
        if let failure = job.failure { throw failure }
        entry.report.doneBytes = job.doneBytes
        entry.report.totalBytes = job.totalBytes
        entry.report.message = job.result
    }

    /// The agent ended between starting a job and writing its number down.
    private func formerJob(of entry: Entry, _ kind: JobReport.Kind) -> String? {
        jobs.list().last { $0.group == entry.task.group && $0.kind == kind && $0.created >= entry.begun }?.id
    }

    // MARK: The ledger

    private func keep(_ entry: Entry) async throws {
        desk.withLock { $0.entries[entry.task.id] = entry }
        if entry.isRepeatable { return }
        try await thread.run { [ledger] in try ledger.write(entry, as: entry.task.id) }
    }

    private func forgetOld() async {
        let old = desk.withLock { desk -> [String] in
            let wanted = Set(desk.wanted)
            let ended = desk.entries.values.filter {
                $0.report.state != .running && !$0.isRepeatable && !wanted.contains($0.task.id)
            }.sorted { $0.begun < $1.begun }
            let old = ended.dropLast(Self.keptTasks).map(\.task.id)
            for id in old { desk.entries[id] = nil }
            return old
        }
        guard !old.isEmpty else { return }
        do {
            try await thread.run { [ledger] in for id in old { try ledger.remove(id) } }
        } catch {
            logger.warning("Old tasks cannot be removed.", metadata: ["reason": "\(error)"])
        }
    }

    /// Ends the thread that writes. Blocking.
    func drain() { thread.finish() }
}

extension SiteTaskDesk.Entry {
    /// Nothing changes by it.
    var isQuestion: Bool { task.kind == .points || task.kind == .resolve }

    /// A question, or what keeps a group in step: done twice it is done once.
    var isRepeatable: Bool {
        switch task.kind {
        case .points, .resolve: true
        case .prepare: task.prepare?.making == nil
        case .recover, .rollback, .commit: false
        }
    }
}
