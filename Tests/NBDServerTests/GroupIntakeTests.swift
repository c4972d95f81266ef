// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import NBDServer
import RetentionSimulation
import RetentionStore
import StoragePrimitives
import Testing

struct GroupIntakeTests {
    private static let bytes = 256 << 10

    private static var outage: SimulatedPower.Faults {
        var faults = SimulatedPower.Faults()
        faults.cutAfter = 0
        return faults
    }

    /// A group on disks that fail when their power goes.
    private static func simulated(
        seed: UInt64 = 1, disks: Int = 1
    ) throws -> (ingest: IngestFixture, power: SimulatedPower, folder: SimulatedFolder, disks: [SimulatedDisk]) {
        let power = SimulatedPower(seed: seed)
        let folder = SimulatedFolder(power: power)
        let disks = (0..<disks).map { SimulatedDisk(name: "disk\($0)", size: ByteCount(bytes), power: power) }
        return (try IngestFixture(in: folder, targets: disks), power, folder, disks)
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func `after a crash the disks show a prefix of what was written, with everything that was flushed`(
        seed: UInt64
    ) async throws {
        try await ServerFixture.run { fixture in
            let (ingest, power, folder, disks) = try Self.simulated(seed: seed, disks: 2)
            defer { ingest.end() }
            ingest.serve(fixture)
            let clients = [try await fixture.client("disk0"), try await fixture.client("disk1")]
            var generator = SeededGenerator(seed: seed)
            var faults = SimulatedPower.Faults()
            faults.cutAfter = Int.random(in: 20...800, using: &generator)
            power.set(faults)
            var states = [[[UInt8]](repeating: [UInt8](repeating: 0, count: Self.bytes), count: 2)]
            var certain = 0
            var cookie: UInt64 = 0
            // Until the power goes: then answers are errors, or the connection ends.
            while true {
                cookie += 1
                let disk = Int.random(in: 0..<2, using: &generator)
                let kind = Int.random(in: 0..<10, using: &generator)
                let sectors = Int.random(in: 1...64, using: &generator)
                let offset = Int.random(in: 0...(512 - sectors), using: &generator) * 512
                let isForced = kind == 1
                let data = kind < 7 ? pattern(sectors * 512, seed: cookie) : [UInt8](repeating: 0, count: sectors * 512)
                if kind < 9 {
                    // A write may be part of history although nobody was told.
                    var state = states[states.count - 1]
                    state[disk].replaceSubrange(offset..<offset + data.count, with: data)
                    states.append(state)
                }
                let answer: TestClient.Answer?
                do {
                    switch kind {
                    case 0..<7:
                        answer = try await clients[disk].write(
                            cookie, offset: UInt64(offset), data, flags: isForced ? .fua : [])
                    case 7..<9:
                        answer = try await clients[disk].call(
                            kind == 7 ? .trim : .writeZeroes, cookie, offset: UInt64(offset),
                            length: UInt32(data.count))
                    default: answer = try await clients[disk].call(.flush, cookie)
                    }
                } catch {
                    answer = nil
                }
                guard let answer, answer.error == nil else { break }
                if isForced || kind == 9 { certain = states.count - 1 }
            }
            // Some of it was lost in the middle of its way.
            power.set(Self.outage)
            ingest.intake.end("The power is off.")
            ingest.group.close()
            for disk in disks { disk.crash() }
            folder.crash()
            power.restore()
            try ingest.reopen()
            let shown = try ingest.shown()
            let matching = states.indices.filter { states[$0] == shown }
            #expect(matching.contains { $0 >= certain }, "of \(states.count) states \(certain) is certain: \(matching)")
            #expect(try ingest.contents(at: ingest.group.status.durable.rawValue) == shown)
        }
    }

    @Test func `a group that fails answers with an error, then ends its clients`() async throws {
        try await ServerFixture.run { fixture in
            let (ingest, power, _, _) = try Self.simulated()
            defer { ingest.end() }
            ingest.serve(fixture)
            let client = try await fixture.client("disk0")
            let reader = try await fixture.client("disk0")
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 1), flags: .fua).error == nil)
            power.set(Self.outage)
            #expect(
                try await client.write(2, offset: 0, pattern(4096, seed: 2), flags: .fua).error == .inputOutput)
            await client.ended()
            await reader.ended()
            #expect(ingest.intake.connectionCount == 0)
            // Who comes later is not served with anything that was not kept.
            let late = try await fixture.client("disk0")
            await #expect(throws: TestClient.Ended.self) {
                #expect(try await late.call(.read, 1, offset: 0, length: 4096).error == .inputOutput)
                _ = try await late.take(1)
            }
        }
    }

    @Test func `a target that cannot be read is an error to the reader`() async throws {
        try await ServerFixture.run { fixture in
            let (ingest, power, _, _) = try Self.simulated()
            defer { ingest.end() }
            ingest.serve(fixture)
            let client = try await fixture.client("disk0")
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 1), flags: .fua).error == nil)
            #expect(try await client.read(0, 4096) == pattern(4096, seed: 1))
            var faults = SimulatedPower.Faults()
            faults.readFailureOneIn = 1
            power.set(faults)
            #expect(try await client.call(.read, 2, offset: 0, length: 4096).error == .inputOutput)
            power.restore()
            #expect(try await client.read(0, 4096) == pattern(4096, seed: 1))
        }
    }

    @Test func `when an intake has ended nothing of its clients reaches the group`() async throws {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(fixture)
            defer { ingest.end() }
            ingest.serve(fixture)
            let clients = [try await fixture.client("disk0"), try await fixture.client("disk0")]
            #expect(ingest.intake.connectionCount == 2)
            // Durable: what was only accepted is dropped when the group is closed, and opened again below.
            #expect(try await clients[0].write(1, offset: 0, pattern(4096, seed: 1), flags: .fua).error == nil)
            ingest.intake.end("The group takes no data now.")
            let accepted = ingest.group.ingestPosition.accepted
            #expect(ingest.intake.connectionCount == 0)
            for client in clients {
                client.push(TestClient.write(2, offset: 0, pattern(4096, seed: 2)))
                await client.ended()
            }
            #expect(ingest.group.ingestPosition.accepted == accepted)
            // The next intake goes on where this one ended.
            try ingest.reopen()
            ingest.serve(fixture)
            let next = try await fixture.client("disk0")
            #expect(try await next.read(0, 4096) == pattern(4096, seed: 1))
            #expect(try await next.write(1, offset: 0, pattern(4096, seed: 3), flags: .fua).error == nil)
            #expect(ingest.group.ingestPosition.durable == accepted + 1)
        }
    }

    @Test func `a read waits for writes that an earlier intake left to be applied`() async throws {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(fixture, isStarted: false)
            defer { ingest.end() }
            ingest.serve(fixture)
            let first = try await fixture.client("disk0")
            #expect(try await first.write(1, offset: 0, pattern(4096, seed: 1)).error == nil)
            ingest.intake.end("The test makes another.")
            ingest.renewIntake()
            ingest.serve(fixture)
            let second = try await fixture.client("disk0")
            await second.begin(.read, 1, offset: 0, length: 4096)
            await second.begin(.flush, 2)
            await second.begin(.cache, 3, offset: 0, length: 4096)
            // By then both wait.
            #expect(try await second.answer(3).error == nil)
            try ingest.settle()
            #expect(try await second.answer(1).data == pattern(4096, seed: 1))
            #expect(try await second.answer(2).error == nil)
        }
    }

    @Test func `points are exact from when the disks are declared in step until a client goes or another writes`()
        async throws
    {
        try await ServerFixture.run { fixture in
            let ingest = try IngestFixture.real(fixture)
            defer { ingest.end() }
            ingest.serve(fixture)
            let intake = ingest.intake
            func accuracy() throws -> Accuracy {
                try ingest.group.drain()
                return try ingest.group.resolve(.latest).accuracy
            }
            let client = try await fixture.client("disk0")
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 1), flags: .fua).error == nil)
            #expect(try intake.accuracy == .notGuaranteed && accuracy() == .notGuaranteed)
            try intake.declareInStep()
            #expect(try intake.accuracy == .exact && accuracy() == .exact)
            #expect(try await client.write(2, offset: 0, pattern(4096, seed: 2), flags: .fua).error == nil)
            #expect(try accuracy() == .exact)
            // Who only looks changes nothing.
            let other = try await fixture.client("disk0")
            await other.close()
            #expect(await eventually { intake.connectionCount == 1 })
            #expect(intake.accuracy == .exact)
            let third = try await fixture.client("disk0")
            #expect(try await third.write(1, offset: 8192, pattern(4096, seed: 4), flags: .fua).error == nil)
            #expect(try intake.accuracy == .notGuaranteed && accuracy() == .notGuaranteed)
            try intake.declareInStep()
            await third.close()
            #expect(await eventually { intake.accuracy == .notGuaranteed })
            #expect(try await client.write(3, offset: 0, pattern(4096, seed: 3), flags: .fua).error == nil)
            #expect(try accuracy() == .notGuaranteed)
        }
    }

    @Test func `time passes for a group whose clients have nothing to write, and only then`() async throws {
        try await ServerFixture.run { fixture in
            let clock = TestClock()
            let ingest = try IngestFixture.real(fixture, clock: clock)
            defer { ingest.end() }
            ingest.serve(fixture)
            let intake = ingest.intake
            let start = ingest.group.ingestPosition.accepted
            clock.advance(seconds: 60)
            // Nobody is there who could have written.
            intake.keepUp()
            #expect(ingest.group.ingestPosition.accepted == start)
            let client = try await fixture.client("disk0")
            // One that only looks says nothing of the source.
            intake.keepUp()
            #expect(ingest.group.ingestPosition.accepted == start)
            #expect(try await client.write(1, offset: 0, pattern(4096, seed: 1), flags: .fua).error == nil)
            intake.keepUp()
            #expect(ingest.group.ingestPosition.accepted == start + 1)
            clock.advance(seconds: 60)
            intake.keepUp()
            intake.keepUp()
            #expect(ingest.group.ingestPosition.accepted == start + 2)
            try ingest.group.drain()
            #expect(ingest.group.status.durableTime == clock.now())
            await client.close()
            #expect(await eventually { intake.connectionCount == 0 })
            clock.advance(seconds: 60)
            intake.keepUp()
            #expect(ingest.group.ingestPosition.accepted == start + 2)
        }
    }
}
