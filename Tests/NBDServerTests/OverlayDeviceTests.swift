// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import NBDProtocol
import NBDServer
import RetentionSimulation
import StoragePrimitives
import Testing

struct OverlayDeviceTests {
    private static let granule = 64 << 10

    /// A disk of data with a hole in its third granule, and a file over it.
    private struct Fixture {
        let folder: TemporaryFolder
        let base: HookedDevice
        let size: Int
        let limit: ByteCount
        private(set) var overlay: OverlayDevice
        private(set) var scratch: HookedDevice
        private(set) var model: [UInt8]

        init(
            granules: Int = 5, tail: Int = 0, limit: Int = 1 << 30, hook: @escaping HookedDevice.Hook = { _, _, _ in }
        )
            throws
        {
            folder = try TemporaryFolder()
            size = granules * OverlayDeviceTests.granule + tail
            self.limit = ByteCount(limit)
            let image = try DirectFile(path: folder.image("base", bytes: size), access: .readWrite)
            model = [UInt8](repeating: 0, count: size)
            for (start, end) in [(0, 2), (3, granules)] {
                let range =
                    start * OverlayDeviceTests.granule..<(end == granules ? size : end * OverlayDeviceTests.granule)
                let data = pattern(range.count, seed: UInt64(start + 1))
                try image.writeAll(data, at: range.lowerBound)
                model.replaceSubrange(range, with: data)
            }
            try image.flush()
            base = HookedDevice(image) { (call, _, _) throws(DeviceError) in
                if call == .write || call == .zero { throw HookedDevice.failure(.readOnly) }
            }
            // Rounded up, as a file may be.
            let path = try folder.image("scratch", bytes: (size + 4095) & ~4095)
            scratch = HookedDevice(try DirectFile(path: path, access: .readWrite), hook: hook)
            overlay = try OverlayDevice(base: base, scratch: scratch, limit: self.limit)
        }

        mutating func restart(limit: Int? = nil) throws {
            scratch = HookedDevice(try DirectFile(path: folder.path + "/scratch", access: .readWrite))
            overlay = try OverlayDevice(base: base, scratch: scratch, limit: limit.map { ByteCount($0) } ?? self.limit)
        }

        mutating func write(_ offset: Int, _ data: [UInt8]) throws {
            try overlay.writeAll(data, at: offset)
            model.replaceSubrange(offset..<offset + data.count, with: data)
        }

        mutating func zero(_ offset: Int, _ count: Int) throws {
            try overlay.writeZeroes(at: ByteOffset(UInt64(offset)), count: ByteCount(count))
            model.replaceSubrange(offset..<offset + count, with: repeatElement(0, count: count))
        }

        func check(_ location: SourceLocation = #_sourceLocation) throws {
            #expect(try overlay.readAll() == model, sourceLocation: location)
        }
    }

