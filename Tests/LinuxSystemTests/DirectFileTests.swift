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

    private static func run(_ script: String) -> String? {
        ShellCommand.run(script, environment: [], timeout: 20_000_000_000, clock: MachineSteadyClock())
    }

    /// Whether a loop device with blocks of 4096 bytes can be had and mounted here, which takes root.
    private static let hasLoopDevices: Bool = {
        let script = """
            f=$(mktemp) && truncate -s 16M $f && d=$(losetup --sector-size 4096 --find --show $f) && mkfs.ext4 -q $d; code=$?
            [ -n "$d" ] && losetup -d $d; rm -f $f; exit $code
            """
        return run(script) == nil
    }()

    @Test(.enabled(if: hasLoopDevices, "loop devices take root"))
    func `an image on a filesystem of larger blocks has such blocks, and says so of what is smaller`() throws {
        let folder = try TemporaryFolder()
        let mount = """
            cd \(folder.path) && truncate -s 16M volume && mkdir m && d=$(losetup --sector-size 4096 --find --show volume) \
            && mkfs.ext4 -q $d && mount $d m && losetup --detach $d && truncate -s 65536 m/a.img
            """
        try #require(Self.run(mount) == nil)
        // The loop device goes when nobody has it mounted any more.
        defer {
            #expect(Self.run("umount \(folder.path)/m && rmdir \(folder.path)/m && rm \(folder.path)/volume") == nil)
        }
        do {
            let device = try DirectFile(path: "\(folder.path)/m/a.img", access: .readWrite)
            #expect(device.logicalBlockSize == 4096)
            #expect(code { try device.write(filled(512, with: 1).bytes, at: ByteOffset(512)) } == .outOfRange)
            #expect(code { try device.writeZeroes(at: ByteOffset(512), count: ByteCount(512)) } == .outOfRange)
            try device.write(filled(4096, with: 5).bytes, at: ByteOffset(8192))
            // Memory that is not aligned to anything.
            var buffer = AlignedBuffer(count: 8192)
            var span = buffer.mutableBytes
            var part = span._mutatingExtracting(3..<4099)
            try device.read(into: &part, at: ByteOffset(8192))
            #expect(part.bytes.extracting(0..<4096).byteCount == 4096 && !part.bytes.isAllZeroes)
            try device.write(part.bytes, at: ByteOffset(4096))
            #expect(try device.firstDataRange(in: 0..<65_536)?.lowerBound == 4096)
            try device.flush()
        }
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
