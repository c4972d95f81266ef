// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import RetentionStore
import StoragePrimitives

/// Many groups in one process under load, for the size that it takes.
struct Memory: ParsableCommand {
    @Option var folder: String
    @Option var groups: Int
    @Option var seconds: Int

    func run() throws {
        MemoryPolicy.keepSmallBuffers()
        // As the daemon shares its ceiling: half of it for payload on its way, a quarter for indexes.
        let window = max(1 << 20, (128 << 20) / groups)
        var settings = RetentionSettings()
        settings.epochRows = max(8192, (1 << 20) / groups)
        settings.openBatchBytes = ByteCount(window / 4)
        settings.chunkBytes = ByteCount(min(32 << 20, window))
        let pool = BufferPool(retaining: .mebibytes(16))
        let loads = try (0..<groups).map { index in
            try LoadedGroup(
                folder: "\(folder)/retention-\(index)", target: "\(folder)/target-\(index)", settings: settings,
                window: window, pool: pool)
        }
        let template = AlignedBuffer.Template(count: 64 << 10, seed: 3)
        var random = Xorshift(seed: 5)
        let clock = ContinuousClock()
        let begin = clock.now
        var source: UInt64 = 0
        var bytes = 0
        while begin.nanoseconds(to: clock.now) < Int64(seconds) * 1_000_000_000 {
            source += 1
            for load in loads {
                let sector = UInt64.random(in: 0..<load.sectors / 128, using: &random) * 128
                try load.append([(sector, template)], source: source)
                bytes += template.count
            }
        }
        let took = Double(begin.nanoseconds(to: clock.now)) / 1e9
        for load in loads { load.group.close() }
        print("{\"sourceBytes\": \(bytes), \"seconds\": \(took)}")
    }
}
