// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a comparison of a group's targets with their sources came to, bit by bit.
public enum ComparisonEvent: Hashable, Sendable {
    /// A stretch of a disk was compared: its bytes, and those ranges of it that differ.
    case compared(DiskNumber, bytes: UInt64, differing: [Range<UInt64>])
    /// All disks were compared.
    case ended
    /// The session ended, or a target could not be read, before that.
    case failed(String)
}
