// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// How long the syncs of one kind took, of all groups of the process, since it started: what decides how soon a change
/// is acknowledged, and how fast the appliers are.
///
/// Measuring costs two looks at the clock and a count under a lock that nobody holds for longer, a millionth of a second
/// beside a sync that takes a hundred at least.
public final class SyncLatency: Sendable {
    /// Syncs of the journal: what an acknowledgement waits for.
    public static let journal = SyncLatency()
    /// Syncs of before-images: what a write to a target waits for.
    public static let beforeImages = SyncLatency()
    /// Flushes of targets: what counting as applied waits for.
    public static let target = SyncLatency()

    private let times = Mutex(Histogram())

    /// In seconds; those that failed too.
    public var histogram: Histogram { times.withLock { $0 } }

    func measure(_ sync: () throws(DeviceError) -> Void) throws(DeviceError) {
        let start = ContinuousClock.now
        defer {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            times.withLock { $0.add(seconds) }
        }
        try sync()
    }
}
