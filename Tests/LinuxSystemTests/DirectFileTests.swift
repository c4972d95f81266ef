// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Testing

struct DirectFileTests {
    private func code(_ body: () throws -> Void) -> DeviceError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DeviceError)?.code
        }
    }

    @Test func `what is neither a block device nor a file is no disk`() throws {
        let folder = try TemporaryFolder()
        #expect(code { _ = try DirectFile(path: folder.path, access: .readOnly) } == .notADisk)
        #expect(code { _ = try DirectFile(path: "/dev/null", access: .readOnly) } == .notADisk)
        #expect(code { _ = try DirectFile(path: "\(folder.path)/none", access: .readOnly) } == .notFound)
    }

    @Test func `a disk that is taken is busy for a second taker and not for a reader`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.image(bytes: 8192)
        let first = try DirectFile(path: path, access: .exclusive)
        #expect(code { _ = try DirectFile(path: path, access: .exclusive) } == .busy)
        #expect(code { _ = try DirectFile(path: path, access: .readOnly) } == nil)
        withExtendedLifetime(first) {}
    }

    @Test func `a disk that was let go can be taken again`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.image(bytes: 8192)
        do { _ = try DirectFile(path: path, access: .exclusive) }
        #expect(code { _ = try DirectFile(path: path, access: .exclusive) } == nil)
    }

    @Test func `a disk that is opened to read cannot be written`() throws {
        let folder = try TemporaryFolder()
        let device = try DirectFile(path: folder.image(bytes: 8192), access: .readOnly)
        #expect(throws: DeviceError.self) { try device.write(filled(4096, with: 1).bytes, at: .zero) }
        #expect(throws: DeviceError.self) { try device.writeZeroes(at: .zero, count: ByteCount(4096)) }
    }

    @Test func `holes are found without reading them`() throws {
        let folder = try TemporaryFolder()
        let device = try DirectFile(path: folder.image(bytes: 4 << 20), access: .readWrite)
        #expect(try device.firstDataRange(in: 0..<4 << 20) == nil)
        try device.write(filled(65_536, with: 1).bytes, at: ByteOffset(1 << 20))
        #expect(try device.firstDataRange(in: 0..<4 << 20) == 1 << 20..<(1 << 20) + 65_536)
        #expect(try device.firstDataRange(in: 0..<1 << 20) == nil)
        #expect(
            try device.firstDataRange(in: (1 << 20) + 4096..<(1 << 20) + 8192) == (1 << 20) + 4096..<(1 << 20) + 8192)
        try device.writeZeroes(at: ByteOffset(1 << 20), count: ByteCount(65_536))
        #expect(try device.firstDataRange(in: 0..<4 << 20) == nil)
    }

    @Test(arguments: [UInt64(Int64.max), 1 << 63, UInt64.max, UInt64.max - 511])
    func `an offset that no disk has fails and does not trap`(offset: UInt64) throws {
        let folder = try TemporaryFolder()
        let device = try DirectFile(path: folder.image(bytes: 8192), access: .readWrite)
        #expect(throws: DeviceError.self) {
            var buffer = AlignedBuffer(count: 4096)
            var span = buffer.mutableBytes
            try device.read(into: &span, at: ByteOffset(offset))
        }
        #expect(code { try device.write(filled(4096, with: 1).bytes, at: ByteOffset(offset)) } == .outOfRange)
        #expect(code { try device.writeZeroes(at: ByteOffset(offset), count: ByteCount(4096)) } == .outOfRange)
    }

    @Test func `an image of a size that is no whole block is read to its end`() throws {
        let folder = try TemporaryFolder()
        let device = try DirectFile(path: folder.image(bytes: 5 * 512), access: .readWrite)
        try device.write(filled(512, with: 3).bytes, at: ByteOffset(2048))
        #expect(try device.firstDataRange(in: 0..<2560)?.upperBound == 2560)
        var buffer = AlignedBuffer(count: 512)
        var span = buffer.mutableBytes
        try device.read(into: &span, at: ByteOffset(2048))
        #expect(copy(buffer) == [UInt8](repeating: 3, count: 512))
    }
}
