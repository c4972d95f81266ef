// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionFormat
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Synchronization
import Testing

/// Promise 3.
struct RewindTests {
    @Test func `a rewind can be rewound, to and fro`() throws {
        let fixture = try StoreFixture(diskCount: 2)
        var points: [SequenceNumber] = [fixture.group.status.durable]
        for mark in 1..<6 as Range<UInt8> {
            points.append(
                try fixture.batch(
                    Write(sector: Int(mark), count: 3, mark: mark), Write(disk: 1, sector: 2 * Int(mark), mark: mark)))
            if mark % 2 == 0 { try fixture.mark() }
        }
        for point in points + points.reversed() + points {
            try fixture.group.orderRewind(to: point)
            fixture.rewound(to: point)
            try fixture.settle()
            for (index, disk) in fixture.disks.enumerated() { #expect(disk.contents == fixture.latest[index]) }
        }
        #expect(try fixture.wrongPoints() == [])
        try fixture.reopen(crashes: true)
        #expect(try fixture.wrongPoints() == [])
    }

    @Test func `a rewind to the latest point changes nothing`() throws {
        let fixture = try StoreFixture()
        let latest = try fixture.batch(Write(sector: 1, mark: 1))
        let written = fixture.group.status.counters.writtenBytes
        try fixture.group.orderRewind(to: latest)
        try fixture.settle()
        #expect(fixture.group.status.counters.writtenBytes == written)
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }

    @Test(arguments: [UInt64(0), 1, 99, .max])
    func `a rewind to what is no point is refused`(number: UInt64) throws {
        let fixture = try StoreFixture()
        let code = fixture.code { try fixture.group.orderRewind(to: SequenceNumber(number)) }
        #expect(code == .noSuchPoint || code == .pointNotExact)
    }

    @Test func `each rewind answers with its own number, when the disks show its point`() throws {
        let fixture = try StoreFixture()
        let points = try [1, 2, 3].map { try fixture.batch(Write(sector: 1, count: 40, mark: UInt8($0))) }
        fixture.group.start()
        defer { fixture.group.close() }
        var last = fixture.group.status.durable
        for point in [points[0], points[1], points[0], points[2], points[0]] {
            let order = try fixture.group.rewind(to: point)
            #expect(order == last.next)
            #expect(fixture.group.status.applied == order)
            #expect(fixture.disks[0].contents == fixture.states[point.rawValue]?[0])
            last = order
        }
    }

    @Test func `what is being journaled is not done`() throws {
        let hook = HookedFolder.Hook()
        let fixture = try StoreFixture(hook: hook)
        let group = fixture.group
        let pending = Mutex<[Int]>([])
        hook.set { name in
            // The group drains by this: neither waiting nor queued means done.
            if name.hasPrefix("redo-") {
                pending.withLock { $0.append(group.status.pendingOperations + group.status.queuedItems) }
            }
        }
        try fixture.group.append(fixture.part([Write(sector: 1, mark: 1)]), of: fixture.stamp(), isLast: true)
        _ = try fixture.stepper.stepJournal()
        hook.set(nil)
        let seen = pending.withLock { $0 }
        #expect(!seen.isEmpty)
        #expect(seen.allSatisfy { $0 > 0 }, "a drain would return before the batch is durable")
    }

    @Test func `history that a rewind needs stays while its order is being journaled`() throws {
        let hook = HookedFolder.Hook()
        let fixture = try StoreFixture(hook: hook)
        let point = try fixture.batch(Write(sector: 1, mark: 1))
        try fixture.mark()
        for mark in 2..<5 as Range<UInt8> {
            try fixture.batch(Write(sector: 1, mark: mark))
            try fixture.mark()
        }
        fixture.clock.advance(seconds: 48 * 3600)
        let stepper = fixture.stepper
        // On one thread, as if the applier tidied up just then.
        let isBusy = Mutex(false)
        nonisolated(unsafe) let tidy = stepper
        hook.set { name in
            guard name.hasPrefix("redo-"),
                isBusy.withLock({ busy in
                    defer { busy = true }
                    return !busy
                })
            else { return }
            while (try? unsafe tidy.stepMaintenance()) == true {}
        }
        try fixture.group.orderRewind(to: point)
        _ = try fixture.stepper.stepJournal()
        hook.set(nil)
        fixture.rewound(to: point)
        #expect(throws: Never.self) { try fixture.settle() }
        #expect(fixture.disks[0].contents == fixture.latest[0])
    }
}
