// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Testing

struct DiskAddressTests {
    @Test func `disk and sector are one number that sorts by disk first`() {
        let address = DiskAddress(disk: DiskNumber(2), sector: 5)
        #expect(address.disk == DiskNumber(2))
        #expect(address.sector == 5)
        #expect(address.byteOffset == ByteOffset(2560))
        #expect(address + 3 == DiskAddress(disk: DiskNumber(2), sector: 8))
        #expect(
            DiskAddress(disk: DiskNumber(1), sector: DiskAddress.sectorLimit - 1)
                < DiskAddress(disk: DiskNumber(2), sector: 0))
    }

    @Test func `numbers stop at nothing before the first`() {
        #expect(SequenceNumber.none.previous == .none)
        #expect(SequenceNumber(4).previous == SequenceNumber(3))
        #expect(EpochNumber(4).next == EpochNumber(5))
    }
}
