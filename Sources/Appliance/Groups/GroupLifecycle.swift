// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// Where a protected group is in its life, and what may happen to it there. Pure: events in, a new state or a refusal
/// out.
///
/// ```
/// created ─► initialSync ─► protected ─► recovering ─► recovered ─► committed ─► released
///               ▲  │            │  ▲          │             │
///               │  ▼            ▼  │          ▼             ▼
///             paused        resyncing      (interrupted:   recovering, to another point
///                                           resumes)       or back to the latest: protected
/// any ─► degraded(cause) ─► back where it was, when the cause is gone
/// ```
public struct GroupLifecycle: Hashable, Sendable {
    /// What a recovering group will be when its disks show the point.
    public enum Purpose: String, Hashable, Sendable, CaseIterable {
        case recover, rollback
    }

    /// What the disks still lack of their sources.
    public enum Outstanding: Hashable, Sendable, CaseIterable {
        /// No disk was ever synced, and none is being synced.
        case everything
        /// A disk is not through its first sync.
        case initialSync
        case resync
        case nothing
    }

    /// Where a group is in its life.
    public indirect enum State: Hashable, Sendable {
        case created
        case initialSync
        case protected
        case resyncing
        /// Ingest is stopped; `hasHistory` tells whether there are points to recover to.
        case paused(hasHistory: Bool)
        case recovering(Purpose)
        case recovered
        case committed
        case released
        case degraded(cause: String, from: State)
    }

    /// What happens to a group.
    public enum Event: Hashable, Sendable {
        // Asked for by an operator.
        case bindDisk, unbindDisk, delete, pause, bookmark, recover, rollback, commit
        /// Resume, and what the disks lack at that moment.
        case resume(Outstanding)
        // What the store and the disks tell.
        case observed(Outstanding)
        /// The disks show the point.
        case rewound
        /// The rewind was not begun: the disks show what they showed before, a recovered point or the latest.
        case abandoned(isRecovered: Bool)
        /// The disks are given back and history is dropped.
        case released
        /// All history of a group that goes on replicating is dropped: it begins anew.
        case historyDiscarded
        /// A machine wrote to recovered disks: history is dropped with a rollback, and they are compared anew.
        case targetsWritten
        case failed(cause: String)
        case restored
    }

    /// What an event came to.
    public enum Outcome: Hashable, Sendable {
        case moved
        /// Allowed, and the state stays what it is.
        case permitted
        case refused(Refusal)
    }

    /// Where the group is now.
    public private(set) var state: State

    /// A life that goes on from `state`.
    public init(_ state: State) { self.state = state }

    /// One event. The state changes only with `.moved`.
    public mutating func handle(_ event: Event) -> Outcome {
        switch Self.step(state, event) {
        case .success(let next) where next == state: return .permitted
        case .success(let next):
            state = next
            return .moved
        case .failure(let refusal): return .refused(refusal)
        }
    }

    private static func step(_ state: State, _ event: Event) -> Result<State, Refusal> {
        if case .failed(let cause) = event { return failed(state, cause) }
        switch state {
        case .created: return created(event)
        case .initialSync, .protected, .resyncing: return replicating(state, event)
        case .paused(let hasHistory): return paused(hasHistory, event)
        case .recovering(let purpose): return recovering(purpose, event)
        case .recovered: return recovered(event)
        case .committed: return committed(event)
        case .released: return released(event)
        case .degraded(let cause, let former): return degraded(cause, former, event)
        }
    }

    private static func failed(_ state: State, _ cause: String) -> Result<State, Refusal> {
        switch state {
        // There is nothing left that could fail.
        case .released: .success(.released)
        case .degraded(_, let former): .success(.degraded(cause: cause, from: former))
        case .created, .initialSync, .protected, .resyncing, .paused, .recovering, .recovered, .committed:
            .success(.degraded(cause: cause, from: state))
        }
    }

    private static func created(_ event: Event) -> Result<State, Refusal> {
        switch event {
        case .bindDisk, .unbindDisk, .delete: .success(.created)
        case .observed(let outstanding): .success(ingesting(outstanding))
        case .pause: .success(.paused(hasHistory: false))
        case .resume: .failure(.notPaused)
        case .bookmark: .failure(.notProtected)
        case .recover: .failure(.noHistory)
        case .rollback, .commit, .targetsWritten: .failure(.notRecovered)
        case .rewound, .abandoned, .released, .restored, .historyDiscarded, .failed: .success(.created)
        }
    }

