// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// The disks of the machine.
public struct DisksFacts: Hashable, Sendable, Codable {
    /// Devices that carry one identity and are not known to be one disk.
    public struct Conflict: Hashable, Sendable, Codable {
        /// A sentence with the devices, the identity and what tells that they differ.
        public var sentence: String
        /// What to do about it.
        public var remedy: String

        /// A conflict.
        public init(sentence: String, remedy: String) {
            self.sentence = sentence
            self.remedy = remedy
        }
    }

    /// Every device that is a disk or a path to one. No maps.
    public var disks: [DiskFacts]
    /// What stands against their being different disks, or one.
    public var conflicts: [Conflict]

    /// All of them.
    public init(disks: [DiskFacts], conflicts: [Conflict] = []) {
        self.disks = disks
        self.conflicts = conflicts
    }
}

/// A disk, or a path to one, as far as its identity goes.
public struct DiskFacts: Hashable, Sendable, Codable {
    /// The kernel's name, for messages: `sdb`.
    public var name: String
    /// Whether it answers SCSI commands, and so has pages 0x80 and 0x83.
    public var isSCSI: Bool
    /// Its identity; nil when it has none.
    public var identity: String?
    /// Whether it is the target of a protected disk.
    public var isBound: Bool

    /// A disk.
    public init(name: String, isSCSI: Bool, identity: String?, isBound: Bool) {
        self.name = name
        self.isSCSI = isSCSI
        self.identity = identity
        self.isBound = isBound
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
        /// Whether a group writes to the disk.
        public var isBound: Bool
        /// What to do about it; empty where whoever found it does not know.
        public var remedy: String

        /// A difference.
        public init(kind: Kind, sentence: String, isBound: Bool = false, remedy: String = "") {
            self.kind = kind
            self.sentence = sentence
            self.isBound = isBound
            self.remedy = remedy
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
    /// Sentences, each with a bound disk and who is not told to leave it alone.
    public var gaps: [String]

    /// What was seen.
    public init(boundDisks: Int, intrusions: [String], gaps: [String] = []) {
        self.boundDisks = boundDisks
        self.intrusions = intrusions
        self.gaps = gaps
    }
}
