// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// Reads something that may hang, such as a mount whose server is gone, on a thread of its own and for a limited time.
///
/// A reading that hangs keeps its thread and is not begun again until it comes back: there is never more than one.
final class BoundedReading<Value: Sendable>: Sendable {
    private struct State {
        var isRunning = false
        var result: Fact<Value>?
        var thread: DiskThread?
    }

    private let name: String
    private let read: @Sendable () throws -> Value
    private let state = Mutex(State())
    private let bell = Doorbell()

    init(_ name: String, _ read: @escaping @Sendable () throws -> Value) {
        self.name = name
        self.read = read
    }

    /// Begins, unless an earlier reading still hangs.
    func begin() {
        let isIdle = state.withLock { state in
            guard !state.isRunning else { return false }
            state.isRunning = true
            state.result = nil
            return true
        }
        guard isIdle else { return }
        // A thread that came back late is idle by now.
        state.withLock { $0.thread.take() }?.finish()
        let thread = DiskThread(name: "mt-health")
        state.withLock { $0.thread = thread }
        thread.run { [self] in
            let fact: Fact<Value>
            do {
                fact = .known(try read())
            } catch let error as HealthError where error.code == .notProvided {
                fact = .unknown(error.description)
            } catch {
                fact = .unknown("Looking at \(name) failed: \(error)")
            }
            state.withLock { state in
                state.isRunning = false
                state.result = fact
            }
            bell.ring()
        }
    }

    /// Waits until the clock shows `deadline`, in nanoseconds. Blocks: not on the cooperative pool.
    func result(by deadline: Int64, clock: any SteadyClock) -> Fact<Value> {
        while true {
            if let result = state.withLock({ $0.result }) {
                state.withLock { $0.thread.take() }?.finish()
                return result
            }
            let left = deadline - clock.nanoseconds()
            guard left > 0 else {
                return .unknown("Looking at \(name) takes too long: a disk or a mount may be stuck.")
            }
            _ = bell.wait(nanoseconds: left)
        }
    }
}
