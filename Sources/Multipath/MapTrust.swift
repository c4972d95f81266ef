// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Whether a map is one disk.
///
/// multipathd joins whatever carries one identity, and so makes one map of two clones of a template: a write through it
/// would ruin both. A map is believed only when its paths agree on size, serial number and every designator, when the
/// way they are attached does not rule it out, and when they read the same bytes at sampled offsets. What cannot be
/// asked is a doubt, not an agreement.
public enum MapTrust: Hashable, Sendable {
    /// Its paths lead to one disk, as far as can be seen without writing.
    case believed(Belief)
    /// It is not used: every reason.
    case doubted(identity: String, [Doubt])

    /// On what a belief rests.
    public struct Belief: Hashable, Sendable {
        /// The map's paths.
        public let devnodes: [String]
        /// How many offsets were compared; 0 for a map of one path, which joins nothing.
        public let samples: Int
        /// Whether all that was compared were zeroes: two blank clones look like that too. The comparison is made
        /// again once something was written.
        public let isBlank: Bool
    }

    /// Why a map is not believed.
    public enum Doubt: Hashable, Sendable {
        /// The map has no path.
        case noPaths
        /// The sizes of these paths could not be read.
        case unknownSize([String])
        /// Sizes differ: path and bytes.
        case sizesDiffer([String: ByteCount])
        /// Serial numbers differ, or some have none: path and serial number.
        case serialNumbersDiffer([String: String])
        /// These paths name designators that others do not.
        case designatorsDiffer([String: Set<String>])
        /// Neither a serial number nor a designator: nothing says that they are one disk.
        case noIdentity([String])
        /// Several units of one target, or of one target port: different disks by definition.
        case differentUnits([String])
        /// The bytes were not compared.
        case notSampled(String)
        /// The bytes differ: where, and which paths read alike.
        case bytesDiffer(ByteOffset, [[String]])
    }

    /// Judges a map.
    ///
    /// - Parameters:
    ///   - identity: What multipathd joined the paths by.
    ///   - paths: What each path says of itself.
    ///   - sampling: What was read by each path; nil when it was not done.
    public static func judge(identity: String, paths: [PathEvidence], sampling: PathSampler.Outcome?) -> MapTrust {
        guard !paths.isEmpty else { return .doubted(identity: identity, [.noPaths]) }
        guard paths.count > 1 else {
            return .believed(Belief(devnodes: paths.map(\.devnode), samples: 0, isBlank: false))
        }
        var doubts = agreement(of: paths)
        var belief: Belief?
        switch sampling {
        case .same(let samples, let isBlank):
            belief = Belief(devnodes: paths.map(\.devnode), samples: samples, isBlank: isBlank)
        case .different(let offset, let groups): doubts.append(.bytesDiffer(offset, groups))
        case .unreadable(let reason): doubts.append(.notSampled(reason))
        case nil: doubts.append(.notSampled("it was not tried"))
        }
        guard doubts.isEmpty, let belief else { return .doubted(identity: identity, doubts) }
        return .believed(belief)
    }

    private static func agreement(of paths: [PathEvidence]) -> [Doubt] {
        var doubts: [Doubt] = []
        let unknown = paths.filter { $0.size == nil }.map(\.place)
        if !unknown.isEmpty { doubts.append(.unknownSize(unknown)) }
        if Set(paths.compactMap(\.size)).count > 1 {
            doubts.append(.sizesDiffer(table(paths) { $0.size }))
        }
        if Set(paths.map(\.serialNumber)).count > 1 {
            doubts.append(.serialNumbersDiffer(table(paths) { $0.serialNumber ?? "none" }))
        }
        let common = paths.dropFirst().reduce(paths[0].designators) { $0.intersection($1.designators) }
        let extra = paths.filter { $0.designators != common }
        if !extra.isEmpty {
            doubts.append(.designatorsDiffer(table(paths) { $0.designators.subtracting(common) }))
        }
        if common.isEmpty, extra.isEmpty, paths.allSatisfy({ $0.serialNumber == nil }) {
            doubts.append(.noIdentity(paths.map(\.place)))
        }
        doubts += differentUnits(paths)
        return doubts
    }

