// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import Logging
import NBDServer
import RetentionStore
import StoragePrimitives
import Synchronization

/// A protected group at work: its record, its place in its life, its history, its jobs.
///
/// Whatever changes it runs on the group's control thread, one at a time; long work runs as a job on its work thread.
/// So a disk that hangs holds up its own group and no other.
public final class ProtectedGroup: Sendable {
    struct Shared {
        var record: GroupRecord
        var lifecycle: GroupLifecycle
        /// Open while the targets and the retention volume are.
        var store: GroupStore?
        /// Being closed: what it did still counts.
        var closing: GroupStore?
        /// What was done in histories that were closed since the process started.
        var past = RetentionCounters()
        /// What takes the writes of NBD clients, since the first of them came.
        var intake: GroupIntake?
        var job: String?
        /// Why the record itself forbids everything: a state that this version does not know.
        var stop: String?
        var nextAttempt: Timestamp?
        /// Disks that were marked to be synchronized again, and whose sync history knows of since.
        var resyncsBegun: Set<DiskNumber> = []
        /// The newest change was older than the policy allows when that was looked at last.
        var isBeyondRPO = false
    }

    let id: String
    /// What operators call it; never changes.
    public let name: String
    let environment: GroupEnvironment
    let shared: Mutex<Shared>
    let control: DiskThread
    let work: DiskThread
    let logger: Logger

    init(_ record: GroupRecord, environment: GroupEnvironment) {
        id = record.id
        name = record.name
        self.environment = environment
        var logger = environment.logger
        logger[metadataKey: "group"] = "\(record.name)"
        self.logger = logger
        let state = record.format == GroupRecord.currentFormat ? record.state.state : nil
        var shared = Shared(record: record, lifecycle: GroupLifecycle(state ?? .created))
        if let stop = Self.reasonToStop(record, isStateKnown: state != nil) {
            _ = shared.lifecycle.handle(.failed(cause: stop))
            shared.stop = stop
        }
        self.shared = Mutex(shared)
        control = DiskThread(name: "mt-group")
        work = DiskThread(name: "mt-job")
    }

    /// Why nothing may be done with a record, as a sentence, or nil.
    static func reasonToStop(_ record: GroupRecord, isStateKnown: Bool) -> String? {
        guard isStateKnown else {
            return "Its record has state \"\(record.state.name)\" in format \(record.format), which this version does "
                + "not know."
        }
        if let number = record.disks.map(\.number).firstRepeated {
            return "Its record names disk \(number) twice: restore it from a backup."
        }
        if let source = record.disks.map(\.source).firstRepeated {
            return "Its record names source \(source) twice: restore it from a backup."
        }
        return nil
    }

    /// What a session would feed, while it is open.
    package var retentionGroup: RetentionGroup? { shared.withLock { $0.store?.group } }

    var record: GroupRecord { shared.withLock { $0.record } }
    var state: GroupLifecycle.State { shared.withLock { $0.lifecycle.state } }

    // MARK: Changes, on the control thread

    /// Runs a change in its turn.
    func perform<Value: Sendable>(_ change: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await control.run(change)
    }

    /// Runs a change in its turn, and blocks for it: for jobs, which have a thread of their own.
    func performAndWait(_ change: @escaping @Sendable () throws -> Void) throws {
        let bell = Doorbell()
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        control.run {
            let result = Result { try change() }
            outcome.withLock { $0 = result }
            bell.ring()
        }
        bell.wait()
        try outcome.withLock { $0 }.get()
    }

