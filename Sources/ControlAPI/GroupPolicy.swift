// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a group promises, and what it may use. The defaults are the failback policy of R-08.
public struct GroupPolicy: Hashable, Sendable, Codable {
    /// The age of the newest durable change beyond which an event is raised. It never changes what replication does.
    public var rpoThresholdSeconds: UInt64
    /// How far back history reaches.
    public var retentionSeconds: UInt64
    /// How often the sender is asked for an application-consistent point.
    public var applicationConsistentSeconds: UInt64
    /// The most room the group's history takes, or nil for what the volume has.
    public var quotaBytes: UInt64?

    /// A policy; the defaults are those of R-08.
    public init(
        rpoThresholdSeconds: UInt64 = 15 * 60, retentionSeconds: UInt64 = 24 * 3600,
        applicationConsistentSeconds: UInt64 = 60 * 60, quotaBytes: UInt64? = nil
    ) {
        self.rpoThresholdSeconds = rpoThresholdSeconds
        self.retentionSeconds = retentionSeconds
        self.applicationConsistentSeconds = applicationConsistentSeconds
        self.quotaBytes = quotaBytes
    }

    /// What of it makes no sense, as a sentence, or nil.
    public var complaint: String? {
        if rpoThresholdSeconds == 0 { return "The RPO threshold is zero." }
        if retentionSeconds == 0 { return "The retention time is zero." }
        if retentionSeconds > 366 * 86400 { return "The retention time is longer than a year." }
        if applicationConsistentSeconds == 0 { return "The interval of application-consistent points is zero." }
        if let quotaBytes, quotaBytes < 64 << 20 { return "The quota is below 64 MiB." }
        return nil
    }
}
