// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where a disk may differ between two points in time: a bit for each granule. Never claims less than there is.
public struct ChangedRanges: Hashable, Sendable {
    /// Bytes that one bit stands for.
    public static let granule: UInt64 = 64 << 10

    private var words: [UInt64]
    /// Bytes of the disk.
    public let size: UInt64

    /// Nothing differs. Memory: a bit for each ``granule``, 2 MiB for each TiB.
    public init(size: UInt64) {
        self.size = size
        let granules = (size + Self.granule - 1) / Self.granule
        words = [UInt64](repeating: 0, count: Int(clamping: (granules + 63) / 64))
    }

    /// The bytes of `range` may differ. What is past the end is left out.
    public mutating func insert(_ range: Range<UInt64>) {
        let end = min(range.upperBound, size)
        guard range.lowerBound < end else { return }
        for granule in range.lowerBound / Self.granule...(end - 1) / Self.granule {
            words[Int(granule / 64)] |= 1 << (granule % 64)
        }
    }

    /// Whether anything of the granule at `offset` may differ.
    private func contains(_ offset: UInt64) -> Bool {
        let granule = offset / Self.granule
        return words[Int(granule / 64)] & (1 << (granule % 64)) != 0
    }

    /// The state at `offset`, and where the stretch of that state ends, within `limit`.
    ///
    /// - Precondition: `offset` is below `limit`, and `limit` is not past the end.
    public func stretch(at offset: UInt64, limit: UInt64) -> (isChanged: Bool, end: UInt64) {
        precondition(offset < limit && limit <= size, "a stretch past the end of a disk")
        let isChanged = contains(offset)
        var end = offset
        while end < limit, contains(end) == isChanged { end = (end / Self.granule + 1) * Self.granule }
        return (isChanged, min(end, limit))
    }
}
