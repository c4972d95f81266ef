// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The share of memory that groups have now. It only ever shrinks, until the next start: what was promised to a
/// session for larger batches would otherwise be too little for them.
final class MemoryPlan: Sendable {
    let ceiling: ByteCount
    private let step = Mutex(MemoryShare.step(groups: 0))

    init(ceiling: ByteCount) { self.ceiling = ceiling }

    var share: MemoryShare { MemoryShare(ceiling: ceiling, groups: step.withLock { $0 }) }

    /// There are so many groups now. Those that are open take their new share when they are looked at next.
    func count(_ groups: Int) { step.withLock { $0 = max($0, MemoryShare.step(groups: groups)) } }
}
