// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Where facts come from: a function for each kind. What blocks may block: each has a thread and a deadline.
///
/// The machine's own facts come from a ``HostProbe``; the others are filled in by whoever knows the disks, the
/// retention volume and the groups.
public struct HealthSources: Sendable {
    var software: @Sendable () throws -> SoftwareFacts
    var layout: @Sendable () throws -> LayoutFacts
    var clock: @Sendable () throws -> ClockFacts
    var load: @Sendable () throws -> LoadFacts
    var platform: @Sendable () throws -> PlatformFacts
    var identity: @Sendable () throws -> HostIdentityFacts
    /// The disks and who they are.
    public var disks: @Sendable () throws -> DisksFacts = { throw notProvided("the disks") }
    /// What differs from the ledger.
    public var ledger: @Sendable () throws -> LedgerFacts = { throw notProvided("the ledger of disks") }
    /// Who else is at bound disks.
    public var guards: @Sendable () throws -> GuardFacts = { throw notProvided("the users of bound disks") }
    /// The multipath daemon.
    public var multipath: @Sendable () throws -> MultipathFacts = { throw notProvided("multipath") }
    /// The retention volume.
    public var retention: @Sendable () throws -> RetentionFacts = { throw notProvided("the retention volume") }
    /// The listener and the groups.
    public var replication: @Sendable () throws -> ReplicationFacts = { throw notProvided("replication") }
    /// The registration with a configuration server.
    public var server: @Sendable () throws -> ServerFacts = { throw notProvided("the configuration server") }
    /// Nanoseconds that this clock is ahead of the configuration server's; nil where nobody knows.
    public var aheadOfServer: @Sendable () -> Int64? = { nil }

    /// The host's own facts; the others are not provided yet.
    public init(host: any HostProbe) {
        software = { try host.software() }
        layout = { try host.layout() }
        clock = { try host.clock() }
        load = { try host.load() }
        platform = { try host.platform() }
        identity = { try host.identity() }
    }

    private static func notProvided(_ what: String) -> HealthError {
        HealthError(.notProvided, "Nobody here knows about \(what); the agent does, when it runs.")
    }
}