    /// A target numbers its units: two numbers on one way to one target are two disks. Through different adapters or
    /// ports the same disk may have different numbers, and different disks the same.
    private static func differentUnits(_ paths: [PathEvidence]) -> [Doubt] {
        var found: [Doubt] = []
        var rest = paths[...]
        while let path = rest.popFirst() {
            guard let address = path.address else { continue }
            let others = rest.filter { other in
                guard let otherAddress = other.address, address != otherAddress else { return false }
                if address.sharesTarget(with: otherAddress) { return true }
                // One adapter, one port of the array behind several target numbers.
                return address.host == otherAddress.host && address.lun != otherAddress.lun
                    && !path.targetPorts.isEmpty && path.targetPorts == other.targetPorts
            }
            guard !others.isEmpty else { continue }
            found.append(.differentUnits([path.place] + others.map(\.place)))
            rest.removeAll { others.contains($0) }
        }
        return found
    }

    private static func table<Value>(_ paths: [PathEvidence], _ value: (PathEvidence) -> Value?) -> [String: Value] {
        // Two paths of one name cannot be in the kernel; were they, the first is as good as the second.
        Dictionary(paths.compactMap { path in value(path).map { (path.place, $0) } }) { first, _ in first }
    }
}

extension MapTrust {
    /// Whether the map may be used.
    public var isBelieved: Bool { if case .believed = self { true } else { false } }

    /// The finding in sentences, naming the disks.
    public var sentence: String {
        switch self {
        case .believed(let belief):
            guard belief.devnodes.count > 1 else { return "\(belief.devnodes.joined()) is the only path." }
            let names = belief.devnodes.joined(separator: ", ")
            return belief.isBlank
                ? "\(names) agree in every respect; the \(belief.samples) places read are all zeroes, so this is looked "
                    + "at again after the first write."
                : "\(names) agree in every respect and read the same at \(belief.samples) places."
        case .doubted(let identity, let doubts):
            return doubts.map { "\($0.sentence)." }.joined(separator: " ")
                + " So the map \(identity) is not believed to be one disk, and none of its paths is used."
        }
    }

    /// What the operator can do about a doubt; nil for a map that is believed.
    public var remedy: String? {
        guard case .doubted(_, let doubts) = self else { return nil }
        let isUnclear = doubts.allSatisfy {
            switch $0 {
            case .noPaths, .unknownSize, .notSampled: true
            default: false
            }
        }
        return isUnclear
            ? "Bring every path up (multipathd show paths) and scan again."
            : "Detach all but one of these disks, or give each an identity of its own (a copied virtual disk: remove it "
                + "from the machine and add it again), then scan again."
    }
}

extension MapTrust.Doubt {
    /// A clause without a full stop, naming the paths.
    public var sentence: String {
        switch self {
        case .noPaths: "The map has no path"
        case .unknownSize(let paths): "The size of \(list(paths)) could not be read"
        case .sizesDiffer(let sizes): "The sizes differ: \(pairs(sizes) { "\($0.rawValue) bytes" })"
        case .serialNumbersDiffer(let serials): "The serial numbers differ: \(pairs(serials) { $0 })"
        case .designatorsDiffer(let designators):
            "The designators differ: \(pairs(designators) { $0.isEmpty ? "none beside" : $0.sorted().joined(separator: " ") })"
        case .noIdentity(let paths): "Neither \(list(paths)) has a serial number or a designator"
        case .differentUnits(let paths): "\(list(paths)) are different units of one target, so they are different disks"
        case .notSampled(let reason): "What the paths read could not be compared: \(reason)"
        case .bytesDiffer(let offset, let groups):
            "At byte \(offset) \(groups.map { $0.joined(separator: ", ") }.joined(separator: " reads otherwise than "))"
        }
    }

    private func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    private func pairs<Value>(_ table: [String: Value], _ text: (Value) -> String) -> String {
        table.sorted { $0.key < $1.key }.map { "\($0.key) \(text($0.value))" }.joined(separator: ", ")
    }
}
