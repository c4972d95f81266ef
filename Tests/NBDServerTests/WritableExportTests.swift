// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import StoragePrimitives
import Testing

struct WritableExportTests {
    private static let mebibyte = 1 << 20

    @Test func `writes of all lengths arrive whole, and flush and FUA reach the device`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 40 * Self.mebibyte)
            let device = HookedDevice(image)
            fixture.serve(device, isWritable: true)
            var expected = [UInt8](repeating: 0, count: 40 * Self.mebibyte)
            let client = try await fixture.client("disk")
            var cookie: UInt64 = 0
            for (offset, count) in [
                (0, 4096), (8192, 64 << 10), (Self.mebibyte, Self.mebibyte), (3 * Self.mebibyte, 5 << 19),
                (6 * Self.mebibyte, 8 * Self.mebibyte + 4096), (7 * Self.mebibyte, 32 * Self.mebibyte),
            ] {
                cookie += 1
                let data = pattern(count, seed: cookie)
                #expect(try await client.write(cookie, offset: UInt64(offset), data).error == nil)
                expected.replaceSubrange(offset..<offset + count, with: data)
            }
            #expect(try image.readAll() == expected)
            #expect(device.count(.flush) == 0)
            #expect(try await client.call(.flush, 50).error == nil)
            #expect(device.count(.flush) == 1)
            #expect(try await client.write(51, offset: 0, pattern(4096, seed: 9), flags: .fua).error == nil)
            #expect(try await client.call(.writeZeroes, 52, offset: 0, length: 4096, flags: .fua).error == nil)
            #expect(try await client.call(.flush, 53, flags: .fua).error == nil)
            #expect(device.count(.flush) == 4)
            #expect(try await client.call(.trim, 54, offset: 0, length: 4096).error == .invalid)
        }
    }

    @Test func `zeroes may be a hole, unless the client wants none`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 8 * Self.mebibyte, [0: pattern(8 * Self.mebibyte, seed: 1)])
            let device = HookedDevice(image)
            fixture.serve(device, isWritable: true)
            let client = try await fixture.client("disk")
            #expect(try await client.call(.writeZeroes, 1, offset: 0, length: 1 << 20).error == nil)
            #expect(try await client.call(.writeZeroes, 2, offset: 1 << 20, length: 1 << 20).error == nil)
            #expect(device.count(.zero) == 2 && device.count(.write) == 0)
            #expect(
                try await client.call(.writeZeroes, 3, offset: 2 << 20, length: 5 << 19, flags: .noHole).error == nil)
            #expect(device.count(.zero) == 2 && device.count(.write) == 3)
            let contents = try image.readAll()
            #expect(contents[..<(9 << 19)].allSatisfy { $0 == 0 })
            #expect(Array(contents[(9 << 19)...]) == Array(pattern(8 * Self.mebibyte, seed: 1)[(9 << 19)...]))
        }
    }

    @Test func `a piece of a write that fails fails the write, with the reason`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 8 * Self.mebibyte)
            fixture.serve(
                HookedDevice(image) { (call, offset, _) throws(DeviceError) in
                    if call == .write, offset.rawValue == 2 << 20 { throw HookedDevice.failure(.noSpace) }
                    if call == .write, offset.rawValue == 7 << 20 { throw HookedDevice.failure() }
                    if call == .flush { throw HookedDevice.failure() }
                }, isWritable: true)
            let client = try await fixture.client("disk")
            #expect(try await client.write(1, offset: 0, pattern(4 << 20, seed: 1)).error == .noSpace)
            #expect(try await client.write(2, offset: 7 << 20, pattern(4096, seed: 1)).error == .inputOutput)
            #expect(try await client.write(3, offset: 0, pattern(2 << 20, seed: 1)).error == nil)
            #expect(try await client.call(.flush, 4).error == .inputOutput)
            #expect(try await client.write(5, offset: 0, pattern(4096, seed: 1), flags: .fua).error == .inputOutput)
            #expect(
                try await client.call(.writeZeroes, 6, offset: 1 << 20, length: 4 << 20, flags: .noHole).error
                    == .noSpace)
        }
    }

    @Test func `writes of many connections wait for memory, and all arrive`() async throws {
        try await ServerFixture.run(
            settings: ServerFixture.settings { settings in
                settings.totalWindow = .mebibytes(2)
                settings.workers = 2
            }
        ) { fixture in
            let image = try fixture.image(bytes: 32 * Self.mebibyte)
            fixture.serve(image, isWritable: true)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for index in 0..<8 {
                    let client = try await fixture.client("disk")
                    tasks.addTask {
                        let data = pattern(4 << 20, seed: UInt64(index))
                        let answer = try await client.write(1, offset: UInt64(index) << 22, data)
                        #expect(answer.error == nil)
                        let found = try await client.read(UInt64(index) << 22, 4 << 20)
                        #expect(found == data)
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(fixture.workers.freeBytes == 2 << 20)
        }
    }
}
