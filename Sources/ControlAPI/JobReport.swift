// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// An operation that takes longer than a second.
public struct JobReport: Hashable, Sendable, Codable {
    /// What a job does.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case recover, rollback, commit, verify, scrub, rebuild, discardHistory
    }

    /// Where a job is in its life.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case queued, running, done, failed

        /// Whether the job has ended, well or not.
        public var isFinal: Bool { self == .done || self == .failed }
    }

    /// Something that a job had to say.
    public struct Message: Hashable, Sendable, Codable {
        /// When it said it.
        public var time: DateTime
        /// A sentence.
        public var text: String

        /// A message.
        public init(time: DateTime, text: String) {
            self.time = time
            self.text = text
        }
    }

    /// Its number among the appliance's jobs.
    public var id: String
    /// What it does.
    public var kind: Kind
    /// The group it works on; nil for the whole volume.
    public var group: String?
    /// Where it is in its life.
    public var state: State
    /// When it was asked for.
    public var created: DateTime
    /// When it began; nil while it is queued.
    public var started: DateTime?
    /// When it ended; nil before.
    public var ended: DateTime?
    /// Bytes done so far.
    public var doneBytes: ByteCount
    /// Nil until it is known.
    public var totalBytes: ByteCount?
    /// Its rate of late; nil until it is known.
    public var bytesPerSecond: UInt64?
    /// Its rate applied to what is left; nil until both are known.
    public var secondsLeft: UInt64?
    /// What it had to say, oldest first.
    public var messages: [Message]
    /// What came of it, as a sentence.
    public var result: String?
    /// Why it failed; nil unless it did.
    public var failure: ControlFailure?

    /// A job that is queued.
    public init(id: String, kind: Kind, group: String?, created: DateTime) {
        self.id = id
        self.kind = kind
        self.group = group
        self.created = created
        state = .queued
        doneBytes = .zero
        messages = []
    }
}

/// All jobs.
public struct JobList: Hashable, Sendable, Codable {
    /// The jobs.
    public var jobs: [JobReport]
    /// A list.
    public init(jobs: [JobReport]) { self.jobs = jobs }
}
