// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where a disk may differ between two points in time: a bit for each granule. Never claims less than there is.
public struct ChangedRanges: Hashable, Sendable {
    /// Bytes that one bit stands for, unless another size is asked for.
    public static let granule: UInt64 = 64 << 10

    private let granule: UInt64
    private var words: [UInt64]
    /// Bytes of the disk.
    public let size: UInt64

    /// Nothing differs. Memory: a bit for each granule, by default 2 MiB for each TiB.
    ///
    /// - Parameter granule: Bytes, 1 or more.
    public init(size: UInt64, granule: UInt64 = ChangedRanges.granule) {
        precondition(granule > 0, "a granule of nothing")
        self.size = size
        self.granule = granule
        let granules = size / granule + (size % granule == 0 ? 0 : 1)
        words = [UInt64](repeating: 0, count: Int(clamping: (granules + 63) / 64))
    }

    /// The bytes of `range` may differ. What is past the end is left out.
    public mutating func insert(_ range: Range<UInt64>) {
        let end = min(range.upperBound, size)
        guard range.lowerBound < end else { return }
        for index in range.lowerBound / granule...(end - 1) / granule {
            words[Int(index / 64)] |= 1 << (index % 64)
        }
    }

    /// Whether anything of the granule at `offset` may differ.
    private func contains(_ offset: UInt64) -> Bool {
        let index = offset / granule
        return words[Int(index / 64)] & (1 << (index % 64)) != 0
    }

    /// The state at `offset`, and where the stretch of that state ends, within `limit`.
    ///
    /// - Precondition: `offset` is below `limit`, and `limit` is not past the end.
    public func stretch(at offset: UInt64, limit: UInt64) -> (isChanged: Bool, end: UInt64) {
        precondition(offset < limit && limit <= size, "a stretch past the end of a disk")
        let isChanged = contains(offset)
        var end = offset
        while end < limit, contains(end) == isChanged { end = (end / granule + 1) * granule }
        return (isChanged, min(end, limit))
    }
}
