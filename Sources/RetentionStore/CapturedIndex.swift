// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat

/// Which ranges an epoch has before-images of, and where: disjoint extents by address.
///
/// Two sorted levels: a short one takes what a chunk adds, and is merged into the long one when it has grown to an
/// eighth of it, so that adding costs little whatever the size.
struct CapturedIndex {
    private var settled: [StoredExtent] = []
    private var recent: [StoredExtent] = []

    static let leastMerge = 4096

    var count: Int { settled.count + recent.count }

    /// Adds extents that are sorted, disjoint, and disjoint from what is there.
    mutating func insert(_ extents: [StoredExtent]) {
        recent = Self.merged(recent, extents)
        if recent.count > max(Self.leastMerge, settled.count / 8) {
            settled = Self.merged(settled, recent)
            recent = []
        }
    }

    /// The parts of a range that have no before-image yet, by address.
    func uncovered(from start: DiskAddress, to end: DiskAddress) -> [(start: DiskAddress, end: DiskAddress)] {
        var gaps: [(start: DiskAddress, end: DiskAddress)] = []
        var position = start
        forEach(from: start, to: end) { stored in
            if stored.address > position { gaps.append((position, stored.address)) }
            position = max(position, stored.end)
        }
        if position < end { gaps.append((position, end)) }
        return gaps
    }

    /// Visits the extents that overlap a range, by address.
    func forEach(from start: DiskAddress, to end: DiskAddress, _ body: (StoredExtent) -> Void) {
        var left = Self.firstEnding(after: start, in: settled)
        var right = Self.firstEnding(after: start, in: recent)
        while true {
            let a = left < settled.count && settled[left].address < end ? settled[left] : nil
            let b = right < recent.count && recent[right].address < end ? recent[right] : nil
            switch (a, b) {
            case (nil, nil): return
            case (let a?, nil):
                body(a)
                left += 1
            case (nil, let b?):
                body(b)
                right += 1
            case (let a?, let b?):
                if a.address < b.address {
                    body(a)
                    left += 1
                } else {
                    body(b)
                    right += 1
                }
            }
        }
    }

    /// All of it by address.
    var sorted: [StoredExtent] { Self.merged(settled, recent) }

    private static func firstEnding(after address: DiskAddress, in extents: [StoredExtent]) -> Int {
        var low = 0
        var high = extents.count
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func merged(_ left: [StoredExtent], _ right: [StoredExtent]) -> [StoredExtent] {
        guard let firstRight = right.first else { return left }
        guard let lastLeft = left.last else { return right }
        if lastLeft.address < firstRight.address { return left + right }
        var result: [StoredExtent] = []
        result.reserveCapacity(left.count + right.count)
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            if left[i].address < right[j].address {
                result.append(left[i])
                i += 1
            } else {
                result.append(right[j])
                j += 1
            }
        }
        result.append(contentsOf: left[i...])
        result.append(contentsOf: right[j...])
        return result
    }
}
