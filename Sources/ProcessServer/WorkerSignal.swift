// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// What wakes the one thread that replicates a group: chunks that were read, frames that came, and the wish to stop.
public final class WorkerSignal: Sendable {
    private let bell = Doorbell()
    private let stopping = Atomic<Bool>(false)

    /// A signal that nobody has rung.
    public init() {}

    /// Something may have changed: whoever waits looks again.
    public func ring() { bell.ring() }

    /// Asks the worker to end; it does so at its next look.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Whether the work is to end.
    public var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Waits for a ring, at most `nanoseconds`.
    ///
    /// - Throws: `.stopped` when the worker is to end.
    func wait(nanoseconds: Int64 = 1_000_000_000) throws(ProcessServerError) {
        try check()
        _ = bell.wait(nanoseconds: nanoseconds)
        try check()
    }

    func check() throws(ProcessServerError) {
        if isStopping { throw ProcessServerError(.stopped, "The operator asked for an end.") }
    }

    /// Waits until the steady clock shows `deadline`, whatever rings.
    func sleep(until deadline: Int64, clock: any SteadyClock) throws(ProcessServerError) {
        while true {
            let left = deadline - clock.nanoseconds()
            guard left > 0 else { return }
            try wait(nanoseconds: min(left, 1_000_000_000))
        }
    }
}
