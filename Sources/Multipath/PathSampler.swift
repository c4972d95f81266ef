// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Reads the same places by every path of a map and compares what comes.
///
/// Direct reads, made on a disk thread. Nothing is written: what cannot be told apart by reading is said to be blank.
public enum PathSampler {
    /// Bytes read at each place.
    public static let sampleBytes = 4096
    /// Places spread over the disk, beside those near its ends.
    static let spread = 96
    /// How often a place that differs is read again: somebody may be writing to it by another path.
    static let attempts = 4

    /// What a comparison brought.
    public enum Outcome: Hashable, Sendable {
        /// All paths read the same at so many places; whether all of it were zeroes.
        case same(samples: Int, isBlank: Bool)
        /// Where they differ, and which paths read alike.
        case different(ByteOffset, [[String]])
        /// A path could not be read: a sentence.
        case unreadable(String)
    }

    /// A path that is open for direct reads.
    public struct Path: Sendable {
        /// The device, as in `/sys/block`: `sdb`.
        public let devnode: String
        /// To read it.
        public let device: any BlockDevice

        /// A path.
        public init(devnode: String, device: any BlockDevice) {
            self.devnode = devnode
            self.device = device
        }
    }

    /// The places, sorted: where clones that went apart differ first (partition tables and superblocks near the start
    /// and the first partition, backups near the end), and others spread over all of it.
    ///
    /// - Parameter seed: Moves the spread ones, so that each comparison looks at other places.
    public static func offsets(size: ByteCount, seed: UInt64) -> [ByteOffset] {
        let length = UInt64(sampleBytes)
        guard size.rawValue >= length else { return [] }
        let blocks = size.rawValue / length
        var chosen = Set<UInt64>()
        for index in 0..<min(16, blocks) {
            chosen.insert(index)
            chosen.insert(blocks - 1 - index)
        }
        // Where partitioning programs put the first partition: 1 MiB; and superblocks within it.
        for kibibytes: UInt64 in [1024, 1028, 1088, 2048] where kibibytes / 4 < blocks { chosen.insert(kibibytes / 4) }
        let stride = max(1, blocks / UInt64(spread))
        let phase = seed % stride
        for index in 0..<UInt64(spread) where index * stride + phase < blocks { chosen.insert(index * stride + phase) }
        return chosen.sorted().map { ByteOffset($0 * length) }
    }

    /// Compares the paths, as far as the smallest reaches.
    public static func compare(_ paths: [Path], seed: UInt64) -> Outcome {
        guard let size = paths.map(\.device.size).min() else { return .unreadable("there is no path") }
        let places = offsets(size: size, seed: seed)
        guard !places.isEmpty else { return .unreadable("the disk has fewer than \(sampleBytes) bytes") }
        var buffer = AlignedBuffer(count: sampleBytes)
        var isBlank = true
        for place in places {
            var groups: [RangeDigest: [String]] = [:]
            for _ in 0..<attempts {
                groups = [:]
                for path in paths {
                    do {
                        var span = buffer.mutableBytes
                        try path.device.read(into: &span, at: place)
                    } catch {
                        return .unreadable("\(error)")
                    }
                    if isBlank, !buffer.bytes.isAllZeroes { isBlank = false }
                    groups[RangeDigest(of: buffer.bytes, seed: seed), default: []].append(path.devnode)
                }
                if groups.count == 1 { break }
            }
            guard groups.count == 1 else {
                return .different(place, groups.values.sorted { ($0.first ?? "") < ($1.first ?? "") })
            }
        }
        return .same(samples: places.count, isBlank: isBlank)
    }
}
