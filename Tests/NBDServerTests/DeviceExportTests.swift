// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import NIOCore
import StoragePrimitives
import Synchronization
import Testing

struct DeviceExportTests {
    private static let mebibyte = 1 << 20

    @Test(arguments: [true, false])
    func `every byte is read, holes as zeroes, many requests at a time`(isStructured: Bool) async throws {
        try await ServerFixture.run { fixture in
            let data = pattern(3 * Self.mebibyte, seed: 1)
            let last = pattern(4096, seed: 2)
            let image = try fixture.image(bytes: 9 * Self.mebibyte, [Self.mebibyte: data, 8 * Self.mebibyte: last])
            fixture.serve(image)
            let expected = try image.readAll()
            let client = try await fixture.client("disk", isStructured: isStructured)
            #expect(await client.size == UInt64(9 * Self.mebibyte))
            // Long ones, and short ones whose answers come between.
            for cookie in 0..<9 as Range<UInt64> {
                await client.begin(.read, cookie, offset: 0, length: UInt32(9 * Self.mebibyte))
                await client.begin(.read, 100 + cookie, offset: (1 + cookie) << 19, length: 4096)
                await client.begin(.flush, 200 + cookie)
            }
            for cookie in 0..<9 as Range<UInt64> {
                let answer = try await client.answer(cookie)
                #expect(answer.data == expected)
                // What nobody has written, but for what shares a piece with data.
                #expect(answer.holeBytes == (isStructured ? 5 * Self.mebibyte : 0))
                #expect(answer.chunks == (isStructured ? 9 : 1))
                let start = Int(1 + cookie) << 19
                #expect(try await client.answer(100 + cookie).data == Array(expected[start..<start + 4096]))
                #expect(try await client.answer(200 + cookie).error == nil)
            }
        }
    }

