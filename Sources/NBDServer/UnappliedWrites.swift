// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Which ranges have been written to and are not on the targets yet: what a read has to wait for. Pure.
///
/// Memory: the newest ``most`` writes. Of older ones it is only known up to which number there were some, and every read
/// waits for those.
struct UnappliedWrites: Sendable {
    private struct Entry {
        let sequence: UInt64
        let disk: DiskNumber
        let sectors: Range<UInt64>
    }

    static let most = 8192

    private var entries: [Entry] = []
    private var head = 0
    /// Writes up to it are not remembered one by one.
    private var floor: UInt64

    /// - Parameter floor: The last number that may not be applied, and of which nothing else is known.
    init(floor: UInt64) { self.floor = floor }

    mutating func add(_ extents: [Extent], sequence: UInt64) {
        for extent in extents {
            if entries.count - head == Self.most {
                floor = entries[head].sequence
                head += 1
            }
            entries.append(Entry(sequence: sequence, disk: extent.disk, sectors: extent.sector..<extent.endSector))
        }
        compact()
    }

    mutating func forget(upTo sequence: UInt64) {
        while head < entries.count, entries[head].sequence <= sequence { head += 1 }
        compact()
    }

    /// The number of the newest write that may meet the range; 0 for none.
    func newest(_ disk: DiskNumber, _ sectors: Range<UInt64>) -> UInt64 {
        entries[head...].last { $0.disk == disk && $0.sectors.overlaps(sectors) }?.sequence ?? floor
    }

    private mutating func compact() {
        guard head > Self.most else { return }
        entries.removeFirst(head)
        head = 0
    }
}
