// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Looks at everything at once, for a limited time.
public final class FactsCollector: Sendable {
    /// What a healthy machine needs a small part of, so that a report takes less than a second in any case.
    public static let usualLimit: Int64 = 800_000_000

    private let wall: any WallClock
    private let steady: any SteadyClock
    private let software: BoundedReading<SoftwareFacts>
    private let layout: BoundedReading<LayoutFacts>
    private let clock: BoundedReading<ClockFacts>
    private let load: BoundedReading<LoadFacts>
    private let platform: BoundedReading<PlatformFacts>
    private let identity: BoundedReading<HostIdentityFacts>
    private let disks: BoundedReading<DisksFacts>
    private let ledger: BoundedReading<LedgerFacts>
    private let guards: BoundedReading<GuardFacts>
    private let multipath: BoundedReading<MultipathFacts>
    private let retention: BoundedReading<RetentionFacts>
    private let replication: BoundedReading<ReplicationFacts>
    private let server: BoundedReading<ServerFacts>

    /// A collector of what these sources tell.
    public init(
        _ sources: HealthSources, wall: any WallClock = SystemClock(), steady: any SteadyClock = MachineSteadyClock()
    ) {
        self.wall = wall
        self.steady = steady
        software = BoundedReading(FactSource.software.name, sources.software)
        layout = BoundedReading(FactSource.layout.name, sources.layout)
        clock = BoundedReading(FactSource.clock.name) {
            var facts = try sources.clock()
            facts.aheadOfServer = sources.aheadOfServer()
            return facts
        }
        load = BoundedReading(FactSource.load.name, sources.load)
        platform = BoundedReading(FactSource.platform.name, sources.platform)
        identity = BoundedReading(FactSource.identity.name, sources.identity)
        disks = BoundedReading(FactSource.disks.name, sources.disks)
        ledger = BoundedReading(FactSource.ledger.name, sources.ledger)
        guards = BoundedReading(FactSource.guards.name, sources.guards)
        multipath = BoundedReading(FactSource.multipath.name, sources.multipath)
        retention = BoundedReading(FactSource.retention.name, sources.retention)
        replication = BoundedReading(FactSource.replication.name, sources.replication)
        server = BoundedReading(FactSource.server.name, sources.server)
    }

    /// Looks at everything; what does not answer in time is unknown. Blocks: not on the cooperative pool. One at a time.
    ///
    /// - Parameter limit: Nanoseconds for all of it together.
    public func facts(within limit: Int64 = usualLimit) -> HealthFacts {
        let deadline = steady.nanoseconds() + limit
        software.begin()
        layout.begin()
        clock.begin()
        load.begin()
        platform.begin()
        identity.begin()
        disks.begin()
        ledger.begin()
        guards.begin()
        multipath.begin()
        retention.begin()
        replication.begin()
        server.begin()
        // After the threads were started: ages are counted from here, and what is reported meanwhile is newer.
        var facts = HealthFacts(at: wall.now())
        facts.software = software.result(by: deadline, clock: steady)
        facts.layout = layout.result(by: deadline, clock: steady)
        facts.clock = clock.result(by: deadline, clock: steady)
        facts.load = load.result(by: deadline, clock: steady)
        facts.platform = platform.result(by: deadline, clock: steady)
        facts.identity = identity.result(by: deadline, clock: steady)
        facts.disks = disks.result(by: deadline, clock: steady)
        facts.ledger = ledger.result(by: deadline, clock: steady)
        facts.guards = guards.result(by: deadline, clock: steady)
        facts.multipath = multipath.result(by: deadline, clock: steady)
        facts.retention = retention.result(by: deadline, clock: steady)
        facts.replication = replication.result(by: deadline, clock: steady)
        facts.server = server.result(by: deadline, clock: steady)
        return facts
    }

    /// Looks at everything and judges it. Blocks as ``facts(within:)`` does.
    ///
    /// - Parameter waivers: Reasons by the ids of checks that do not count.
    public func report(
        of checks: [HealthCheck] = HealthCheck.catalogue, waivers: [String: String] = [:],
        within limit: Int64 = usualLimit
    ) -> HealthReport {
        let start = steady.nanoseconds()
        let facts = facts(within: limit)
        var report = HealthReport(judging: facts, with: checks, waivers: waivers)
        report.milliseconds = max(0, steady.nanoseconds() - start) / 1_000_000
        return report
    }
}
