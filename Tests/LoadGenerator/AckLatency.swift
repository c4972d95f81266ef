// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import RetentionStore
import StoragePrimitives

/// From handing over a batch of one write to its durable acknowledgement.
struct AckLatency: ParsableCommand {
    @Option var folder: String
    @Option var size: Int
    @Option var writers: Int
    @Option var seconds: Int

    func run() throws {
        let load = try LoadedGroup(
            folder: "\(folder)/retention", target: "\(folder)/target", settings: RetentionSettings(),
            window: 64 << 20, pool: BufferPool(retaining: .mebibytes(64)))
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        let template = AlignedBuffer.Template(count: size, seed: 1)
        var random = Xorshift(seed: 7)
        var started: [ContinuousClock.Instant] = []
        var latencies: [Int64] = []
        let begin = clock.now
        var acknowledged = 0
        while clock.now < end || acknowledged < started.count {
            while started.count - acknowledged < writers, clock.now < end {
                let places = load.sectors / UInt64(size / 512)
                let sector = UInt64.random(in: 0..<places, using: &random) * UInt64(size / 512)
                started.append(clock.now)
                try load.append([(sector, template)], source: UInt64(started.count))
            }
            while load.durable <= UInt64(acknowledged) { try load.check() }
            let now = clock.now
            let durable = Int(load.durable)
            while acknowledged < durable {
                latencies.append(started[acknowledged].nanoseconds(to: now))
                acknowledged += 1
            }
        }
        let took = Double(begin.nanoseconds(to: clock.now)) / 1e9
        latencies.sort()
        print(
            """
            {"acknowledged": \(acknowledged), "seconds": \(took), "p50Nanoseconds": \(latencies[latencies.count / 2]), \
            "p99Nanoseconds": \(latencies[latencies.count * 99 / 100])}
            """)
        load.group.close()
    }
}

extension ContinuousClock.Instant {
    func nanoseconds(to later: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (later - self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
