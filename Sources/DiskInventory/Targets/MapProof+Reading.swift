// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension MapProof {
    /// Bytes read at one place; every logical block size in use divides it.
    public static let sampleSize = 4096
    /// Places that are read one after the other at the start, at the first partition and at the end.
    private static let consecutive: UInt64 = 16
    private static let scattered = 64
    /// How often a place that differs is looked at again: somebody may be writing to it.
    private static let attempts = 5
    /// How many of these have to show the difference while the first path's bytes stand still.
    private static let confirmations = 2

    /// The places to read: the start, where partitions begin, the end, and many in between.
    ///
    /// - Parameters:
    ///   - size: Bytes of the disk.
    ///   - seed: Draws the places in between; another one each time, so that no copy is prepared for them.
    ///   - written: Places that were written to since the paths were joined: the strongest evidence there is.
    public static func sampleOffsets(size: ByteCount, seed: UInt64, written: [ByteOffset] = []) -> [ByteOffset] {
        let blocks = size.rawValue / UInt64(sampleSize)
        guard blocks > 0 else { return [] }
        var places: Set<UInt64> = []
        // Partitions begin at 1 MiB, or at sector 63 on old disks, which lies within the first run.
        for start in [0, (1 << 20) / UInt64(sampleSize), blocks - min(blocks, consecutive)] {
            for index in start..<(start + consecutive) where index < blocks { places.insert(index) }
        }
        var state = seed
        for _ in 0..<scattered {
            // SplitMix64, whose arithmetic wraps by design.
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            places.insert((value ^ (value >> 31)) % blocks)
        }
        for offset in written where offset.rawValue / UInt64(sampleSize) < blocks {
            places.insert(offset.rawValue / UInt64(sampleSize))
        }
        return places.sorted().map { ByteOffset($0 * UInt64(sampleSize)) }
    }

    /// Reads the same places through every path and compares them. Blocks; the devices must bypass the page cache,
    /// which is each path's own. A path that cannot be read is left out from there on.
    ///
    /// The disk may be written to meanwhile: a difference counts only when it shows twice while what the first path
    /// reads stands still, and a place that never stands still tells nothing.
    ///
    /// - Parameters:
    ///   - paths: Each path's name and the device to read it by.
    ///   - offsets: As ``sampleOffsets(size:seed:written:)`` has them.
    public static func compare(
        _ paths: [(name: String, device: any BlockDevice)], at offsets: [ByteOffset]
    ) -> MapProof {
        var readable = paths
        var unread: [Unread] = []
        var (sampled, informative) = (0, 0)
        var difference: String?
        var reader = SampleReader()
        for offset in offsets {
            guard difference == nil, !readable.isEmpty else { break }
            let outcome = reader.look(at: offset, through: &readable, losing: &unread)
            switch outcome {
            case .same(let isZero):
                sampled += 1
                informative += isZero ? 0 : 1
            case .different(let first, let second):
                sampled += 1
                difference =
                    "\(first) and \(second) read different bytes at \(offset), so they are two disks with one identity."
            case .unsettled: break
            }
        }
        return MapProof(
            paths: readable.map(\.name), unread: unread, sampled: sampled, informative: informative,
            difference: difference)
    }

    /// Reads one place through all paths.
    private struct SampleReader: ~Copyable {
        enum Outcome {
            case same(isZero: Bool)
            case different(String, String)
            case unsettled
        }

        private var reference = AlignedBuffer(count: sampleSize)
        private var other = AlignedBuffer(count: sampleSize)
        private var again = AlignedBuffer(count: sampleSize)

        mutating func look(
            at offset: ByteOffset, through paths: inout [(name: String, device: any BlockDevice)],
            losing unread: inout [Unread]
        ) -> Outcome {
            func lose(_ index: Int, _ error: DeviceError) {
                unread.append(Unread(path: paths[index].name, reason: "\(error)"))
                paths.remove(at: index)
            }
            while let first = paths.first {
                do throws(DeviceError) {
                    try Self.read(first.device, into: &reference, at: offset)
                } catch {
                    lose(0, error)
                    continue
                }
                var index = 1
                while index < paths.count {
                    do throws(DeviceError) {
                        switch try verdict(first.device, paths[index].device, at: offset) {
                        case true?: index += 1
                        case false?: return .different(first.name, paths[index].name)
                        case nil: return .unsettled
                        }
                    } catch { lose(index, error) }
                }
                return .same(isZero: reference.bytes.isAllZeroes)
            }
            return .unsettled
        }

        /// Whether both read the same; nil where the place changes all the time.
        private mutating func verdict(
            _ first: any BlockDevice, _ second: any BlockDevice, at offset: ByteOffset
        ) throws(DeviceError) -> Bool? {
            var seen = 0
            for _ in 0..<attempts {
                try Self.read(second, into: &other, at: offset)
                if Self.equal(reference, other) { return true }
                try Self.read(first, into: &again, at: offset)
                seen = Self.equal(reference, again) ? seen + 1 : 0
                if seen == confirmations { return false }
                swap(&reference, &again)
            }
            return nil
        }

        private static func read(
            _ device: any BlockDevice, into buffer: inout AlignedBuffer, at offset: ByteOffset
        ) throws(DeviceError) {
            var span = buffer.mutableBytes
            try device.read(into: &span, at: offset)
        }

        private static func equal(_ left: borrowing AlignedBuffer, _ right: borrowing AlignedBuffer) -> Bool {
            unsafe left.bytes.withUnsafeBytes { first in
                unsafe right.bytes.withUnsafeBytes { second in unsafe first.elementsEqual(second) }
            }
        }
    }
}
