// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import StoragePrimitives
import Synchronization

/// A source disk in memory: ranges of data in zeroes, and optionally a map of changes.
final class MemorySource: SourceDisk {
    let id = "memory"
    var name: String { id }
    let tellsChanges: Bool
    let readsAtOnce = 3
    let size: UInt64
    /// Each byte of a block that has data is its value.
    private let data: Mutex<[Range<UInt64>: UInt8]>
    private let unchanged: [Range<UInt64>]
    private let failsAt: UInt64?

    init(
        size: UInt64, data: [Range<UInt64>: UInt8], unchanged: [Range<UInt64>] = [], failsAt: UInt64? = nil
    ) {
        self.size = size
        self.data = Mutex(data)
        self.unchanged = unchanged
        self.failsAt = failsAt
        tellsChanges = !unchanged.isEmpty
    }

    func open() throws(ProcessServerError) -> SourceGeometry {
        SourceGeometry(size: ByteCount(size), logicalBlockSize: 512)
    }

    func close() {}

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(ProcessServerError) {
        let end = offset.rawValue + UInt64(buffer.byteCount)
        if let failsAt, failsAt < end { throw ProcessServerError(.sourceFailed, "a block that cannot be read") }
        buffer.zero(at: 0, count: buffer.byteCount)
        for (range, value) in data.withLock({ $0 }) {
            for position in max(
                range.lowerBound, offset.rawValue)..<max(
                    max(range.lowerBound, offset.rawValue), min(range.upperBound, end))
            {
                buffer.storeBytes(of: value, toByteOffset: Int(position - offset.rawValue), as: UInt8.self)
            }
        }
    }

    func stretch(in range: Range<UInt64>, changesOnly: Bool) throws(ProcessServerError) -> SourceStretch {
        if changesOnly, let clean = unchanged.first(where: { $0.contains(range.lowerBound) }) {
            return SourceStretch(end: clean.upperBound, content: .unchanged)
        }
        let borders = data.withLock { Array($0.keys) }
        if let inside = borders.first(where: { $0.contains(range.lowerBound) }) {
            let clean = unchanged.map(\.lowerBound).filter { changesOnly && $0 > range.lowerBound }.min()
            return SourceStretch(end: min(inside.upperBound, clean ?? .max), content: .data)
        }
        let next = borders.map(\.lowerBound).filter { $0 > range.lowerBound }.min() ?? range.upperBound
        return SourceStretch(end: min(next, range.upperBound), content: .zeroes)
    }
}
