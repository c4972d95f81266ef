// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionStore
import Synchronization

/// A team whose jobs run at the same time as far as anyone can tell, and as a seed decides: one of them moves, and at
/// every I/O it is drawn who goes on. So a run can be repeated, and power can go with every job anywhere.
package final class SimulatedTeam: IOTeam {
    /// A place in the round: who has the turn, or waits for it.
    private final class Turn: Sendable {
        let bell = Doorbell()
    }

    /// The jobs of one call.
    private final class Round: Sendable {
        private struct Progress {
            var left: Int
            var outcomes: [RetentionError?]
        }

        private let progress: Mutex<Progress>

        init(_ count: Int) {
            progress = Mutex(Progress(left: count, outcomes: [RetentionError?](repeating: nil, count: count)))
        }

        var outcomes: [RetentionError?] { progress.withLock { $0.outcomes } }

        /// Whether it was the last.
        func end(_ index: Int, _ outcome: RetentionError?) -> Bool {
            progress.withLock { progress in
                progress.outcomes[index] = outcome
                progress.left -= 1
                return progress.left == 0
            }
        }
    }

    private struct State {
        var generator: SeededGenerator
        var waiting: [Turn] = []
        /// Who moves; nil outside of any call.
        var current: Turn?
    }

    private let state: Mutex<State>
    /// Threads are kept for all simulations of the process.
    private static let idle = Mutex<[DiskThread]>([])

    /// - Parameters:
    ///   - seed: Decides who goes on.
    ///   - power: Every I/O that passes through it may hand the turn on.
    package init(seed: UInt64, power: SimulatedPower) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        power.interleave { [weak self] in self?.pause() }
    }

    package func run(_ jobs: [IOJob]) -> [RetentionError?] {
        guard jobs.count > 1 else { return jobs.map { $0.run() } }
        let round = Round(jobs.count)
        let caller = Turn()
        let outer = state.withLock { $0.current }
        for (index, job) in jobs.enumerated() {
            let turn = Turn()
            state.withLock { $0.waiting.append(turn) }
            let thread = Self.idle.withLock { $0.popLast() } ?? DiskThread(name: "simulated")
            thread.run { [self] in
                turn.bell.wait()
                let outcome = job.run()
                Self.idle.withLock { $0.append(thread) }
                if round.end(index, outcome) { state.withLock { $0.waiting.append(caller) } }
                handOn()
            }
        }
        handOn()
        caller.bell.wait()
        // Inside of a job of its own, the caller goes on under the turn that it waited with.
        if outer == nil { state.withLock { $0.current = nil } }
        return round.outcomes
    }

    /// Somebody goes on instead of who ended or waits.
    private func handOn() {
        let next = state.withLock { state in
            let next = state.waiting.remove(at: Int.random(in: 0..<state.waiting.count, using: &state.generator))
            state.current = next
            return next
        }
        next.bell.ring()
    }

    /// An I/O is about to happen: somebody else may go first.
    private func pause() {
        let turns = state.withLock { state -> (own: Turn, next: Turn)? in
            guard let own = state.current, !state.waiting.isEmpty else { return nil }
            let choice = Int.random(in: 0...state.waiting.count, using: &state.generator)
            guard choice < state.waiting.count else { return nil }
            let next = state.waiting[choice]
            state.waiting[choice] = own
            state.current = next
            return (own, next)
        }
        guard let turns else { return }
        turns.next.bell.ring()
        turns.own.bell.wait()
    }
}
