// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Reports how far a disk is, every two seconds. Used by one thread.
final class ProgressMeter {
    private static let interval: Int64 = 2_000_000_000

    private let disk: String
    private let total: UInt64
    private let clock: any SteadyClock
    private let report: (ProgressReport) -> Void
    private var last: Int64

    init(disk: String, total: UInt64, clock: any SteadyClock, report: @escaping (ProgressReport) -> Void) {
        self.disk = disk
        self.total = total
        self.clock = clock
        self.report = report
        last = clock.nanoseconds()
    }

    func reached(_ done: UInt64) {
        let now = clock.nanoseconds()
        guard now - last >= Self.interval else { return }
        last = now
        report(.progress(disk: disk, done: done, of: total))
    }
}
