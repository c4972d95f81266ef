// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct TargetFingerprintTests {
    @Test func `a small disk is read whole, a large one at its ends and evenly in between`() {
        #expect(TargetFingerprint.places(size: 1) == [0])
        #expect(TargetFingerprint.places(size: 65_537) == [0, 65_536])
        #expect(TargetFingerprint.places(size: 64 << 20).count == 1024)
        #expect(TargetFingerprint.isProof(size: 64 << 20))
        for size in [UInt64(64 << 20) + 512, 1 << 30, 1 << 44, 128 << 50, UInt64.max & ~511] {
            #expect(!TargetFingerprint.isProof(size: size))
            let places = TargetFingerprint.places(size: size)
            #expect(places.count == 256)
            #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
            #expect(places.first == 0)
            #expect(places.last.map { $0 < size && size - $0 <= 65_536 } == true)
        }
    }

    @Test func `the first place that differs is named`() throws {
        let folder = try TestFolder()
        try folder.makeImage("a.img", .mebibytes(1))
        let target = try DirectFile(path: "\(folder.path)/a.img", access: .exclusive)
        let size = UInt64(1 << 20)
        let before = try TargetFingerprint(of: target, disk: DiskNumber(0), size: size)
        #expect(before.firstDifference(from: before, size: size) == nil)
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        span.storeBytes(of: 1, toByteOffset: 5, as: UInt8.self)
        try target.write(buffer.bytes, at: ByteOffset(200 << 10))
        let after = try TargetFingerprint(of: target, disk: DiskNumber(0), size: size)
        #expect(before.firstDifference(from: after, size: size) == 192 << 10)
        // Of a disk of another size nothing can be said.
        #expect(before.firstDifference(from: before, size: size / 2) == 0)
    }
}

@Suite struct ComparisonTallyTests {
    @Test func `the first ranges that differ are named, neighbours as one`() {
        var tally = ComparisonTally()
        tally.add(DiskNumber(0), bytes: 1 << 20, differing: [])
        #expect(tally.differingDisks.isEmpty)
        tally.add(DiskNumber(1), bytes: 1 << 20, differing: [65_536..<131_072, 131_072..<196_608, 0..<512])
        #expect(tally.comparedBytes == 2 << 20)
        #expect(tally.differingBytes == 131_584)
        #expect(tally.differingDisks == [DiskNumber(1)])
        #expect(tally.first.map(\.range) == [65_536..<196_608, 0..<512])
        let sentence = tally.sentence { "disk \($0)" }
        #expect(sentence.hasSuffix("differ, first disk 1 at byte 65536 (128 KiB), disk 1 at byte 0 (512 B)"))
        for index in UInt64(0)..<100 {
            tally.add(DiskNumber(2), bytes: 512, differing: [index * 2048..<index * 2048 + 512])
        }
        #expect(tally.first.count == ComparisonTally.namedRanges)
    }
}
