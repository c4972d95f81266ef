// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Testing

struct ByteCountTests {
    @Test(arguments: [
        (ByteCount(5), ByteCount(7), ByteCount(12), ByteCount.zero),
        (ByteCount(7), ByteCount(5), ByteCount(12), ByteCount(2 as UInt64)),
        (ByteCount(UInt64.max), ByteCount(1), ByteCount(UInt64.max), ByteCount(UInt64.max - 1)),
        (ByteCount(1), ByteCount(UInt64.max), ByteCount(UInt64.max), ByteCount.zero),
    ])
    func `sums stop at the largest count and differences at zero`(
        left: ByteCount, right: ByteCount, sum: ByteCount, difference: ByteCount
    ) {
        #expect(left + right == sum)
        #expect(left - right == difference)
        var value = left
        value += right
        #expect(value == sum)
        value = left
        value -= right
        #expect(value == difference)
    }

    @Test func `a negative number of bytes is none, and more than an Int holds is clamped`() {
        #expect(ByteCount(-1) == .zero)
        #expect(ByteCount(UInt64.max).int == Int.max)
        #expect(ByteCount(UInt64(12)).int == 12)
    }

    @Test(arguments: [
        (ByteCount.zero, "0 B"), (ByteCount(1023), "1023 B"), (ByteCount.kibibytes(1), "1 KiB"),
        (ByteCount(1536), "1.5 KiB"), (ByteCount.mebibytes(256), "256 MiB"), (ByteCount.gibibytes(3), "3 GiB"),
        (ByteCount(UInt64.max), "15.9 EiB"),
    ])
    func `sizes are written in binary units with one decimal`(count: ByteCount, text: String) {
        #expect(count.description == text)
    }
}

struct ByteOffsetTests {
    @Test func `an offset that would pass 64 bits is not made`() {
        #expect(ByteOffset(10).advanced(checkedBy: ByteCount(5)) == ByteOffset(15))
        #expect(ByteOffset(UInt64.max).advanced(checkedBy: ByteCount(1)) == nil)
        #expect(ByteOffset(UInt64.max).advanced(checkedBy: .zero) == ByteOffset(UInt64.max))
    }
}

struct TimestampTests {
    @Test func `times at the ends of the range saturate`() {
        #expect(Timestamp.seconds(2).rawValue == 2_000_000_000)
        #expect(Timestamp.seconds(.max) == Timestamp(rawValue: .max))
        #expect(Timestamp.seconds(.min) == Timestamp(rawValue: .min))
        #expect(Timestamp(rawValue: .max).advanced(byNanoseconds: 1) == Timestamp(rawValue: .max))
        #expect(Timestamp(rawValue: .min).advanced(byNanoseconds: -1) == Timestamp(rawValue: .min))
        #expect(Timestamp(rawValue: .max).nanoseconds(since: Timestamp(rawValue: -1)) == .max)
        #expect(Timestamp(rawValue: .min).nanoseconds(since: Timestamp(rawValue: 1)) == .min)
        #expect(Timestamp(rawValue: 7).nanoseconds(since: Timestamp(rawValue: 9)) == -2)
    }
}

struct ExtentTests {
    @Test func `the end of an extent saturates, so that a hostile one is out of range`() {
        let data = Extent(
            disk: DiskNumber(1), sector: 8, sectorCount: 4, content: .data(Checksum(rawValue: 9)))
        #expect(data.endSector == 12)
        #expect(data.payloadBytes == 2048)
        #expect(data.byteCount == ByteCount(2048))
        let hostile = Extent(disk: DiskNumber(1), sector: .max - 1, sectorCount: 4, content: .zeroes)
        #expect(hostile.endSector == .max)
        #expect(hostile.isZeroes)
        #expect(hostile.payloadBytes == 0)
    }

    @Test func `bytes that are no whole sectors have no sector count`() {
        #expect(Sector.count(1024) == 2)
        #expect(Sector.count(1025) == nil)
        #expect(Sector.count(0) == 0)
    }
}

struct DeviceErrorTests {
    @Test func `an error names operation, object, place and reason`() {
        let full = DeviceError(
            .inputOutput, operation: "pread", object: "/dev/sda", offset: ByteOffset(4096), errorNumber: 5,
            detail: "Input/output error")
        #expect("\(full)" == "pread /dev/sda @ 4096: Input/output error")
        #expect("\(DeviceError(.busy, operation: "open", object: "x"))" == "open x: busy")
    }
}