    @Test func `an answer that may not be fragmented is one chunk, and has no holes`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 4 * Self.mebibyte, [Self.mebibyte: pattern(4096, seed: 2)])
            fixture.serve(image)
            let client = try await fixture.client("disk")
            #expect(await client.flags.contains(.sendsDF))
            let answer = try await client.call(
                .read, 1, offset: 0, length: UInt32(4 * Self.mebibyte), flags: .dontFragment)
            #expect(answer.chunks == 1)
            #expect(answer.data == (try image.readAll()))
        }
    }

    @Test func `our own client machine reads all of it, and knows where there is data`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 4 * Self.mebibyte, [Self.mebibyte: pattern(Self.mebibyte, seed: 3)])
            fixture.serve(image)
            let client = try await fixture.client()
            var handshake = NBDClientHandshake(exportName: "disk", contexts: ["base:allocation"])
            var bytes = ByteBuffer()
            var export: NBDExport?
            while export == nil {
                switch try handshake.received(&bytes) {
                case .wait:
                    var more = try await client.take(1)
                    bytes.writeBuffer(&more)
                case .send(let answer): await client.send(answer)
                case .finished(let found): export = found
                }
            }
            let found = try #require(export)
            #expect(found.size == UInt64(4 * Self.mebibyte) && found.contexts.count == 1)
            var machine = NBDTransmission(export: found)
            await client.send(machine.read(offset: 0, length: UInt32(4 * Self.mebibyte)).bytes)
            await client.send(machine.status(offset: 0, length: UInt32(4 * Self.mebibyte)).bytes)
            var data = [UInt8](repeating: 0xDB, count: 4 * Self.mebibyte)
            var extents: [NBDExtent] = []
            var finished = 0
            while finished < 2 {
                switch try machine.received(&bytes) {
                case .wait:
                    var more = try await client.take(1)
                    bytes.writeBuffer(&more)
                case .data(_, let offset, let piece):
                    data.replaceSubrange(Int(offset)..<Int(offset) + piece.readableBytes, with: piece.readableBytesView)
                case .zeroes(_, let offset, let count):
                    data.replaceSubrange(
                        Int(offset)..<Int(offset) + Int(count), with: repeatElement(0, count: Int(count)))
                case .status(_, _, let states): extents += states
                case .finished: finished += 1
                case .failed(_, let error): throw error
                }
            }
            #expect(data == (try image.readAll()))
            #expect(
                extents == [
                    NBDExtent(length: 1 << 20, flags: [.isHole, .isZero]), NBDExtent(length: 1 << 20, flags: []),
                    NBDExtent(length: 2 << 20, flags: [.isHole, .isZero]),
                ])
        }
    }

    @Test func `block status of one stretch ends with the request`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 4 * Self.mebibyte, [Self.mebibyte: pattern(Self.mebibyte, seed: 4)])
            fixture.serve(image)
            let contexts = ["base:allocation", "mastertarget:changed:7", "qemu:dirty-bitmap:b"]
            let client = try await fixture.client("disk", contexts: contexts)
            let table: [(offset: Int, length: Int, extent: NBDExtent)] = [
                (0, 4096, NBDExtent(length: 4096, flags: [.isHole, .isZero])),
                (0, 4 << 20, NBDExtent(length: 1 << 20, flags: [.isHole, .isZero])),
                (1 << 20, 4 << 20 - 1 << 20, NBDExtent(length: 1 << 20, flags: [])),
                (2 << 20 - 4096, 4096, NBDExtent(length: 4096, flags: [])),
                (4 << 20 - 4096, 4096, NBDExtent(length: 4096, flags: [.isHole, .isZero])),
            ]
            for (index, row) in table.enumerated() {
                let answer = try await client.call(
                    .blockStatus, UInt64(index), offset: UInt64(row.offset), length: UInt32(row.length),
                    flags: .requestOne)
                // The contexts that it does not have were not granted.
                #expect(answer.extents == [1: [row.extent]])
            }
        }
    }

    @Test func `what changed since another point is looked for once, and told in a context of its own`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 4 * Self.mebibyte)
            let looks = Mutex<[String]>([])
            fixture.directory["disk"] = .export(
                DeviceExport(
                    name: "disk", description: "", device: image, isWritable: false, workers: fixture.workers,
                    hasContext: { $0.hasPrefix("mastertarget:changed:") },
                    comparison: { context in
                        looks.withLock { $0.append(context) }
                        guard context != "mastertarget:changed:9" else { throw HookedDevice.failure() }
                        // Of a disk that is smaller: told, and no trap.
                        var map = ChangedRanges(size: context.hasSuffix("8") ? 1 << 20 : 4 << 20)
                        map.insert(1 << 20..<1 << 20 + 1)
                        return map
                    }))
            let good = "mastertarget:changed:5"
            let client = try await fixture.client("disk", contexts: ["base:allocation", good])
            for cookie in 0..<20 as Range<UInt64> { await client.begin(.blockStatus, cookie, length: 4 << 20) }
            for cookie in 0..<20 as Range<UInt64> {
                let answer = try await client.answer(cookie)
                #expect(answer.extents[1] == [NBDExtent(length: 4 << 20, flags: [.isHole, .isZero])])
                #expect(
                    answer.extents[2] == [
                        NBDExtent(length: 1 << 20, flags: []), NBDExtent(length: 64 << 10, flags: .isDirty),
                        NBDExtent(length: 3 << 20 - 64 << 10, flags: []),
                    ])
            }
            #expect(looks.withLock { $0 } == [good])
            // One that cannot be had is an error for each request, and the connection goes on.
            for bad in ["mastertarget:changed:8", "mastertarget:changed:9"] {
                let other = try await fixture.client("disk", contexts: [bad])
                for cookie in 0..<5 as Range<UInt64> { await other.begin(.blockStatus, cookie, length: 4 << 20) }
                for cookie in 0..<5 as Range<UInt64> { #expect(try await other.answer(cookie).error == .inputOutput) }
                #expect(try await other.read(0, 512) == [UInt8](repeating: 0, count: 512))
            }
            // Each keeps memory: a connection has a few.
            let greedy = try await fixture.client()
            let names = (1...60).map { "mastertarget:changed:\($0)" }
            #expect(try await greedy.go("disk", contexts: names + ["base:allocation"]).count == 5)
        }
    }

    @Test func `a read-only export refuses every change`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: Self.mebibyte, [0: pattern(Self.mebibyte, seed: 5)])
            let before = try image.readAll()
            fixture.serve(image)
            let client = try await fixture.client("disk")
            #expect(await client.flags.contains(.isReadOnly))
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 6)).error == .notPermitted)
            for command in [NBDCommand.trim, .writeZeroes] {
                let answer = try await client.call(command, 2, offset: 0, length: 4096)
                #expect(answer.error == .notPermitted)
                #expect(answer.message.contains("read-only"))
            }
            #expect(try await client.call(.flush, 3).error == nil)
            #expect(try await client.call(.cache, 4, offset: 0, length: 4096).error == nil)
            #expect(try await client.read(0, Self.mebibyte) == before)
        }
    }

    @Test(arguments: [true, false])
    func `a read error is an error and never data, wherever in the read it is`(isStructured: Bool) async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 8 * Self.mebibyte, [0: pattern(8 * Self.mebibyte, seed: 7)])
            let bad = UInt64(5 * Self.mebibyte)
            fixture.serve(
                HookedDevice(image) { (call, offset, count) throws(DeviceError) in
                    if call == .read, offset.rawValue <= bad, offset.rawValue + UInt64(count) > bad {
                        throw HookedDevice.failure()
                    }
                })
            let client = try await fixture.client("disk", isStructured: isStructured)
            for length in [8, 6, 5, 1] {
                let answer = try await client.call(
                    .read, UInt64(length), offset: 0, length: UInt32(length * Self.mebibyte))
                #expect((answer.error == .inputOutput) == (length > 5))
            }
            #expect(try await client.call(.read, 1, offset: bad, length: 4096).error == .inputOutput)
            #expect(try await client.read(0, 4096).count == 4096)
        }
    }

    @Test func `an error where holes are looked for is an error as well`() async throws {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: Self.mebibyte)
            fixture.serve(
                HookedDevice(image) { (call, _, _) throws(DeviceError) in
                    if call == .probe { throw HookedDevice.failure() }
                })
            let client = try await fixture.client("disk", contexts: ["base:allocation"])
            #expect(try await client.call(.read, 1, length: 1 << 20).error == .inputOutput)
            #expect(try await client.call(.blockStatus, 2, length: 1 << 20).error == .inputOutput)
        }
    }

    @Test func `requests past the end, misaligned, of nothing, or too long are refused and harm nothing`() async throws
    {
        try await ServerFixture.run { fixture in
            let image = try fixture.image(bytes: 40 * Self.mebibyte)
            fixture.serve(image, isWritable: true)
            let client = try await fixture.client("disk")
            let end = UInt64(40 * Self.mebibyte)
            let rows: [(NBDCommand, UInt64, UInt32, NBDReplyError)] = [
                (.read, end, 4096, .invalid), (.read, end - 4096, 8192, .invalid), (.read, .max - 4095, 4096, .invalid),
                (.read, 1, 4096, .invalid), (.read, 0, 100, .invalid), (.read, 0, 0, .invalid),
                (.read, 0, 33 << 20, .invalid), (.trim, 0, 4096, .invalid),
                (.writeZeroes, end - 4096, 8192, .noSpace), (.writeZeroes, .max - 4095, 4096, .noSpace),
                (.flush, 0, 4096, .invalid), (.blockStatus, 0, 4096, .invalid), (.resize, 0, 4096, .invalid),
            ]
            for (index, row) in rows.enumerated() {
                let answer = try await client.call(row.0, UInt64(index), offset: row.1, length: row.2)
                #expect(answer.error == row.3, "\(row)")
            }
            #expect(try await client.write(50, offset: end - 4096, pattern(8192, seed: 1)).error == .noSpace)
            #expect(try await client.write(51, offset: 1, pattern(4096, seed: 1)).error == .invalid)
            #expect(
                try await client.write(52, offset: 0, [UInt8](repeating: 1, count: 33 << 20)).error == .invalid)
            #expect(try await client.read(0, 32 << 20).allSatisfy { $0 == 0 })
            #expect(try await client.read(end - 4096, 4096).count == 4096)
        }
    }
}
