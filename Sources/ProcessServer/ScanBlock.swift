// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The unit of comparison: one remembered digest covers 64 KiB, the disk's last block may be shorter.
///
/// 16 bytes for 64 KiB are 256 MiB for a tebibyte. Shorter blocks send less for a small change and remember more.
package enum ScanBlock {
    package static let byteCount: UInt64 = 64 << 10

    package static func count(size: UInt64) -> UInt64 { size / byteCount + (size % byteCount == 0 ? 0 : 1) }

    static func index(_ offset: UInt64) -> UInt64 { offset / byteCount }

    static func start(_ block: UInt64) -> UInt64 { block * byteCount }

    static func end(_ block: UInt64, size: UInt64) -> UInt64 { min(size, (block + 1) * byteCount) }

    /// The part of `stretch` that is made of whole blocks, as the unit of scanning: data grows to whole blocks, what
    /// needs no reading shrinks to them and becomes data where nothing is left of it.
    package static func aligned(_ stretch: SourceStretch, from offset: UInt64, size: UInt64) -> SourceStretch {
        let end = min(stretch.end, size)
        if end == size { return SourceStretch(end: size, content: stretch.content) }
        let down = end / byteCount * byteCount
        switch stretch.content {
        case .data:
            let up = end % byteCount == 0 ? end : min(size, down + byteCount)
            return SourceStretch(end: max(up, min(size, offset + byteCount)), content: .data)
        case .zeroes, .unchanged:
            guard down > offset else { return SourceStretch(end: min(size, offset + byteCount), content: .data) }
            return SourceStretch(end: down, content: stretch.content)
        }
    }
}
