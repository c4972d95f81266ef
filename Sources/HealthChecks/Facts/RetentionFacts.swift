// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The retention volume and the history on it.
public struct RetentionFacts: Hashable, Sendable, Codable {
    /// A rule of R-07 and whether the volume keeps it.
    public struct Rule: Hashable, Sendable, Codable {
        /// Whether it is kept.
        public var isKept: Bool
        /// A sentence: what was seen.
        public var sentence: String

        /// A verdict.
        public init(isKept: Bool, sentence: String) {
            self.isKept = isKept
            self.sentence = sentence
        }
    }

    /// A group's history.
    public struct History: Hashable, Sendable, Codable {
        /// The group.
        public var group: String
        /// Bytes that its history may take: the quota, or what it has and what is free.
        public var capacity: ByteCount
        /// Bytes of history that a second makes at the current rate.
        public var bytesPerSecond: UInt64
        /// Seconds that the policy wants to reach back.
        public var window: Int64
        /// When the group began to keep history.
        public var began: Timestamp
        /// When all of it was last read and found sound or not.
        public var lastScrub: Timestamp?
        /// What was found damaged, a sentence each.
        public var corruption: [String]

        /// A history that was never scrubbed.
        public init(group: String, capacity: ByteCount, bytesPerSecond: UInt64, window: Int64, began: Timestamp) {
            self.group = group
            self.capacity = capacity
            self.bytesPerSecond = bytesPerSecond
            self.window = window
            self.began = began
            corruption = []
        }
    }

    /// The verdicts on the volume, one for each rule of R-07.
    public var rules: [Rule]
    /// Bytes that can still be written on it; nil while it is not there.
    public var available: ByteCount?
    /// The groups that keep history on it.
    public var histories: [History]

    /// What was seen.
    public init(rules: [Rule], available: ByteCount?, histories: [History] = []) {
        self.rules = rules
        self.available = available
        self.histories = histories
    }
}
