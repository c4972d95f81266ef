// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import FuzzTargets
import Testing

/// What fuzzing found, and well-formed inputs, through the same entries as `scripts/fuzz`, without libFuzzer.
struct FuzzCorpusTests {
    /// Beside this test in the sources.
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzzing/Corpus")

    private func files(_ family: FuzzFamily) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: Self.corpus.appending(path: family.rawValue), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    @Test(arguments: FuzzFamily.allCases)
    func `the corpus is replayed`(family: FuzzFamily) throws {
        let files = try files(family)
        #expect(!files.isEmpty)
        for file in files { family.run(Array(try Data(contentsOf: file))) }
    }

    @Test(arguments: FuzzFamily.allCases)
    func `the corpus holds the well-formed samples`(family: FuzzFamily) throws {
        let held = Set(try files(family).map { Array(try Data(contentsOf: $0)) })
        for (index, sample) in family.samples.enumerated() {
            #expect(held.contains(sample), "sample \(index): scripts/fuzz --samples writes it")
        }
    }

    @Test(arguments: FuzzFamily.allCases)
    func `mutations of each sample do not trap`(family: FuzzFamily) {
        for sample in family.samples { for seed in 0..<150 as Range<UInt64> { family.run(mutated(sample, seed)) } }
    }

    /// The same mutation for the same seed: bits, extreme numbers, cuts and repeats.
    private func mutated(_ sample: [UInt8], _ seed: UInt64) -> [UInt8] {
        var bytes = sample
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
        for _ in 0...random(4) where !bytes.isEmpty {
            let at = random(bytes.count)
            switch random(5) {
            case 0: bytes[at] ^= 1 << UInt8(random(8))
            case 1: for index in at..<min(bytes.count, at + [1, 2, 4, 8][random(4)]) { bytes[index] = 0xff }
            case 2: for index in at..<min(bytes.count, at + [1, 2, 4, 8][random(4)]) { bytes[index] = 0 }
            case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random(16)))
            default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + random(64))], at: at)
            }
        }
        return bytes
    }
}
