// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A range of sectors on one disk of a group, and what it holds.
public struct Extent: Hashable, Sendable {
    /// The longest extent of data, in bytes: one checksum covers it, so this is also the most that has to be read to
    /// verify a part of it.
    public static let maximumDataBytes = 1 << 20

    /// What the range holds.
    public enum Content: Hashable, Sendable {
        /// Bytes, with their ``Checksum``.
        case data(Checksum)
        /// Nothing but zeroes; no bytes travel or are stored.
        case zeroes
    }

    /// The disk that the sectors are on.
    public let disk: DiskNumber
    /// First sector; 512-byte units from the start of the disk.
    public let sector: UInt64
    /// Sectors covered, 1 or more. An extent of data covers at most ``maximumDataBytes``.
    public let sectorCount: UInt32
    /// What the sectors hold.
    public let content: Content

    /// An extent as it is given: input from outside is checked by who takes it.
    public init(disk: DiskNumber, sector: UInt64, sectorCount: UInt32, content: Content) {
        self.disk = disk
        self.sector = sector
        self.sectorCount = sectorCount
        self.content = content
    }

    /// One past the last sector. Saturates, so that a hostile extent compares as out of range and does not trap.
    public var endSector: UInt64 {
        let (end, overflow) = sector.addingReportingOverflow(UInt64(sectorCount))
        return overflow ? .max : end
    }

    /// The bytes covered, whether stored or not.
    public var byteCount: ByteCount { ByteCount(UInt64(sectorCount) * Sector.size) }

    /// Whether it holds nothing but zeroes.
    public var isZeroes: Bool {
        switch content {
        case .zeroes: true
        case .data: false
        }
    }

    /// The bytes that are stored or sent for it: none for zeroes.
    public var payloadBytes: Int { isZeroes ? 0 : Int(sectorCount) * Int(Sector.size) }
}
