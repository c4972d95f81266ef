// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat

/// Extents sorted by address, each with the rank that decides where they overlap.
protocol RankedExtents: ~Copyable {
    /// The next extent by address, or nil at the end. The lowest rank wins an overlap.
    mutating func next() throws(RetentionError) -> RankedExtent?
}

struct RankedExtent {
    var stored: StoredExtent
    /// 0 wins over 1.
    var rank: UInt32
}

/// A part of a stored extent, disjoint from every other that its sweep gives.
struct ExtentPiece: Hashable {
    var address: DiskAddress
    var sectorCount: UInt32
    /// The extent that it is part of: what has to be read and checked to get it.
    var stored: StoredExtent
    var rank: UInt32

    var end: DiskAddress { address + sectorCount }
    var byteCount: Int { Int(sectorCount) * 512 }
    /// Bytes from the start of the stored extent to the piece.
    var offsetInStored: Int { Int(address.rawValue - stored.address.rawValue) * 512 }
}

/// Settles overlaps in one pass by address: folding a chunk of batches (the newest wins), the redo of an epoch up to a
/// point (the newest wins), the before-images of many epochs (the oldest wins) are all this.
///
/// Memory: the extents that overlap at one address. Time: n log n of those.
struct ExtentSweep<Source: RankedExtents & ~Copyable>: ~Copyable {
    private(set) var source: Source
    private var upcoming: RankedExtent?
    /// Extents that reach the position or beyond, as a heap with the winner on top. Ended ones are dropped when on top.
    private var active: [RankedExtent] = []
    private var position = DiskAddress(rawValue: 0)
    private var held: ExtentPiece?

    init(_ source: consuming Source) throws(RetentionError) {
        self.source = source
        upcoming = try self.source.next()
    }

    /// The next piece by address, as long as can be.
    mutating func next() throws(RetentionError) -> ExtentPiece? {
        while let piece = try nextFragment() {
            guard let last = held else {
                held = piece
                continue
            }
            if last.stored == piece.stored, last.rank == piece.rank, last.end == piece.address {
                held?.sectorCount += piece.sectorCount
            } else {
                held = piece
                return last
            }
        }
        defer { held = nil }
        return held
    }

    private mutating func nextFragment() throws(RetentionError) -> ExtentPiece? {
        dropEnded()
        if active.isEmpty {
            guard let first = upcoming else { return nil }
            position = first.stored.address
        }
        while let candidate = upcoming, candidate.stored.address <= position {
            push(candidate)
            upcoming = try source.next()
        }
        dropEnded()
        guard let winner = active.first else { return try nextFragment() }
        let end = min(winner.stored.end, upcoming?.stored.address ?? winner.stored.end)
        let piece = ExtentPiece(
            address: position, sectorCount: UInt32(end.rawValue - position.rawValue), stored: winner.stored,
            rank: winner.rank)
        position = end
        return piece
    }

    private mutating func dropEnded() {
        while let top = active.first, top.stored.end <= position { pop() }
    }

    private mutating func push(_ extent: RankedExtent) {
        active.append(extent)
        var child = active.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard active[child].rank < active[parent].rank else { return }
            active.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() {
        active.swapAt(0, active.count - 1)
        active.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < active.count {
                if active[child].rank < active[least].rank { least = child }
            }
            guard least != parent else { return }
            active.swapAt(least, parent)
            parent = least
        }
    }
}

/// Extents in memory, sorted once.
struct SortedExtents: RankedExtents {
    private let extents: [RankedExtent]
    private var index = 0

    init(_ extents: [RankedExtent]) { self.extents = extents.sorted { $0.stored.address < $1.stored.address } }

    mutating func next() -> RankedExtent? {
        guard index < extents.count else { return nil }
        index += 1
        return extents[index - 1]
    }

    /// Extents in the order they were written: the last wins.
    static func newestWins(_ extents: some Collection<StoredExtent>) -> SortedExtents {
        let count = UInt32(extents.count)
        return SortedExtents(extents.enumerated().map { RankedExtent(stored: $1, rank: count - 1 - UInt32($0)) })
    }
}
