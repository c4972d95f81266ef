// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// Digests of a target's ranges: what a resync compares.
enum TargetDigester {
    /// - Parameters:
    ///   - granularity: Bytes of one digest; the last range may be shorter.
    ///   - seed: Of the sync.
    ///   - team: Reads a long range in several parts at once.
    static func digest(
        _ target: any BlockDevice, _ sectors: Range<UInt64>, granularity: Int, seed: UInt64, team: any IOTeam
    ) throws(RetentionError) -> [RangeDigest] {
        let count = UInt64(sectors.count) * Sector.size
        let step = UInt64(granularity)
        // Parts of whole ranges, the last with what is left.
        let share = (max(leastShare, count / UInt64(parts)) + step - 1) / step * step / Sector.size
        let starts = Array(stride(from: sectors.lowerBound, to: sectors.upperBound, by: Int(share)))
        let found = Mutex([[RangeDigest]](repeating: [], count: starts.count))
        try team.runAll(
            starts.enumerated().map { index, start in
                IOJob { () throws(RetentionError) in
                    let part = start..<min(start + share, sectors.upperBound)
                    let digests = try digestPart(target, part, granularity: granularity, seed: seed)
                    found.withLock { $0[index] = digests }
                }
            })
        return found.withLock { $0.flatMap { $0 } }
    }

    private static let parts = 3
    /// Bytes from which on a part is worth a reader.
    private static let leastShare: UInt64 = 4 << 20

    private static func digestPart(
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
