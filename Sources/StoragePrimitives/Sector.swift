// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The unit in which extents are counted: 512 bytes, whatever a disk's logical block size (man 4 sd; SBC-4 block counts
/// are multiples of it).
public enum Sector {
    /// Bytes of a sector.
    public static let size: UInt64 = 512

    /// The number of sectors in `bytes`, or nil when `bytes` is not a multiple of 512.
    public static func count(_ bytes: UInt64) -> UInt64? { bytes % size == 0 ? bytes / size : nil }
}
