// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A sector on one of a group's disks as one sortable number: disk in the high 16 bits, sector in the low 48.
///
/// 2^48 sectors are 128 PiB, more than any disk; a larger one is refused when it is bound.
public struct DiskAddress: RawRepresentable, Hashable, Comparable, Sendable {
    /// Bits of the sector.
    public static let sectorBits = 48
    /// One more than the last sector that can be addressed.
    public static let sectorLimit: UInt64 = 1 << 48

    /// The disk in the high 16 bits, the sector in the low 48.
    public let rawValue: UInt64

    /// The address with that value, as it stands in an index.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Precondition: `sector` is at most ``sectorLimit``: the end of an extent may be.
    public init(disk: DiskNumber, sector: UInt64) {
        rawValue = UInt64(disk.rawValue) << Self.sectorBits + sector
    }

    /// The disk.
    public var disk: DiskNumber { DiskNumber(UInt16(truncatingIfNeeded: rawValue >> Self.sectorBits)) }
    /// The first sector, 512 bytes each.
    public var sector: UInt64 { rawValue & (Self.sectorLimit - 1) }
    /// Bytes from the start of the disk.
    public var byteOffset: ByteOffset { ByteOffset(sector * Sector.size) }

    /// Whether `sectors` from here on lie on the disk, as far as an address can tell, and their end is an address too.
    public func holds(_ sectors: UInt32) -> Bool {
        sector + UInt64(sectors) <= Self.sectorLimit && !rawValue.addingReportingOverflow(UInt64(sectors)).overflow
    }

    /// By disk, then by sector.
    public static func < (left: DiskAddress, right: DiskAddress) -> Bool { left.rawValue < right.rawValue }
    /// The address `sectors` further on the same disk.
    ///
    /// - Precondition: That is at most ``sectorLimit``.
    public static func + (left: DiskAddress, sectors: UInt32) -> DiskAddress {
        DiskAddress(rawValue: left.rawValue + UInt64(sectors))
    }
}
