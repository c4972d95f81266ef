// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// A bounded number of disk threads for blocking work that has no order: as much at a time as there are threads, the
/// rest in the order in which it came.
public final class DiskThreadPool: Sendable {
    private struct Crew {
        var idle: [DiskThread] = []
        var count = 0
        var waiting: [@Sendable () -> Void] = []
        var firstWaiting = 0
    }

    private let crew = Mutex(Crew())
    private let name: String
    private let limit: Int

    /// - Parameters:
    ///   - name: Of the threads, as `top -H` shows it.
    ///   - threads: At most, 1 or more; each is made when it is first needed, and kept.
    public init(name: String, threads: Int) {
        precondition(threads > 0, "a pool without threads does nothing")
        self.name = name
        limit = threads
    }

    /// Queues `work` and returns.
    public func run(_ work: @escaping @Sendable () -> Void) {
        let thread = crew.withLock { crew -> DiskThread? in
            if let idle = crew.idle.popLast() { return idle }
            guard crew.count < limit else {
                crew.waiting.append(work)
                return nil
            }
            crew.count += 1
            return DiskThread(name: name)
        }
        thread?.run { [self] in
            work()
            workOn(thread)
        }
    }

    /// Does what waits, then rests.
    private func workOn(_ thread: DiskThread?) {
        while true {
            let next = crew.withLock { crew -> (@Sendable () -> Void)? in
                guard crew.firstWaiting < crew.waiting.count else {
                    crew.waiting.removeAll(keepingCapacity: true)
                    crew.firstWaiting = 0
                    if let thread { crew.idle.append(thread) }
                    return nil
                }
                defer { crew.firstWaiting += 1 }
                return crew.waiting[crew.firstWaiting]
            }
            guard let next else { return }
            next()
        }
    }

    /// Ends the threads when they have nothing to do; must not be called on one of them. Nothing may be queued after.
    public func finish() {
        while true {
            let (idle, isEmpty) = crew.withLock { crew in
                defer {
                    crew.count -= crew.idle.count
                    crew.idle = []
                }
                return (crew.idle, crew.count == crew.idle.count)
            }
            for thread in idle { thread.finish() }
            if isEmpty { return }
            // Nobody rings: it is a pause until the last work is done.
            _ = Doorbell().wait(nanoseconds: 1_000_000)
        }
    }
}