    private static func replicating(_ state: State, _ event: Event) -> Result<State, Refusal> {
        switch event {
        case .bindDisk: .failure(.replicating)
        case .unbindDisk, .delete: .success(state)
        case .observed(let outstanding): .success(ingesting(outstanding))
        case .pause: .success(.paused(hasHistory: state != .initialSync))
        case .resume: .failure(.notPaused)
        case .bookmark: state == .protected ? .success(state) : .failure(.notProtected)
        case .recover: state == .initialSync ? .failure(.noHistory) : .success(.recovering(.recover))
        case .rollback, .commit, .targetsWritten: .failure(.notRecovered)
        case .historyDiscarded: .success(.created)
        case .rewound, .abandoned, .released, .restored, .failed: .success(state)
        }
    }

    private static func paused(_ hasHistory: Bool, _ event: Event) -> Result<State, Refusal> {
        let same = State.paused(hasHistory: hasHistory)
        switch event {
        case .bindDisk: return hasHistory ? .failure(.replicating) : .success(same)
        case .unbindDisk, .delete: return .success(same)
        case .observed(let outstanding): return .success(.paused(hasHistory: hasHistory || outstanding == .nothing))
        case .pause: return .failure(.paused)
        case .resume(let outstanding): return .success(ingesting(outstanding))
        case .bookmark: return .failure(.notProtected)
        case .recover: return hasHistory ? .success(.recovering(.recover)) : .failure(.noHistory)
        case .rollback, .commit, .targetsWritten: return .failure(.notRecovered)
        case .historyDiscarded: return .success(.paused(hasHistory: false))
        case .rewound, .abandoned, .released, .restored, .failed: return .success(same)
        }
    }

    private static func recovering(_ purpose: Purpose, _ event: Event) -> Result<State, Refusal> {
        let same = State.recovering(purpose)
        switch event {
        case .bindDisk, .unbindDisk, .delete, .pause, .resume, .bookmark, .recover, .rollback, .commit, .targetsWritten:
            return .failure(.recovering)
        case .rewound: return .success(purpose == .recover ? .recovered : .protected)
        case .abandoned(let isRecovered): return .success(isRecovered ? .recovered : .protected)
        case .observed, .released, .restored, .historyDiscarded, .failed: return .success(same)
        }
    }

    private static func recovered(_ event: Event) -> Result<State, Refusal> {
        switch event {
        case .recover: .success(.recovering(.recover))
        case .rollback: .success(.recovering(.rollback))
        case .commit: .success(.committed)
        case .targetsWritten: .success(.resyncing)
        case .bindDisk, .unbindDisk, .delete, .pause, .resume, .bookmark: .failure(.recovered)
        case .observed, .rewound, .abandoned, .released, .restored, .historyDiscarded, .failed: .success(.recovered)
        }
    }

    private static func committed(_ event: Event) -> Result<State, Refusal> {
        switch event {
        case .released: .success(.released)
        case .bindDisk, .unbindDisk, .delete, .pause, .resume, .bookmark, .recover, .rollback, .commit, .targetsWritten:
            .failure(.committed)
        case .observed, .rewound, .abandoned, .restored, .historyDiscarded, .failed: .success(.committed)
        }
    }

    private static func released(_ event: Event) -> Result<State, Refusal> {
        switch event {
        case .delete: .success(.released)
        case .bindDisk, .unbindDisk, .pause, .resume, .bookmark, .recover, .rollback, .commit, .targetsWritten:
            .failure(.committed)
        case .observed, .rewound, .abandoned, .released, .restored, .historyDiscarded, .failed: .success(.released)
        }
    }

    private static func degraded(_ cause: String, _ former: State, _ event: Event) -> Result<State, Refusal> {
        let same = State.degraded(cause: cause, from: former)
        switch event {
        case .restored: return .success(former)
        // What may be given up in the state before may be given up now; and resuming is how an operator asks to try
        // again.
        case .delete, .unbindDisk: return step(former, event).map { _ in same }
        case .resume: return .success(same)
        // A disk that is bound anew takes the place of one that is lost, where nothing was replicated yet.
        case .bindDisk: return former == .created ? .success(same) : .failure(.degraded(cause))
        case .pause, .bookmark, .recover, .rollback, .commit, .targetsWritten: return .failure(.degraded(cause))
        case .historyDiscarded: return step(former, event).map { .degraded(cause: cause, from: $0) }
        case .observed, .rewound, .abandoned, .released, .failed: return .success(same)
        }
    }

    private static func ingesting(_ outstanding: Outstanding) -> State {
        switch outstanding {
        case .everything: .created
        case .initialSync: .initialSync
        case .resync: .resyncing
        case .nothing: .protected
        }
    }
}
