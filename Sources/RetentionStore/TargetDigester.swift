// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Digests of a target's ranges: what a resync compares.
enum TargetDigester {
    /// - Parameters:
    ///   - granularity: Bytes of one digest; the last range may be shorter.
    ///   - seed: Of the sync.
    static func digest(
        _ target: any BlockDevice, _ sectors: Range<UInt64>, granularity: Int, seed: UInt64
    ) throws(RetentionError) -> [RangeDigest] {
        let end = sectors.upperBound * Sector.size
        var position = sectors.lowerBound * Sector.size
        let perRead = max(1, Extent.maximumDataBytes / granularity) * granularity
        var buffer = AlignedBuffer(uninitialized: perRead)
        var digests: [RangeDigest] = []
        while position < end {
            let count = Int(min(UInt64(perRead), end - position))
            do {
                var span = buffer.mutableBytes
                // A hole in an image file is zeroes without a read.
                if try target.firstDataRange(in: position..<position + UInt64(count)) == nil {
                    span.zero(at: 0, count: count)
                } else {
                    var part = span._mutatingExtracting(0..<count)
                    try target.read(into: &part, at: ByteOffset(position))
                }
            } catch {
                throw .target(error)
            }
            var from = 0
            while from < count {
                let length = min(granularity, count - from)
                digests.append(RangeDigest(of: buffer.bytes.extracting(from..<from + length), seed: seed))
                from += length
            }
            position += UInt64(count)
        }
        return digests
    }
}
