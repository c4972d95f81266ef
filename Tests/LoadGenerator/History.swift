// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import LinuxSystem
import RetentionStore
import StoragePrimitives

/// A day's history: made, opened, read.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [Fill.self, Point.self, Tail.self, Open.self])

    static let writeBytes = 4096

    static func load(_ folder: String) throws -> LoadedGroup {
        var settings = RetentionSettings()
        settings.epochRows = 1 << 20
        return try LoadedGroup(
            folder: "\(folder)/retention", target: "\(folder)/target", settings: settings, window: 64 << 20,
            pool: BufferPool(retaining: .mebibytes(64)))
    }

    struct Fill: ParsableCommand {
        @Option var folder: String
        @Option var epochs: Int
        @Option var extents: Int

        func run() throws {
            let load = try History.load(folder)
            let template = AlignedBuffer.Template(count: History.writeBytes, seed: 1)
            var random = Xorshift(seed: 11)
            var source: UInt64 = load.group.ingestPosition.durable
            for _ in 0..<epochs {
                var left = extents / epochs
                while left > 0 {
                    source += 1
                    let count = min(left, 128)
                    let writes = (0..<count).map { _ in
                        (UInt64.random(in: 0..<load.sectors / 8, using: &random) * 8, template)
                    }
                    try load.append(writes, source: source)
                    left -= count
                }
                source += 1
                try load.group.append(
                    Bookmark(kind: .crashConsistent, label: "five minutes", time: SystemClock().now()),
                    sourceSequence: source)
            }
            try load.group.drain()
            load.group.close()
        }
    }

    struct Point: ParsableCommand {
        @Option var folder: String

        func run() throws {
            let load = try History.load(folder)
            let clock = ContinuousClock()
            guard let oldest = load.group.status.oldestPoint else { throw ValidationError("there is no point") }
            var buffer = AlignedBuffer(count: History.writeBytes)
            var span = buffer.mutableBytes
            let begin = clock.now
            guard let disk = try load.group.view(at: oldest).disk(DiskNumber(0)) else { return }
            try disk.read(into: &span, at: .zero)
            let opened = clock.now
            var random = Xorshift(seed: 13)
            for _ in 0..<100 {
                let block = UInt64.random(in: 0..<load.sectors / 8, using: &random)
                try disk.read(into: &span, at: ByteOffset(block * UInt64(History.writeBytes)))
            }
            let read = opened.nanoseconds(to: clock.now)
            print(
                """
                {"openSeconds": \(Double(begin.nanoseconds(to: opened)) / 1e9), \
                "readSeconds": \(Double(read) / 1e11)}
                """)
            load.group.close()
        }
    }

    struct Tail: ParsableCommand {
        @Option var folder: String

        func run() throws {
            let load = try History.load(folder)
            let template = AlignedBuffer.Template(count: 64 << 10, seed: 17)
            var random = Xorshift(seed: 19)
            var source = load.group.ingestPosition.durable
            let goal = source + 1024
            while true {
                source += 1
                let sector = UInt64.random(in: 0..<load.sectors / 128, using: &random) * 128
                try load.append([(sector, template)], source: source)
                if load.durable >= goal, source < goal + 100_000 {
                    try DirectoryFolder(path: folder).replace("ready", with: [])
                    source = max(source, goal)
                    break
                }
            }
            while true {
                source += 1
                try load.append([(0, template)], source: source)
            }
        }
    }

    struct Open: ParsableCommand {
        @Option var folder: String

        func run() throws {
            let clock = ContinuousClock()
            let begin = clock.now
            let load = try History.load(folder)
            let opened = clock.now
            let source = load.group.ingestPosition.durable + 1
            try load.append([(0, AlignedBuffer.Template(count: History.writeBytes, seed: 1))], source: source)
            try load.waitUntilDurable(source)
            print(
                """
                {"openSeconds": \(Double(begin.nanoseconds(to: opened)) / 1e9), \
                "appendSeconds": \(Double(opened.nanoseconds(to: clock.now)) / 1e9)}
                """)
            load.group.close()
        }
    }
}