    /// One event in the group's life, durable before it counts.
    ///
    /// - Parameter change: What else changes in the record with it.
    /// - Throws: The refusal, as a sentence; or that the record cannot be saved, and then nothing has changed.
    func transition(_ event: GroupLifecycle.Event, _ change: (inout GroupRecord) -> Void = { _ in }) throws {
        let (stop, former) = shared.withLock { ($0.stop, $0) }
        if let stop {
            throw ControlFailure(
                .corrupt, "Group \(name) is stopped. \(stop)",
                remedy: "Restore its record, or install the version of the agent that wrote it."
            )
        }
        var lifecycle = former.lifecycle
        if case .refused(let refusal) = lifecycle.handle(event) { throw refusal.failure(group: name) }
        var record = former.record
        change(&record)
        record.state = SavedState(lifecycle.state)
        if record != former.record { try save(record) }
        let (next, nextRecord) = (lifecycle, record)
        shared.withLock {
            $0.lifecycle = next
            $0.record = nextRecord
        }
        if record != former.record, record.hasStore, let store = former.store {
            do {
                try store.note(record)
            } catch {
                logger.warning("The group's manifest is not up to date.", metadata: ["reason": "\(error)"])
            }
        }
        guard lifecycle.state != former.lifecycle.state else { return }
        logger.notice(
            "The group's state changed.",
            metadata: [
                "from": "\(former.lifecycle.state.reported.rawValue)", "to": "\(lifecycle.state.reported.rawValue)",
                "cause": "\(lifecycle.state.cause ?? "")",
            ])
    }

    /// Whether the event would be refused now; nothing changes.
    func check(_ event: GroupLifecycle.Event) throws {
        var lifecycle = shared.withLock { $0.lifecycle }
        if case .refused(let refusal) = lifecycle.handle(event) { throw refusal.failure(group: name) }
    }

    private func save(_ record: GroupRecord) throws {
        do {
            try environment.records.write(record, as: id)
        } catch {
            throw ControlFailure(
                .inputOutput, "The record of group \(name) cannot be saved (\(error)).",
                remedy: "Nothing was changed. Put the state folder's volume right and try again.")
        }
    }

    /// Something failed under the group: it is degraded until that is gone.
    func degrade(_ failure: ControlFailure) {
        do {
            try transition(.failed(cause: failure.message))
        } catch {
            logger.error("The group cannot be marked as degraded.", metadata: ["reason": "\(error)"])
        }
    }

    /// The open history, or why there is none.
    func openStore() throws -> GroupStore {
        let (store, cause, hasDisks) = shared.withLock {
            ($0.store, $0.lifecycle.state.cause, !$0.record.disks.isEmpty)
        }
        if let store { return store }
        if let cause {
            throw ControlFailure(
                .unavailable, "Group \(name) is degraded. \(cause)",
                remedy: "Remove the cause, then mtctl resume \(name).")
        }
        throw ControlFailure(
            .refused, hasDisks ? "Group \(name) has no history." : "Group \(name) has no disks.",
            remedy: "Bind its disks with mtctl disk bind \(name), and let its process server connect.")
    }

    /// Refuses while a job works on the group.
    func checkNoJob() throws {
        guard let job = shared.withLock({ $0.job }) else { return }
        throw ControlFailure(
            .busy, "Job \(job) works on group \(name).", remedy: "Wait for its end: mtctl jobs \(job) --follow.")
    }

    // MARK: Jobs

    /// Starts a job on the work thread; one at a time for a group.
    func startJob(
        _ kind: JobReport.Kind, resuming id: String? = nil, _ body: @escaping @Sendable (JobProgress) throws -> String
    ) -> JobReport? {
        let whole: @Sendable (JobProgress) throws -> String = { [self] progress in
            defer { shared.withLock { $0.job = nil } }
            return try body(progress)
        }
        if let id {
            shared.withLock { $0.job = id }
            environment.jobs.resume(id, on: work, work: whole)
            return environment.jobs.job(id)
        }
        // The thread may be through with it before its number is known here.
        let gate = Doorbell()
        let report = environment.jobs.start(kind, group: name, on: work) { progress in
            gate.wait()
            return try whole(progress)
        }
        shared.withLock { $0.job = report.id }
        gate.ring()
        return report
    }

    // MARK: The end

    /// Ends the session, lets jobs run out, makes everything durable. Blocking.
    func drain() {
        endSession("the appliance stops")
        work.finish()
        control.finish()
        let store = shared.withLock { shared in
            let store = shared.store
            shared.store = nil
            return store
        }
        store?.close()
    }
}
