// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What the checks judge: everything that was looked at, and when.
public struct HealthFacts: Sendable {
    /// What is said where nobody looked.
    public static let notLookedAt = "Nobody looked."

    /// When it was looked at. Ages count up to here.
    public var moment: Timestamp
    /// Programs and filesystems.
    public var software: Fact<SoftwareFacts> = .unknown(notLookedAt)
    /// How the machine's own disk is laid out.
    public var layout: Fact<LayoutFacts> = .unknown(notLookedAt)
    /// The clock.
    public var clock: Fact<ClockFacts> = .unknown(notLookedAt)
    /// Memory and processors.
    public var load: Fact<LoadFacts> = .unknown(notLookedAt)
    /// What the machine is.
    public var platform: Fact<PlatformFacts> = .unknown(notLookedAt)
    /// Which machine it is.
    public var identity: Fact<HostIdentityFacts> = .unknown(notLookedAt)
    /// The disks and who they are.
    public var disks: Fact<DisksFacts> = .unknown(notLookedAt)
    /// What differs from the ledger of disks.
    public var ledger: Fact<LedgerFacts> = .unknown(notLookedAt)
    /// Who else is at bound disks.
    public var guards: Fact<GuardFacts> = .unknown(notLookedAt)
    /// The multipath daemon, its maps and its configuration.
    public var multipath: Fact<MultipathFacts> = .unknown(notLookedAt)
    /// The retention volume and the history on it.
    public var retention: Fact<RetentionFacts> = .unknown(notLookedAt)
    /// The listener and the protected groups.
    public var replication: Fact<ReplicationFacts> = .unknown(notLookedAt)
    /// The registration with a configuration server.
    public var server: Fact<ServerFacts> = .unknown(notLookedAt)

    /// Nothing known yet.
    public init(at moment: Timestamp) { self.moment = moment }
}
