// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The disks of a session, and the one function that holds a range against them.
struct DiskTable: Sendable {
    private struct Entry {
        let sectorCount: UInt64
        /// Sectors of a logical block, minus 1: sectors and counts have none of these bits.
        let alignmentMask: UInt64
    }

    private let entries: [DiskNumber: Entry]

    init(_ disks: [Frame.Hello.Disk]) {
        entries = Dictionary(
            disks.map {
                // Hello's own check: the block size is a power of two from 512 on, so this is at least 0.
                let mask = UInt64($0.logicalBlockSize) / Sector.size - 1
                return ($0.number, Entry(sectorCount: $0.sectorCount, alignmentMask: mask))
            },
            uniquingKeysWith: { first, _ in first })
    }

    func contains(_ disk: DiskNumber) -> Bool { entries[disk] != nil }

    /// Sectors of `disk`; 0 for a disk that is not known.
    func sectorCount(of disk: DiskNumber) -> UInt64 { entries[disk]?.sectorCount ?? 0 }

    /// What is wrong with writing the range, or nil.
    func violation(disk: DiskNumber, sector: UInt64, count: UInt64) -> ProtocolError? {
        guard let entry = entries[disk] else {
            return ProtocolError(.unknownDisk, "Disk \(disk) is not one of this session's Hello.")
        }
        guard count > 0 else {
            return ProtocolError(.emptyRange, "A range of disk \(disk) at sector \(sector) covers no sectors.")
        }
        let (end, overflow) = sector.addingReportingOverflow(count)
        guard !overflow, end <= entry.sectorCount else {
            return ProtocolError(
                .outOfRange,
                "\(count) sectors from \(sector) on are past the end of disk \(disk), which has \(entry.sectorCount).")
        }
        guard (sector | count) & entry.alignmentMask == 0 else {
            return ProtocolError(
                .misaligned,
                "\(count) sectors from \(sector) on are not whole blocks of disk \(disk); its blocks have "
                    + "\(entry.alignmentMask + 1) sectors.")
        }
        return nil
    }
}
