// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What `mtctl retention candidates` shows: every volume of the machine, judged by every rule.
public struct RetentionCandidateList: Hashable, Sendable, Codable {
    /// Where the retention volume is mounted, or will be.
    public var path: String
    /// Volumes that can be used first, each kind by name.
    public var candidates: [RetentionCandidateReport]

    /// A list.
    public init(path: String, candidates: [RetentionCandidateReport]) {
        self.path = path
        self.candidates = candidates
    }
}

/// A volume, judged.
public struct RetentionCandidateReport: Hashable, Sendable, Codable {
    /// What a rule says of it.
    public struct Rule: Hashable, Sendable, Codable {
        /// The rule's id: `retention.not-fat`.
        public var rule: String
        /// What it asks, as a clause.
        public var title: String
        /// `met`, `warned`, `unprepared` (it will hold once the volume is prepared) or `failed`.
        public var outcome: String
        /// What was seen, and what to do where it does not hold.
        public var sentence: String

        /// A rule's word.
        public init(rule: String, title: String, outcome: String, sentence: String) {
            self.rule = rule
            self.title = title
            self.outcome = outcome
            self.sentence = sentence
        }
    }

    /// The kernel's name of now, or the source of a mount without a device.
    public var device: String
    /// The identity of the disk, where it is one that has one.
    public var identity: String?
    /// Bytes.
    public var sizeBytes: ByteCount
    /// What it carries: names of signatures.
    public var signatures: [String]
    /// Where it is mounted.
    public var mountedOn: [String]
    /// `offered`, `offeredAfterPreparation` or `refused`.
    public var verdict: String
    /// Every rule's word, in their order.
    public var rules: [Rule]

    /// A volume, judged.
    public init(
        device: String, identity: String?, sizeBytes: ByteCount, signatures: [String], mountedOn: [String],
        verdict: String, rules: [Rule]
    ) {
        self.device = device
        self.identity = identity
        self.sizeBytes = sizeBytes
        self.signatures = signatures
        self.mountedOn = mountedOn
        self.verdict = verdict
        self.rules = rules
    }
}

/// What `mtctl retention prepare` would do, or did.
public struct RetentionPreparationReport: Hashable, Sendable, Codable {
    /// The kernel's name of the volume.
    public var device: String
    /// Where it is mounted.
    public var path: String
    /// The identity that its filesystem has afterwards.
    public var uuid: String
    /// What is done, as sentences; empty when nothing is left to do.
    public var steps: [String]
    /// Names of the signatures that are lost.
    public var losing: [String]
    /// What is worth knowing.
    public var warnings: [String]
    /// Whether the steps were done.
    public var isDone: Bool

    /// A report.
    public init(
        device: String, path: String, uuid: String, steps: [String], losing: [String], warnings: [String], isDone: Bool
    ) {
        self.device = device
        self.path = path
        self.uuid = uuid
        self.steps = steps
        self.losing = losing
        self.warnings = warnings
        self.isDone = isDone
    }
}
