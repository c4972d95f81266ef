// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Whether the paths of a multipath map lead to one disk.
///
/// multipathd believes the identity; two copies of one disk have the same, and writes through a map over both would
/// corrupt both. So the paths have to agree on everything that they say of themselves, and to read the same bytes.
/// Copies that were never written to read the same: compare again, where the first writes went, before relying on it.
public struct MapProof: Hashable, Sendable {
    /// The paths that were compared.
    public let paths: [String]
    /// How many places were read on every path.
    public let sampled: Int
    /// How many of them held something else than zeroes: places full of zeroes tell nothing.
    public let informative: Int
    /// Why the paths are not one disk, or could not be compared; nil where they read the same.
    public let refusal: String?

    /// A comparison that could not be made.
    public init(of paths: [String], refusal: String) {
        self.init(paths: paths, sampled: 0, informative: 0, refusal: refusal)
    }

    init(paths: [String], sampled: Int, informative: Int, refusal: String?) {
        self.paths = paths
        self.sampled = sampled
        self.informative = informative
        self.refusal = refusal
    }

    /// Bytes read at one place; every logical block size in use divides it.
    public static let sampleSize = 4096
    /// Places that are read one after the other at the start, at the first partition and at the end.
    private static let consecutive: UInt64 = 16
    private static let scattered = 64

    /// What the paths say of themselves and do not agree on, as sentences; empty where they agree.
    public static func differences(among paths: [Disk]) -> [String] {
        guard let first = paths.first else { return ["It has no path."] }
        var sentences: [String] = []
        for path in paths.dropFirst() {
            let pair = "\(first.name) and \(path.name)"
            if first.size != path.size {
                sentences.append(
                    "\(pair) differ in size: \(first.size.rawValue) and \(path.size.rawValue) bytes.")
            }
            if first.logicalBlockSize != path.logicalBlockSize { sentences.append("\(pair) differ in block size.") }
            if first.identity == nil || first.identity != path.identity {
                sentences.append(
                    "\(pair) have no identity in common: \(first.identity?.rawValue ?? "none") and "
                        + "\(path.identity?.rawValue ?? "none").")
            }
            if first.serialNumber != path.serialNumber {
                sentences.append(
                    "\(pair) differ in serial number: \(first.serialNumber ?? "none") and \(path.serialNumber ?? "none")."
                )
            }
            if unitDesignators(first) != unitDesignators(path) {
                sentences.append("\(pair) differ in the unit's designators of SCSI page 0x83.")
            }
            if first.vendor != path.vendor || first.model != path.model {
                sentences.append("\(pair) differ in vendor or model.")
            }
        }
        for (index, left) in paths.enumerated() {
            for right in paths.dropFirst(index + 1) {
                if let sentence = relation(left, right) { sentences.append(sentence) }
            }
        }
        return sentences
    }

    private static func unitDesignators(_ disk: Disk) -> Set<Designator> {
        Set(disk.identifiers.designators.filter { $0.association == .logicalUnit })
    }

    /// Whether two paths can, by where they are attached, lead to one unit.
    private static func relation(_ left: Disk, _ right: Disk) -> String? {
        let pair = "\(left.name) and \(right.name)"
        if left.transport != right.transport {
            return "\(pair) are attached in different ways: \(left.transport.rawValue) and \(right.transport.rawValue)."
        }
        guard let first = left.address, let second = right.address, first.host == second.host else { return nil }
        if (first.channel, first.target) == (second.channel, second.target) {
            return
                "\(pair) are units \(first.lun) and \(second.lun) of one target (\(first) and \(second)), so they are "
                + "two disks."
        }
        switch left.transport {
        case .virtual, .virtio, .ata, .usb:
            return
                "\(pair) are two disks on one controller (\(first) and \(second)), which has no second way to a disk."
        case .fibreChannel, .iSCSI, .sas, .nvmePCIe, .nvmeFabrics, .none, .other: return nil
        }
    }

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
    /// which is each path's own.
    ///
    /// - Parameters:
    ///   - paths: Each path's name and the device to read it by.
    ///   - offsets: As ``sampleOffsets(size:seed:written:)`` has them.
    public static func compare(
        _ paths: [(name: String, device: any BlockDevice)], at offsets: [ByteOffset]
    ) -> MapProof {
        let names = paths.map(\.name)
        guard let first = paths.first else {
            return MapProof(paths: [], sampled: 0, informative: 0, refusal: "It has no path.")
        }
        var reference = AlignedBuffer(count: sampleSize)
        var other = AlignedBuffer(count: sampleSize)
        var informative = 0
        func proof(_ sampled: Int, _ refusal: String?) -> MapProof {
            MapProof(paths: names, sampled: sampled, informative: informative, refusal: refusal)
        }
        if offsets.isEmpty { return proof(0, "It is too small to be compared.") }
        for (index, offset) in offsets.enumerated() {
            var name = first.name
            do throws(DeviceError) {
                try read(first.device, into: &reference, at: offset)
                if !reference.bytes.isAllZeroes { informative += 1 }
                for path in paths.dropFirst() {
                    name = path.name
                    try read(path.device, into: &other, at: offset)
                    if !equal(reference, other) {
                        return proof(
                            index + 1,
                            "\(first.name) and \(path.name) read different bytes at \(offset), so they are two disks with "
                                + "one identity.")
                    }
                }
            } catch { return proof(index, "\(name) could not be read (\(error)).") }
        }
        return proof(offsets.count, nil)
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