    private static func code(_ body: () throws -> Void) -> DeviceError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DeviceError)?.code
        }
    }

    @Test(arguments: [
        (0, 4096, 1), (4096, 4096, 1), (0, 65536, 1), (65536 - 4096, 8192, 2), (4096, 3 * 65536, 4), (0, 5 * 65536, 5),
        (2 * 65536, 65536, 1), (4 * 65536, 65536, 1), (5 * 65536 - 4096, 4096, 1), (131_072, 4096, 1),
    ])
    func `a write is read, what is around it shows through, and a restart keeps both`(
        offset: Int, count: Int, granules: Int
    ) throws {
        var fixture = try Fixture()
        try fixture.check()
        #expect(fixture.overlay.usedBytes == .zero)
        try fixture.write(offset, pattern(count, seed: 9))
        try fixture.check()
        #expect(fixture.overlay.usedBytes == ByteCount(granules * Self.granule))
        try fixture.overlay.flush()
        #expect(fixture.scratch.count(.flush) == 1 && fixture.base.count(.flush) == 0)
        try fixture.restart()
        #expect(fixture.overlay.usedBytes == ByteCount(granules * Self.granule))
        try fixture.check()
        try fixture.write(offset, pattern(4096, seed: 10))
        #expect(fixture.overlay.usedBytes == ByteCount(granules * Self.granule))
        try fixture.check()
    }

    @Test(arguments: [512, 4096, 8192, 65536 - 512])
    func `the last granule may be a short one`(tail: Int) throws {
        var fixture = try Fixture(granules: 4, tail: tail)
        let end = 4 * Self.granule + tail
        let block = fixture.overlay.logicalBlockSize
        guard tail % block == 0 else { return }
        try fixture.write(end - block, pattern(block, seed: 9))
        try fixture.check()
        #expect(fixture.overlay.usedBytes == ByteCount(tail))
        #expect(Self.code { try fixture.overlay.writeAll(pattern(2 * block, seed: 9), at: end - block) } == .outOfRange)
        #expect(Self.code { _ = try fixture.overlay.readAll(end - block..<end + block) } == .outOfRange)
        try fixture.restart()
        #expect(fixture.overlay.usedBytes == ByteCount(tail))
        try fixture.check()
        try fixture.zero(4 * Self.granule - 4096, 4096 + tail)
        try fixture.restart()
        try fixture.check()
        #expect(fixture.overlay.usedBytes == ByteCount(Self.granule + tail))
    }

    @Test func `zeroes are kept as data, cost nothing where the disk has none, and stay after a restart`() throws {
        var fixture = try Fixture()
        // Over the hole of the disk alone.
        try fixture.zero(2 * Self.granule, Self.granule)
        #expect(fixture.overlay.usedBytes == .zero)
        try fixture.zero(Self.granule + 4096, 3 * Self.granule)
        #expect(fixture.overlay.usedBytes == ByteCount(3 * Self.granule))
        try fixture.check()
        try fixture.write(0, pattern(Self.granule, seed: 9))
        try fixture.zero(0, Self.granule)
        try fixture.restart()
        try fixture.check()
        #expect(fixture.overlay.usedBytes == ByteCount(4 * Self.granule))
    }

    @Test func `holes are told where neither the disk nor the file has data`() throws {
        var fixture = try Fixture()
        let (all, granule) = (0..<UInt64(fixture.size), UInt64(Self.granule))
        func holes() throws -> [Range<UInt64>] {
            var found: [Range<UInt64>] = []
            var position = all.lowerBound
            while position < all.upperBound {
                let data = try fixture.overlay.firstDataRange(in: position..<all.upperBound)
                let start = data?.lowerBound ?? all.upperBound
                if start > position { found.append(position..<start) }
                position = data?.upperBound ?? all.upperBound
            }
            return found
        }
        #expect(try holes() == [2 * granule..<3 * granule])
        try fixture.write(2 * Self.granule + 8192, pattern(4096, seed: 9))
        #expect(try holes() == [])
        #expect(
            try fixture.overlay.firstDataRange(in: 2 * granule..<2 * granule + 4096) == 2 * granule..<2 * granule + 4096
        )
        #expect(try fixture.overlay.firstDataRange(in: 5..<5) == nil)
    }

    @Test func `at the limit a write fails with no space, what is there can be overwritten, and reads go on`() throws {
        var fixture = try Fixture(limit: 2 * 65536 + 100)
        try fixture.write(0, pattern(2 * Self.granule, seed: 9))
        #expect(Self.code { try fixture.overlay.writeAll(pattern(4096, seed: 1), at: 2 * Self.granule) } == .noSpace)
        #expect(
            Self.code { try fixture.overlay.writeZeroes(at: ByteOffset(3 << 16), count: ByteCount(4096)) } == .noSpace)
        try fixture.write(4096, pattern(Self.granule, seed: 10))
        try fixture.zero(0, 2 * Self.granule)
        // A part of it has room, and is written.
        #expect(fixture.overlay.usedBytes == ByteCount(2 * Self.granule))
        try fixture.check()
        try fixture.restart(limit: Self.granule)
        try fixture.check()
        #expect(Self.code { try fixture.overlay.writeAll(pattern(4096, seed: 1), at: 3 * Self.granule) } == .noSpace)
        try fixture.restart(limit: 3 * Self.granule)
        try fixture.write(4 * Self.granule, pattern(4096, seed: 1))
        try fixture.check()
    }

    @Test func `a copy that fails costs nothing and shows nothing, and can be tried again`() throws {
        let broken = Gate()
        var fixture = try Fixture { (call, offset, _) throws(DeviceError) in
            if call == .write, offset.rawValue == 65536, !broken.isOpen { throw HookedDevice.failure(.noSpace) }
        }
        #expect(Self.code { try fixture.overlay.writeAll(pattern(4096, seed: 1), at: 65536 + 4096) } == .noSpace)
        #expect(fixture.overlay.usedBytes == .zero)
        try fixture.check()
        broken.open()
        try fixture.write(65536 + 4096, pattern(4096, seed: 1))
        try fixture.check()
    }

    @Test func `what a crash left of a copy is given back, and the disk shows through`() throws {
        var fixture = try Fixture()
        try fixture.write(3 * Self.granule, pattern(4096, seed: 9))
        // Parts of granules, as a loss of power leaves them.
        for (offset, count) in [(4096, 8192), (2 * Self.granule - 4096, 8192), (4 * Self.granule, 4096)] {
            try fixture.scratch.writeAll(pattern(count, seed: 66), at: offset)
        }
        try fixture.restart()
        #expect(fixture.overlay.usedBytes == ByteCount(Self.granule))
        try fixture.check()
        try fixture.write(0, pattern(512 * 8, seed: 5))
        try fixture.restart()
        try fixture.check()
        #expect(fixture.overlay.usedBytes == ByteCount(2 * Self.granule))
    }

    @Test func `a file that is too short is refused`() throws {
        let fixture = try Fixture()
        let short = try DirectFile(path: fixture.folder.image("short", bytes: 65536), access: .readWrite)
        let code = Self.code { _ = try OverlayDevice(base: fixture.base, scratch: short, limit: .mebibytes(1)) }
        #expect(code == .tooSmall)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `it holds what a plain array would, over many writes and restarts`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var fixture = try Fixture(granules: 40, tail: Int.random(in: 0..<16, using: &generator) * 4096)
        for step in 0..<300 {
            let blocks = fixture.size / 4096
            let start = Int.random(in: 0..<blocks, using: &generator)
            let count = min(blocks - start, Int.random(in: 1...(step % 7 == 0 ? 100 : 6), using: &generator))
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...5: try fixture.write(start * 4096, pattern(count * 4096, seed: seed &* 1000 &+ UInt64(step)))
            case 6, 7: try fixture.zero(start * 4096, count * 4096)
            case 8, 9:
                let range = start * 4096..<(start + count) * 4096
                #expect(try fixture.overlay.readAll(range) == Array(fixture.model[range]))
            case 10: try fixture.restart()
            default:
                // What is told as a hole is zeroes.
                let range = UInt64(start * 4096)..<UInt64((start + count) * 4096)
                let data = try fixture.overlay.firstDataRange(in: range)
                let hole = Int(range.lowerBound)..<Int(data?.lowerBound ?? range.upperBound)
                #expect(fixture.model[hole].allSatisfy { $0 == 0 })
            }
        }
        try fixture.check()
        try fixture.restart()
        try fixture.check()
    }

    @Test func `many threads that write to the same granules lose nothing`() throws {
        let fixture = try Fixture(granules: 8)
        let overlay = fixture.overlay
        let pool = DiskThreadPool(name: "test", threads: 8)
        let blocks = 8 * Self.granule / 4096
        // Neighbours within a granule, from different threads: who copies first must not undo the other.
        for block in 0..<blocks {
            let place = block % 16 * 8 + block / 16
            pool.run {
                do {
                    try overlay.writeAll([UInt8](repeating: UInt8(place + 1), count: 4096), at: place * 4096)
                } catch {
                    Issue.record(error)
                }
            }
        }
        pool.finish()
        let found = try overlay.readAll()
        for block in 0..<blocks {
            #expect(found[block * 4096..<(block + 1) * 4096].allSatisfy { $0 == UInt8(block + 1) })
        }
        #expect(overlay.usedBytes == ByteCount(8 * Self.granule))
    }

    @Test func `clients write to it and read it over NBD`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image("base", bytes: 4 << 20, [0: pattern(4 << 20, seed: 1)])
            let scratch = try fixture.image("scratch", bytes: 4 << 20)
            let overlay = try OverlayDevice(base: image, scratch: scratch, limit: .mebibytes(2))
            fixture.serve(overlay, isWritable: true)
            var expected = pattern(4 << 20, seed: 1)
            let client = try await fixture.client("disk", contexts: ["base:allocation"])
            #expect(try await client.write(1, offset: 4096, pattern(1 << 20, seed: 2), flags: .fua).error == nil)
            expected.replaceSubrange(4096..<(1 << 20) + 4096, with: pattern(1 << 20, seed: 2))
            #expect(try await client.call(.writeZeroes, 2, offset: 0, length: 1 << 17).error == nil)
            expected.replaceSubrange(0..<(1 << 17), with: repeatElement(0, count: 1 << 17))
            #expect(try await client.read(0, 4 << 20) == expected)
            #expect(try await client.write(3, offset: 2 << 20, pattern(2 << 20, seed: 3)).error == .noSpace)
            #expect(try image.readAll() == pattern(4 << 20, seed: 1))
            // A trim would cost what it is meant to save.
            #expect(!(await client.flags.contains(.sendsTrim)))
        }
    }
}
