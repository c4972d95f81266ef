// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a group's history takes and reaches.
public struct GroupRetentionReport: Hashable, Sendable, Codable {
    /// Bytes of the volume that the group's files take.
    public var usedBytes: ByteCount
    /// Bytes that it may take; nil for what there is.
    public var quotaBytes: ByteCount?
    /// Source time of the oldest point; nil while there is none.
    public var oldest: DateTime?
    /// Source time of the newest durable change; nil while there is none.
    public var newest: DateTime?
    /// Source time of the newest application-consistent point; nil while there is none.
    public var lastApplicationConsistent: DateTime?
    /// Epochs of its history.
    public var epochs: UInt64
    /// Batches, bookmarks and orders that are not yet on the target disks.
    public var waiting: UInt64

    /// A report.
    public init(
        usedBytes: ByteCount, quotaBytes: ByteCount? = nil, oldest: DateTime? = nil, newest: DateTime? = nil,
        epochs: UInt64 = 0, waiting: UInt64 = 0
    ) {
        self.usedBytes = usedBytes
        self.quotaBytes = quotaBytes
        self.oldest = oldest
        self.newest = newest
        self.epochs = epochs
        self.waiting = waiting
    }
}

/// The retention volume and what each group takes of it.
public struct RetentionReport: Hashable, Sendable, Codable {
    /// A group and its history.
    public struct Group: Hashable, Sendable, Codable {
        /// The group's name.
        public var name: String
        /// What its history takes and reaches.
        public var retention: GroupRetentionReport
        /// How far its room reaches; nil where nothing is known of it.
        public var window: WindowEstimate?

        /// A report.
        public init(name: String, retention: GroupRetentionReport, window: WindowEstimate? = nil) {
            self.name = name
            self.retention = retention
            self.window = window
        }
    }

    /// How much history a group's room buys at the rate at which it grows.
    public struct WindowEstimate: Hashable, Sendable, Codable {
        /// Seconds that the policy wants.
        public var wantedSeconds: UInt64
        /// Bytes that these need; nil while no rate is known.
        public var neededBytes: ByteCount?
        /// Seconds that there is room for; nil while no rate is known.
        public var possibleSeconds: UInt64?
        /// Bytes that the history may have: its quota, or what it has and its part of what is free.
        public var roomBytes: ByteCount
        /// All of it as a sentence.
        public var sentence: String

        /// An estimate.
        public init(
            wantedSeconds: UInt64, neededBytes: ByteCount?, possibleSeconds: UInt64?, roomBytes: ByteCount,
            sentence: String
        ) {
            self.wantedSeconds = wantedSeconds
            self.neededBytes = neededBytes
            self.possibleSeconds = possibleSeconds
            self.roomBytes = roomBytes
            self.sentence = sentence
        }
    }

    /// The volume.
    public var volume: VolumeReport
    /// Every group whose history is open.
    public var groups: [Group]

    /// A report.
    public init(volume: VolumeReport, groups: [Group]) {
        self.volume = volume
        self.groups = groups
    }
}

/// The retention volume.
public struct VolumeReport: Hashable, Sendable, Codable {
    /// Where it is mounted.
    public var path: String
    /// Whether history can be written to it.
    public var isUsable: Bool
    /// Why it is not usable, as a sentence.
    public var problem: String?
    /// Bytes that are free; nil while it is not usable.
    public var freeBytes: ByteCount?

    /// A report.
    public init(path: String, isUsable: Bool, problem: String? = nil, freeBytes: ByteCount? = nil) {
        self.path = path
        self.isUsable = isUsable
        self.problem = problem
        self.freeBytes = freeBytes
    }
}
