// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The listener and the protected groups.
public struct ReplicationFacts: Hashable, Sendable, Codable {
    /// A group, as far as its delay goes.
    public struct Group: Hashable, Sendable, Codable {
        /// Its name.
        public var name: String
        /// Whether changes are expected: false only once the source is stopped for good, or after a commit.
        public var expectsChanges: Bool
        /// The newest change that is durable here; for a group that has none yet, when it was made.
        public var lastDurable: Timestamp
        /// Seconds that ``lastDurable`` may lie back.
        public var threshold: Int64
        /// Bytes that are durable and not yet on the target disks.
        public var backlog: ByteCount
        /// Bytes that a second brings onto the target disks; nil when that was not measured yet.
        public var appliedPerSecond: UInt64?
        /// The newest application-consistent point; for a group that has none yet, when it was made.
        public var lastConsistentPoint: Timestamp
        /// Seconds between such points; nil when the policy wants none.
        public var consistentInterval: Int64?

        /// A group with nothing to apply and the policy's usual terms.
        public init(name: String, lastDurable: Timestamp, lastConsistentPoint: Timestamp) {
            self.name = name
            expectsChanges = true
            self.lastDurable = lastDurable
            threshold = 15 * Span.minute
            backlog = .zero
            self.lastConsistentPoint = lastConsistentPoint
            consistentInterval = 60 * Span.minute
        }
    }

    /// The port for replication.
    public var port: Int
    /// Whether it is open; when it is not, a sentence why.
    public var listenerFailure: String?
    /// Whether the agent was asked; without it nothing listens.
    public var isAgentThere: Bool
    /// All groups.
    public var groups: [Group]

    /// What was seen; nil for a failure means that the listener is open.
    public init(
        port: Int = 9443, listenerFailure: String? = nil, isAgentThere: Bool = true, groups: [Group] = []
    ) {
        self.isAgentThere = isAgentThere
        self.port = port
        self.listenerFailure = listenerFailure
        self.groups = groups
    }
}
