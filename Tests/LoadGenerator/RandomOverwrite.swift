// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ArgumentParser
import RetentionStore
import StoragePrimitives

/// Writes at places of a Zipf distribution, for the ratio of the volumes' bytes to the source's.
struct RandomOverwrite: ParsableCommand {
    @Option var folder: String
    @Option var writeSize: Int
    @Option var epochs: Int
    @Option var bytesAnEpoch: Int
    @Option var seed: UInt64

    func run() throws {
        var settings = RetentionSettings()
        settings.epochBytes = ByteCount(bytesAnEpoch)
        settings.epochRows = 1 << 20
        let load = try LoadedGroup(
            folder: "\(folder)/retention", target: "\(folder)/target", settings: settings, window: 64 << 20,
            pool: BufferPool(retaining: .mebibytes(64)))
        let templates = (0..<16).map { AlignedBuffer.Template(count: writeSize, seed: seed &+ UInt64($0)) }
        let sectorsAWrite = UInt64(writeSize / 512)
        let zipf = ZipfPlaces(count: load.sectors / sectorsAWrite)
        var random = Xorshift(seed: seed)
        let clock = ContinuousClock()
        let begin = clock.now
        var source: UInt64 = 0
        for _ in 0..<epochs {
            var written = 0
            while written < bytesAnEpoch {
                source += 1
                let place = zipf.next(&random)
                try load.append([(place * sectorsAWrite, templates[Int(source % 16)])], source: source)
                written += writeSize
            }
            source += 1
            try load.waitUntilDurable(source - 1)
            try load.group.append(
                Bookmark(kind: .crashConsistent, label: "epoch", time: Timestamp(rawValue: 0)), sourceSequence: source)
        }
        try load.group.drain()
        let took = Double(begin.nanoseconds(to: clock.now)) / 1e9
        print("{\"sourceBytes\": \(epochs * bytesAnEpoch), \"seconds\": \(took)}")
        load.group.close()
    }
}

/// Places drawn by Zipf's law with exponent near 1, the popular ones scattered over the disk.
///
/// Source: W. Hörmann and G. Derflinger's rejection-inversion, in the closed form for exponent 1: rank = e^(u · ln n).
struct ZipfPlaces {
    let count: UInt64

    func next(_ random: inout Xorshift) -> UInt64 {
        let uniform = Double(random.next() >> 11) / Double(1 << 53)
        let rank = UInt64(Double.pow(Double(count), uniform)) - 1
        // Scattered by a multiplication that is odd, so that neighbours in rank are not neighbours on the disk.
        return (min(rank, count - 1) &* 0x9E37_79B9_7F4A_7C15) % count
    }
}

extension Double {
    /// `base` to the power of `exponent`, by squaring fractions: enough for drawing places.
    static func pow(_ base: Double, _ exponent: Double) -> Double {
        var result = 1.0
        var root = base
        var rest = exponent
        for _ in 0..<40 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result *= root
                rest -= 1
            }
        }
        return result
    }
}
