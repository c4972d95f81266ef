// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The disks of the machine.
public struct DisksFacts: Hashable, Sendable, Codable {
    /// Every device that is a disk or a path to one. No maps.
    public var disks: [DiskFacts]

    /// All of them.
    public init(disks: [DiskFacts]) { self.disks = disks }
}

/// A disk, or a path to one, as far as its identity goes.
public struct DiskFacts: Hashable, Sendable, Codable {
    /// What it is to Master Target.
    public enum Usage: String, Hashable, Sendable, Codable {
        /// It is the target of a protected disk.
        case bound
        /// It may become one.
        case candidate
        /// It is something else: the system's own, for instance.
        case other
    }

    /// The kernel's name, for messages: `sdb`.
    public var name: String
    /// Whether it answers SCSI commands, and so has pages 0x80 and 0x83.
    public var isSCSI: Bool
    /// Its identity; nil when it has none.
    public var identity: String?
    /// What it is to us.
    public var usage: Usage
    /// The multipath map that it is a path of, when the map's paths were proven to be one disk.
    public var trustedMap: String?

    /// A disk.
    public init(name: String, isSCSI: Bool, identity: String?, usage: Usage, trustedMap: String? = nil) {
        self.name = name
        self.isSCSI = isSCSI
        self.identity = identity
        self.usage = usage
        self.trustedMap = trustedMap
    }
}

/// What differs between the disks that are there and the ledger.
public struct LedgerFacts: Hashable, Sendable, Codable {
    /// A difference.
    public struct Change: Hashable, Sendable, Codable {
        /// What differs.
        public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
            /// The disk answers elsewhere.
            case address
            /// Another disk answers where it was, with the same size.
            case identity
            /// The disk has another size.
            case size
            /// The disk is not there.
            case gone
        }
        /// What differs.
        public var kind: Kind
        /// A sentence with the disk, what was and what is.
        public var sentence: String

        /// A difference.
        public init(kind: Kind, sentence: String) {
            self.kind = kind
            self.sentence = sentence
        }
    }
    /// How many disks the ledger knows.
    public var known: Int
    /// What differs.
    public var changes: [Change]

    /// The comparison's result.
    public init(known: Int, changes: [Change]) {
        self.known = known
        self.changes = changes
    }
}

/// Who else is at the disks that are bound.
public struct GuardFacts: Hashable, Sendable, Codable {
    /// How many disks are bound.
    public var boundDisks: Int
    /// Sentences, each with the disk and what uses it: a volume group, an md array, a mount, udisks.
    public var intrusions: [String]

    /// What was seen.
    public init(boundDisks: Int, intrusions: [String]) {
        self.boundDisks = boundDisks
        self.intrusions = intrusions
    }
}
