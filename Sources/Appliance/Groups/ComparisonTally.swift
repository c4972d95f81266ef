// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

/// What a comparison of targets with their sources has found so far. Pure; of ranges that differ it keeps the first few.
package struct ComparisonTally: Hashable, Sendable {
    /// Ranges that a result names.
    package static let namedRanges = 8

    /// A range of a disk that differs, in bytes.
    package struct Difference: Hashable, Sendable {
        package let disk: DiskNumber
        package let range: Range<UInt64>
    }

    package private(set) var comparedBytes: UInt64 = 0
    package private(set) var differingBytes: UInt64 = 0
    /// Disks with at least one range that differs.
    package private(set) var differingDisks: Set<DiskNumber> = []
    package private(set) var first: [Difference] = []

    package init() {}

    /// A stretch was compared.
    package mutating func add(_ disk: DiskNumber, bytes: UInt64, differing: [Range<UInt64>]) {
        // Counts of bytes for people.
        comparedBytes &+= bytes
        for range in differing {
            differingDisks.insert(disk)
            differingBytes &+= UInt64(range.count)
            if let last = first.last, last.disk == disk, last.range.upperBound == range.lowerBound {
                first[first.count - 1] = Difference(disk: disk, range: last.range.lowerBound..<range.upperBound)
            } else if first.count < Self.namedRanges {
                first.append(Difference(disk: disk, range: range))
            }
        }
    }

    /// The first ranges that differ, as part of a sentence.
    ///
    /// - Parameter name: What operators call a disk.
    package func sentence(_ name: (DiskNumber) -> String) -> String {
        let ranges = first.map { difference in
            "\(name(difference.disk)) at byte \(difference.range.lowerBound) "
                + "(\(ByteCount(UInt64(difference.range.count))))"
        }
        return "\(ByteCount(differingBytes)) of \(ByteCount(comparedBytes)) differ, first "
            + ranges.joined(separator: ", ")
    }
}
