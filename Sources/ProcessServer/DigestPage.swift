// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The unit in which remembered digests are kept: 255 digests that check by themselves.
///
/// | offset | size | name | meaning |
/// | --- | --- | --- | --- |
/// | 0 | 8 | checksum | XXH3-64 of what follows, seeded with the disk's digest seed |
/// | 8 | 8 | place | disk number << 48, page number |
/// | 16 | 4080 | digests | 16 each: low, high; both 0 for a block that is not known |
///
/// A page that does not check (never written, of an earlier sync, damaged) is read as one that knows nothing, so its
/// blocks are sent again: a lost digest costs bandwidth, never content. Little-endian.
package enum DigestPage {
    package static let byteCount = 4096
    package static let digestCount = 255
    private static let headerBytes = 16
    /// Page numbers have 48 bits: 2^48 pages of 255 blocks are beyond what 64 bits address in bytes.
    private static let numberBits: UInt64 = 48

    package static let unknown = RangeDigest(low: 0, high: 0)

    /// Pages for `blocks` digests.
    static func count(blocks: UInt64) -> UInt64 { (blocks + UInt64(digestCount) - 1) / UInt64(digestCount) }

    static func place(disk: DiskNumber, page: UInt64) -> UInt64 { UInt64(disk.rawValue) << numberBits | page }

    static func disk(place: UInt64) -> DiskNumber { DiskNumber(UInt16(place >> numberBits)) }

    static func number(place: UInt64) -> UInt64 { place & (1 << numberBits - 1) }

    /// The place that a page names, whether it checks or not.
    static func place(of page: RawSpan) -> UInt64 {
        var reader = ByteReader(page)
        guard reader.skip(8) else { return .max }
        return reader.little() ?? .max
    }

    package static func isValid(_ page: RawSpan, seed: UInt64) -> Bool {
        guard page.byteCount == byteCount else { return false }
        var reader = ByteReader(page)
        return reader.little(UInt64.self) == Checksum(of: page.extracting(8..<byteCount), seed: seed).rawValue
    }

    static func digest(_ index: Int, in page: RawSpan) -> RangeDigest {
        var reader = ByteReader(page)
        guard reader.skip(headerBytes + index * 16), let low = reader.little(UInt64.self),
            let high = reader.little(UInt64.self)
        else { return unknown }
        return RangeDigest(low: low, high: high)
    }

    @_lifetime(page: copy page)
    static func set(_ digest: RangeDigest, at index: Int, in page: inout MutableRawSpan) {
        page.storeBytes(of: digest.low.littleEndian, toByteOffset: headerBytes + index * 16, as: UInt64.self)
        page.storeBytes(of: digest.high.littleEndian, toByteOffset: headerBytes + index * 16 + 8, as: UInt64.self)
    }

    /// Writes the header over what is in the page.
    @_lifetime(page: copy page)
    package static func seal(_ page: inout MutableRawSpan, place: UInt64, seed: UInt64) {
        page.storeBytes(of: place.littleEndian, toByteOffset: 8, as: UInt64.self)
        let checksum = Checksum(of: page.bytes.extracting(8..<byteCount), seed: seed)
        page.storeBytes(of: checksum.rawValue.littleEndian, toByteOffset: 0, as: UInt64.self)
    }
}
