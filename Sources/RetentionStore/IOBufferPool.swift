// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// The work areas that the groups of a process share: each is taken for one step of one engine and given back after it,
/// so that a group at rest holds none.
///
/// Nobody ever waits for one, because a group whose disks hang would keep what all others need. When many are out, there
/// are small ones instead: many groups at once do shorter I/Os, and memory stays bounded.
final class IOBufferPool: Sendable {
    static let shared = IOBufferPool(wholeAreas: 32)

    /// Bytes of a whole work area: the longest extent fits, with the rest of the blocks that it begins and ends in.
    static let wholeBytes = Extent.maximumDataBytes + 8192
    /// Bytes of a small one: the longest header of a record fits, and some pieces that are gathered.
    static let smallBytes = 256 << 10

    private struct Areas {
        var whole: [IOBuffer] = []
        var small: [IOBuffer] = []
        var wholeInUse = 0
    }

    private let areas = Mutex(Areas())
    private let limit: Int

    /// Kept for the next taker, of each size: what one busy group takes.
    static let retained = 12

    /// - Parameter wholeAreas: Whole work areas in use from which on there are small ones.
    init(wholeAreas: Int) { limit = wholeAreas }

    /// A work area of ``smallBytes`` or more.
    func take() -> IOBuffer {
        let (found, isWhole) = areas.withLock { areas -> (IOBuffer?, Bool) in
            guard areas.wholeInUse < limit else { return (areas.small.popLast(), false) }
            areas.wholeInUse += 1
            return (areas.whole.popLast(), true)
        }
        return found ?? IOBuffer(byteCount: isWhole ? Self.wholeBytes : Self.smallBytes)
    }

    /// A whole work area, however many are out: for the few that read what was stored as one.
    func takeWhole() -> IOBuffer {
        let found = areas.withLock { areas in
            areas.wholeInUse += 1
            return areas.whole.popLast()
        }
        return found ?? IOBuffer(byteCount: Self.wholeBytes)
    }

    /// Takes one back that came from this pool.
    func giveBack(_ buffer: IOBuffer) {
        areas.withLock { areas in
            guard buffer.byteCount == Self.wholeBytes else {
                if areas.small.count < Self.retained { areas.small.append(buffer) }
                return
            }
            areas.wholeInUse -= 1
            if areas.whole.count < Self.retained { areas.whole.append(buffer) }
        }
    }
}
