// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What reading the same places through every path of a multipath map has shown: whether the paths lead to one disk.
///
/// multipathd believes the identity; two copies of one disk have the same, and writes through a map over both would
/// corrupt both. So the paths have to agree on everything that they say of themselves, and to read the same bytes.
/// Copies that were never written to read the same: compare again, where the first writes went, before relying on it.
public struct MapProof: Hashable, Sendable {
    /// A path that told nothing.
    public struct Unread: Hashable, Sendable {
        /// The path.
        public let path: String
        /// Why, as a clause.
        public let reason: String
    }

    /// The paths that were read and compared.
    public let paths: [String]
    /// The paths that could not be read: neither for nor against.
    public let unread: [Unread]
    /// How many places were read on every path.
    public let sampled: Int
    /// How many of them held something else than zeroes: places full of zeroes tell nothing.
    public let informative: Int
    /// Where the paths read different bytes, as a sentence: they are two disks, whatever else they say.
    public let difference: String?

    init(paths: [String], unread: [Unread] = [], sampled: Int = 0, informative: Int = 0, difference: String? = nil) {
        self.paths = paths
        self.unread = unread
        self.sampled = sampled
        self.informative = informative
        self.difference = difference
    }

    /// Whether all that was read were zeroes: two blank copies look like that too.
    public var isBlank: Bool { sampled > 0 && informative == 0 }

    /// Why a map must not be taken into use, as a sentence; nil where every path was read, and read the same. What
    /// could not be asked is no agreement.
    public var refusal: String? {
        if let difference { return difference }
        if let first = unread.first { return "\(first.path) could not be read (\(first.reason))." }
        if paths.isEmpty { return "It has no path." }
        return sampled == 0 ? "It could not be compared at any place." : nil
    }

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
            if designators(first, of: .logicalUnit) != designators(path, of: .logicalUnit) {
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

    private static func designators(_ disk: Disk, of association: Designator.Association) -> Set<Designator> {
        Set(disk.identifiers.designators.filter { $0.association == association })
    }

    /// Whether two paths can, by where they are attached, lead to one unit. Through different adapters or ports one disk
    /// may have different numbers, and different disks the same.
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
        let port = designators(left, of: .targetPort)
        if first.lun != second.lun, !port.isEmpty, port == designators(right, of: .targetPort) {
            return
                "\(pair) are units \(first.lun) and \(second.lun) behind one port of the array (\(first) and \(second)), "
                + "so they are two disks."
        }
        switch left.transport {
        case .virtual, .virtio, .ata, .usb:
            return
                "\(pair) are two disks on one controller (\(first) and \(second)), which has no second way to a disk."
        case .fibreChannel, .iSCSI, .sas, .nvmePCIe, .nvmeFabrics, .none, .other: return nil
        }
    }
}
