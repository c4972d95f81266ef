// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// The threads that read and write disks for NBD, and the memory that data under way may hold: shared by all
/// connections, so that however many there are, both stay bounded.
public final class NBDWorkers: Sendable {
    private struct Ledger {
        var left: Int
        var waiting: [(bytes: Int, go: @Sendable () -> Void)] = []
        var firstWaiting = 0
    }

    private let pool: DiskThreadPool
    private let ledger: Mutex<Ledger>
    private let capacity: Int

    /// Threads and memory as the settings bound them.
    public init(_ settings: NBDServerSettings) {
        pool = DiskThreadPool(name: "mt-nbd", threads: settings.workers)
        capacity = settings.totalWindow.int
        ledger = Mutex(Ledger(left: capacity))
    }

    /// Bytes that are free at this moment.
    public var freeBytes: Int { ledger.withLock { $0.left } }

    /// Runs blocking work on a thread, when `bytes` of memory are free for it; ``release(_:)`` gives them back. More than
    /// there are at all is all of them.
    func run(holding bytes: Int, _ work: @escaping @Sendable () -> Void) {
        let bytes = min(bytes, capacity)
        let isFree = ledger.withLock { ledger in
            if Self.take(bytes, of: &ledger) { return true }
            ledger.waiting.append((bytes, work))
            return false
        }
        if isFree { pool.run(work) }
    }

    /// Runs it only if the memory is free at once; whether it was.
    func runNow(holding bytes: Int, _ work: @escaping @Sendable () -> Void) -> Bool {
        let bytes = min(bytes, capacity)
        let isFree = ledger.withLock { Self.take(bytes, of: &$0) }
        if isFree { pool.run(work) }
        return isFree
    }

    /// Nobody overtakes who waits.
    private static func take(_ bytes: Int, of ledger: inout Ledger) -> Bool {
        guard ledger.left >= bytes, ledger.firstWaiting == ledger.waiting.count else { return false }
        ledger.left -= bytes
        return true
    }

    /// Gives memory back; whoever waited longest goes on.
    func release(_ bytes: Int) {
        let bytes = min(bytes, capacity)
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
