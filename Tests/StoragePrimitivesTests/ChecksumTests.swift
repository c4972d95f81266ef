// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Testing

/// Known answers of xxHash 0.8, so that a disk written by one build is read by another.
struct ChecksumTests {
    @Test func `checksums are XXH3 as published`() {
        #expect(Checksum(of: RawSpan()).rawValue == 0x2D06_8005_38D3_94C2)
        let digest = RangeDigest(of: RawSpan(), seed: 0)
        #expect(digest.high == 0x99AA_06D3_0147_98D8)
        #expect(digest.low == 0x6001_C324_468D_497F)
    }

    @Test func `every bit and the seed count`() {
        let bytes = (0..<64).map { UInt8($0) }
        let checksum = unsafe Checksum(of: bytes.span.bytes)
        #expect(unsafe Checksum(of: bytes.span.bytes, seed: 1) != checksum)
        #expect(unsafe RangeDigest(of: bytes.span.bytes, seed: 1) != RangeDigest(of: bytes.span.bytes, seed: 2))
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(unsafe Checksum(of: flipped.span.bytes) != checksum, "bit \(bit)")
        }
    }
}
