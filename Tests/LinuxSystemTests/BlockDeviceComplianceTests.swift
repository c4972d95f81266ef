// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import RetentionSimulation
import StoragePrimitives
import Testing

/// What the retention store may expect of every disk, real and simulated.
struct BlockDeviceComplianceTests {
    enum Kind: CaseIterable {
        case file
        case simulated
    }

    private static let size = 256 << 10

    /// Runs `body` with a disk that is there until it returns.
    private func withDevice(_ kind: Kind, _ body: (any BlockDevice) throws -> Void) throws {
        switch kind {
        case .file:
            let temporary = try TemporaryFolder()
            try body(DirectFile(path: temporary.image(bytes: Self.size), access: .exclusive))
            withExtendedLifetime(temporary) {}
        case .simulated:
            try body(SimulatedDisk(name: "disk", size: ByteCount(Self.size), power: SimulatedPower(seed: 1)))
        }
    }

    private func read(_ device: any BlockDevice, _ count: Int, at offset: Int) throws -> [UInt8] {
        var buffer = AlignedBuffer(count: count)
        var span = buffer.mutableBytes
        try device.read(into: &span, at: ByteOffset(UInt64(offset)))
        return copy(buffer)
    }

    @Test(arguments: Kind.allCases)
    func `a disk has the size and the blocks that it says`(kind: Kind) throws {
        try withDevice(kind) { (device) throws in
            #expect(device.size == ByteCount(Self.size))
            #expect(device.logicalBlockSize == 512)
            #expect(!device.name.isEmpty)
            #expect(try read(device, 512, at: Self.size - 512) == [UInt8](repeating: 0, count: 512))
        }
    }

    @Test(arguments: Kind.allCases)
    func `what is written is read back, flushed or not`(kind: Kind) throws {
        try withDevice(kind) { (device) throws in
            try device.write(filled(8192, with: 5).bytes, at: ByteOffset(4096))
            #expect(
                try read(device, 16_384, at: 0) == [UInt8](repeating: 0, count: 4096)
                    + [UInt8](repeating: 5, count: 8192) + [UInt8](repeating: 0, count: 4096))
            try device.flush()
            try device.write(filled(4096, with: 6).bytes, at: ByteOffset(4096))
            try device.flush()
            #expect(
                try read(device, 8192, at: 4096) == [UInt8](repeating: 6, count: 4096)
                    + [UInt8](repeating: 5, count: 4096))
        }
    }

    @Test(arguments: Kind.allCases)
    func `zeroed ranges read as zeroes and nothing beside them changes`(kind: Kind) throws {
        try withDevice(kind) { (device) throws in
            try device.write(filled(32_768, with: 9).bytes, at: .zero)
            try device.writeZeroes(at: ByteOffset(4096), count: ByteCount(8192))
            try device.flush()
            #expect(try read(device, 4096, at: 0).allSatisfy { $0 == 9 })
            #expect(try read(device, 8192, at: 4096).allSatisfy { $0 == 0 })
            #expect(try read(device, 4096, at: 12_288).allSatisfy { $0 == 9 })
        }
    }

    @Test(arguments: Kind.allCases)
    func `nothing is written past the end, and a read there fails`(kind: Kind) throws {
        try withDevice(kind) { (device) throws in
            let block = filled(8192, with: 1)
            for offset in [Self.size - 4096, Self.size, Self.size + 4096] {
                let error = #expect(throws: DeviceError.self) {
                    try device.write(block.bytes, at: ByteOffset(UInt64(offset)))
                }
                #expect(error?.code == .outOfRange)
                #expect(throws: DeviceError.self) { _ = try read(device, 8192, at: offset) }
                #expect(throws: DeviceError.self) {
                    try device.writeZeroes(at: ByteOffset(UInt64(offset)), count: ByteCount(8192))
                }
            }
            #expect(device.size == ByteCount(Self.size))
            #expect(try read(device, 4096, at: Self.size - 4096).allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: Kind.allCases)
    func `data is never taken for a hole`(kind: Kind) throws {
        try withDevice(kind) { (device) throws in
            #expect(try device.firstDataRange(in: 0..<0) == nil)
            try device.write(filled(4096, with: 1).bytes, at: ByteOffset(131_072))
            let range = try #require(try device.firstDataRange(in: 0..<UInt64(Self.size)))
            #expect(range.lowerBound <= 131_072)
            #expect(range.upperBound >= 131_072 + 4096)
            let inside = try device.firstDataRange(in: 131_584..<132_096)
            #expect(inside == 131_584..<132_096)
        }
    }
}
