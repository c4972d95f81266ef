// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Testing

struct AlignedBufferTests {
    @Test(arguments: [1, 511, 4096, 1 << 20])
    func `memory is aligned and zeroed`(count: Int) {
        let buffer = AlignedBuffer(count: count)
        buffer.withBytes(0..<count) { bytes in
            let address = unsafe bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            let (isAllZeroes, length) = (bytes.isAllZeroes, bytes.byteCount)
            #expect(address % 4096 == 0)
            #expect(isAllZeroes)
            #expect(length == count)
        }
    }

    @Test func `one byte anywhere is not all zeroes`() {
        for position in 0..<200 {
            var buffer = AlignedBuffer(count: 200)
            buffer.withMutableBytes(position..<position + 1) { $0.storeBytes(of: 1, toByteOffset: 0, as: UInt8.self) }
            let isAllZeroes = buffer.bytes.isAllZeroes
            #expect(!isAllZeroes, "byte \(position)")
        }
    }

    @Test func `bytes are replaced and zeroed where they are meant to be`() {
        var first = AlignedBuffer(count: 8)
        var span = first.mutableBytes
        unsafe span.replace(at: 2, with: [UInt8](arrayLiteral: 1, 2, 3).span.bytes)
        #expect(copy(first) == [0, 0, 1, 2, 3, 0, 0, 0])
        span = first.mutableBytes
        span.zero(at: 4, count: 1)
        span.zero(at: 8, count: 0)
        #expect(copy(first) == [0, 0, 1, 2, 0, 0, 0, 0])
    }
}
