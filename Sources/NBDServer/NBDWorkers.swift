// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// The threads that read and write disks for NBD, and the memory that reads under way may hold: shared by all
/// connections, so that however many there are, both stay bounded.
public final class NBDWorkers: Sendable {
    private struct Ledger {
        var left: Int
        var waiting: [(bytes: Int, go: @Sendable () -> Void)] = []
        var firstWaiting = 0
    }

    private let pool: DiskThreadPool
    private let ledger: Mutex<Ledger>

    /// Threads and memory as the settings bound them.
    public init(_ settings: NBDServerSettings) {
        pool = DiskThreadPool(name: "mt-nbd", threads: settings.workers)
        ledger = Mutex(Ledger(left: settings.totalWindow.int))
    }

    /// Runs blocking work on a thread, when `bytes` of memory are free for it; ``release(_:)`` gives them back.
    func run(holding bytes: Int, _ work: @escaping @Sendable () -> Void) {
        let isFree = ledger.withLock { ledger in
            guard ledger.left >= bytes, ledger.firstWaiting == ledger.waiting.count else {
                ledger.waiting.append((bytes, work))
                return false
            }
            ledger.left -= bytes
            return true
        }
        if isFree { pool.run(work) }
    }

    /// Gives memory back; whoever waited longest goes on.
    func release(_ bytes: Int) {
        let ready = ledger.withLock { ledger -> [@Sendable () -> Void] in
            ledger.left += bytes
            var ready: [@Sendable () -> Void] = []
            while ledger.firstWaiting < ledger.waiting.count, ledger.waiting[ledger.firstWaiting].bytes <= ledger.left {
                let next = ledger.waiting[ledger.firstWaiting]
                ledger.left -= next.bytes
                ledger.firstWaiting += 1
                ready.append(next.go)
            }
            if ledger.firstWaiting == ledger.waiting.count {
                ledger.waiting.removeAll(keepingCapacity: true)
                ledger.firstWaiting = 0
            } else if ledger.firstWaiting > 1024 {
                ledger.waiting.removeFirst(ledger.firstWaiting)
                ledger.firstWaiting = 0
            }
            return ready
        }
        for work in ready { pool.run(work) }
    }

    /// Runs blocking work that holds next to nothing.
    func run(_ work: @escaping @Sendable () -> Void) { pool.run(work) }

    /// Ends the threads. Nothing may be served any more.
    public func finish() { pool.finish() }
}
