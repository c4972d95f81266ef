// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The work areas that the groups of a process share: each is taken for one step of one applier and given back after it,
/// so that a group at rest holds none.
final class IOBufferPool: Sendable {
    static let shared = IOBufferPool(retaining: 8)

    /// Bytes of a work area: the longest extent fits, with the rest of the blocks that it begins and ends in.
    static let bufferBytes = Extent.maximumDataBytes + 8192

    private let free = Mutex<[IOBuffer]>([])
    private let retained: Int

    /// - Parameter retaining: Work areas to keep for the next taker.
    init(retaining: Int) { retained = retaining }

    func take() -> IOBuffer { free.withLock { $0.popLast() } ?? IOBuffer(byteCount: Self.bufferBytes) }

    func giveBack(_ buffer: IOBuffer) {
        free.withLock { free in
            if free.count < retained { free.append(buffer) }
        }
    }
}
