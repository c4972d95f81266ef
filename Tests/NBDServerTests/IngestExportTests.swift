// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import RetentionStore
import StoragePrimitives
import Testing

struct IngestExportTests {
    private static let mebibyte = 1 << 20

    /// A server with a group's disks as exports.
    private static func run(
        disks: Int = 1, bytes: Int = 8 << 20, window: ByteCount = .mebibytes(8), isStarted: Bool = true,
        _ body: (ServerFixture, IngestFixture) async throws -> Void
    ) async throws {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(
                fixture, disks: disks, bytes: bytes, window: window, isStarted: isStarted)
            defer { ingest.end() }
            ingest.serve(fixture)
            try await body(fixture, ingest)
        }
    }

    @Test(arguments: [true, false])
    func `what was written is read at once, and is on the target later`(isStructured: Bool) async throws {
        try await Self.run(bytes: 16 << 20) { fixture, ingest in
            let client = try await fixture.client("disk0", isStructured: isStructured)
            var expected = [UInt8](repeating: 0, count: 16 << 20)
            var cookie: UInt64 = 0
            let writes: [(Int, Int)] = [
                (0, 512), (512, 4096), (64 << 10, 64 << 10), (Self.mebibyte, 5 << 19), (2 * Self.mebibyte, 512),
                (5 << 20, 11 << 20), (6 << 20, 9 << 20), (0, 16 << 20), (4096, 8192),
            ]
            for (offset, count) in writes {
                cookie += 1
                let data = pattern(count, seed: cookie)
                #expect(try await client.write(cookie, offset: UInt64(offset), data).error == nil)
                expected.replaceSubrange(offset..<offset + count, with: data)
                #expect(try await client.read(UInt64(offset), count) == data)
                let start = max(0, offset - 512)
                #expect(try await client.read(UInt64(start), 1024) == Array(expected[start..<start + 1024]))
            }
            #expect(try ingest.shown() == [expected])
            #expect(try ingest.contents(at: ingest.group.status.durable.rawValue) == [expected])
        }
    }

    @Test func `writes of two exports have one order, and every point shows a prefix of it`() async throws {
        try await Self.run(disks: 2, bytes: 1 << 20) { fixture, ingest in
            let clients = [try await fixture.client("disk0"), try await fixture.client("disk1")]
            let start = ingest.group.status.durable.rawValue
            var states = [[[UInt8]](repeating: [UInt8](repeating: 0, count: 1 << 20), count: 2)]
            for index in 0..<60 {
                let (disk, offset) = (index * 7 % 5 % 2, index * 37 % 200 * 4096)
                let data = pattern(4096 * (1 + index % 5), seed: UInt64(index))
                #expect(try await clients[disk].write(UInt64(index), offset: UInt64(offset), data).error == nil)
                var state = states[states.count - 1]
                state[disk].replaceSubrange(offset..<offset + data.count, with: data)
                states.append(state)
            }
            #expect(try await clients[0].call(.flush, 100).error == nil)
            #expect(try ingest.shown() == states[60])
            let last = ingest.group.status.durable.rawValue
            var found = 0
            for point in start..<(last + 1) as Range<UInt64> {
                // Each was answered before the next was sent: they are points of their own, in this order.
                let contents = try ingest.contents(at: point)
                while found < states.count, states[found] != contents { found += 1 }
            }
            #expect(found == 60)
        }
    }

    @Test func `flush and FUA answer when what came before is in the journal, whichever export it came by`()
        async throws
    {
        try await Self.run(disks: 2, isStarted: false) { fixture, ingest in
            let first = try await fixture.client("disk0")
            let second = try await fixture.client("disk1")
            // Nothing is journaled yet, and writes are answered all the same: into the volatile window.
            #expect(try await first.write(1, offset: 0, pattern(4096, seed: 1)).error == nil)
            #expect(ingest.group.ingestPosition.durable == 0)
            await second.begin(.flush, 2)
            await second.send(TestClient.write(3, offset: 0, pattern(4096, seed: 2), flags: .fua))
            await first.begin(.trim, 4, offset: 4096, length: 4096, flags: .fua)
            await first.begin(.writeZeroes, 5, offset: 8192, length: 4096, flags: [.fua, .noHole])
            #expect(try await first.write(6, offset: 65536, pattern(512, seed: 3)).error == nil)
            #expect(try await second.write(7, offset: 65536, pattern(512, seed: 4)).error == nil)
            try ingest.settle()
            #expect(try await second.answer(2).error == nil)
            #expect(ingest.group.ingestPosition.durable >= 1)
            #expect(try await second.answer(3).error == nil)
            #expect(try await first.answer(4).error == nil)
            #expect(try await first.answer(5).error == nil)
            try ingest.reopen()
            #expect(ingest.group.ingestPosition.durable >= 4)
            let shown = try ingest.shown()
            #expect(Array(shown[0][..<4096]) == pattern(4096, seed: 1))
            #expect(Array(shown[1][..<4096]) == pattern(4096, seed: 2))
        }
    }

    @Test func `writes are durable within a second although nobody flushes`() async throws {
        try await Self.run { fixture, ingest in
            let client = try await fixture.client("disk0")
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 1)).error == nil)
            let clock = ContinuousClock()
            let start = clock.now
            #expect(await eventually { ingest.group.ingestPosition.durable >= 1 })
            // Ten times as long: many tests run at once.
            #expect(clock.now - start < .seconds(10))
        }
    }

    @Test func `trimmed and zeroed ranges read as zeroes, with and without room for them`() async throws {
        try await Self.run { fixture, ingest in
            let client = try await fixture.client("disk0")
            var expected = pattern(8 << 20, seed: 1)
            #expect(try await client.write(1, offset: 0, expected).error == nil)
            let rows: [(NBDCommand, Int, Int, NBDCommandFlags)] = [
                (.trim, 512, 512, []), (.trim, 1 << 20, 1 << 20, .fua), (.writeZeroes, 3 << 20, 4096, []),
                (.writeZeroes, 4 << 20, 5 << 19, .noHole), (.writeZeroes, 7 << 20, 512, [.fua, .fastZero]),
            ]
            for (index, row) in rows.enumerated() {
                let answer = try await client.call(
                    row.0, UInt64(10 + index), offset: UInt64(row.1), length: UInt32(row.2), flags: row.3)
                #expect(answer.error == nil)
                expected.replaceSubrange(row.1..<row.1 + row.2, with: repeatElement(0, count: row.2))
                #expect(try await client.read(UInt64(row.1), row.2).allSatisfy { $0 == 0 })
            }
            #expect(try await client.read(0, 8 << 20) == expected)
            let refused = try await client.call(
                .writeZeroes, 30, offset: 0, length: 4096, flags: [.noHole, .fastZero])
            #expect(refused.error == .notSupported)
            #expect(try ingest.shown() == [expected])
        }
    }

    @Test func `zeroes with room for them come after the writes before them, and are all there when answered`()
        async throws
    {
        try await Self.run(bytes: 32 << 20, window: .mebibytes(2)) { fixture, ingest in
            let client = try await fixture.client("disk0")
            let data = pattern(4096, seed: 1)
            for cookie in 0..<32 as Range<UInt64> {
                await client.send(TestClient.write(cookie, offset: cookie << 20, data))
            }
            await client.begin(.writeZeroes, 100, offset: 0, length: 32 << 20, flags: [.noHole, .fua])
            for cookie in 0..<32 as Range<UInt64> { #expect(try await client.answer(cookie).error == nil) }
            #expect(try await client.answer(100).error == nil)
            #expect(try ingest.shown()[0].allSatisfy { $0 == 0 })
            // As many bytes as any others: more than a range of zeroes takes.
            #expect(ingest.group.status.counters.writtenBytes >= 32 << 20)
        }
    }

    @Test func `all of a disk that is written to counts as data`() async throws {
        try await Self.run { fixture, _ in
            let client = try await fixture.client("disk0", contexts: ["base:allocation", "qemu:dirty-bitmap:x"])
            let answer = try await client.call(.blockStatus, 1, offset: 0, length: 8 << 20)
            #expect(answer.extents == [1: [NBDExtent(length: 8 << 20, flags: [])]])
        }
    }

    @Test func `a client that vanishes in a write loses that write and no other`() async throws {
        try await Self.run { fixture, ingest in
            let client = try await fixture.client("disk0")
            let whole = pattern(64 << 10, seed: 1)
            var bytes = TestClient.write(1, offset: 0, whole)
            var torn = TestClient.write(2, offset: 1 << 20, pattern(256 << 10, seed: 2))
            bytes.writeImmutableBuffer(try need(torn.readSlice(length: 100_000)))
            await client.send(bytes)
            #expect(try await client.answer(1).error == nil)
            await client.close()
            #expect(await eventually { ingest.intake.connectionCount == 0 })
            let next = try await fixture.client("disk0")
            #expect(try await next.read(0, 64 << 10) == whole)
            #expect(try await next.read(1 << 20, 256 << 10).allSatisfy { $0 == 0 })
            #expect(try await next.write(1, offset: 2 << 20, whole).error == nil)
            #expect(try await next.read(2 << 20, 64 << 10) == whole)
            #expect(Array(try ingest.shown()[0][..<(64 << 10)]) == whole)
        }
    }

    @Test func `a small window holds writers back and loses nothing, and memory stays near it`() async throws {
        try await Self.run(disks: 2, bytes: 32 << 20, window: .kibibytes(512)) { fixture, ingest in
            let data = (0..<2).map { pattern(32 << 20, seed: UInt64($0)) }
            let clients = [try await fixture.client("disk0"), try await fixture.client("disk1")]
            let most = try await withThrowingTaskGroup(of: Void.self) { tasks in
                for index in 0..<2 {
                    let (client, data) = (clients[index], data[index])
                    tasks.addTask {
                        for cookie in 0..<64 as Range<UInt64> {
                            let offset = Int(cookie) << 19
                            await client.send(
                                TestClient.write(cookie, offset: UInt64(offset), Array(data[offset..<offset + 1 << 19]))
                            )
                        }
                        for cookie in 0..<64 as Range<UInt64> {
                            let answer = try await client.answer(cookie)
                            #expect(answer.error == nil)
                        }
                    }
                }
                let watch = Task {
                    var most = 0
                    while !Task.isCancelled {
                        most = max(most, ingest.pool.bytesInUse)
                        try? await Task.sleep(for: .milliseconds(1))
                    }
                    return most
                }
                try await tasks.waitForAll()
                watch.cancel()
                return await watch.value
            }
            // The window, and what each of two connections has begun.
            #expect(most <= 8 << 20, "\(most)")
            #expect(try ingest.shown() == data)
            #expect(await eventually { ingest.pool.bytesInUse <= 2 * BufferPool.bufferBytes })
        }
    }
}
