// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import HealthChecks
import LinuxSystem
import Multipath
import RetentionVolume
import StoragePrimitives

/// The health of an appliance: the checks, and where their facts come from.
///
/// The agent asks itself; `mtctl health` asks the agent, and where that does not answer looks for itself, because then a
/// person needs it most.
public struct HostHealth: Sendable {
    private let collector: FactsCollector
    /// Reasons by the ids of checks that the operator waived.
    private let waivers: [String: String]

    /// What the agent adds to what anybody can see.
    struct AgentFacts: Sendable {
        let disks: DiskDesk
        let listener: @Sendable () -> ListenerReport
        /// Every group, and when it was made.
        let groups: @Sendable () -> [(report: GroupReport, created: DateTime)]
        let jobs: @Sendable () -> [JobReport]
        let now: @Sendable () -> Timestamp
    }

    /// As the agent sees it.
    init(_ configuration: ApplianceConfiguration, agent: AgentFacts) {
        waivers = configuration.healthWaivers
        let desk = agent.disks
        var sources = Self.hostSources(configuration)
        sources.disks = { Self.disks(try desk.recentSurvey().scan, bound: desk.boundIdentities) }
        sources.ledger = {
            let survey = try desk.recentSurvey()
            return LedgerFacts(known: desk.knownDisks, changes: survey.findings.compactMap(Self.change))
        }
        sources.guards = {
            Self.guards(try desk.recentSurvey().scan, bound: desk.boundIdentities, failure: desk.guardFailure)
        }
        sources.multipath = { try Self.multipath(try desk.recentSurvey().scan) }
        sources.retention = {
            try Self.retention(
                configuration, try desk.recentSurvey().scan, bound: desk.boundIdentities,
                groups: agent.groups().map(\.report), jobs: agent.jobs())
        }
        sources.replication = { Self.replication(agent) }
        collector = FactsCollector(sources)
    }

    /// As anybody sees it while the agent does not answer.
    public init(withoutAgent configuration: ApplianceConfiguration, because reason: String) {
        waivers = configuration.healthWaivers
        let source = SystemDiskSource()
        let bound: @Sendable () throws -> Set<DiskIdentity> = {
            Set(try RecordedTargets.identities(statePath: configuration.statePath).keys)
        }
        var sources = Self.hostSources(configuration)
        sources.disks = { Self.disks(try source.scan(), bound: try bound()) }
        sources.ledger = {
            let ledger = try LedgerFile(try DirectoryFolder(path: configuration.statePath)).load()
            let findings = LedgerFindings.findings(try source.scan(), ledger: ledger, bound: try bound())
            return LedgerFacts(known: ledger.records.count, changes: findings.compactMap(Self.change))
        }
        sources.guards = { Self.guards(try source.scan(), bound: try bound(), failure: nil) }
        sources.multipath = { try Self.multipath(try source.scan()) }
        sources.retention = {
            try Self.retention(configuration, try source.scan(), bound: try bound(), groups: [], jobs: [])
        }
        sources.replication = { ReplicationFacts(port: configuration.port, listenerFailure: reason) }
        collector = FactsCollector(sources)
    }

    /// What can be seen while the agent does not answer.
    ///
    /// - Parameters:
    ///   - configPath: The agent's configuration file; the defaults count where it is not there.
    ///   - reason: Why the agent does not answer.
    public static func withoutAgent(configPath: String, because reason: String) async throws -> HealthReport {
        let configuration = try await ApplianceConfiguration.local(configPath)
        let health = HostHealth(withoutAgent: configuration, because: reason)
        return try await thread.run { health.report() }
    }

    private static let thread = DiskThread(name: "mt-health")

    /// Runs every check. Blocks for less than a second.
    public func report() -> HealthReport { collector.report(waivers: waivers) }

    // MARK: Facts

    private static func hostSources(_ configuration: ApplianceConfiguration) -> HealthSources {
        // Without the folder nothing is remembered, which the check says.
        let state = try? DirectoryFolder(path: configuration.statePath)
        return HealthSources(
            host: LinuxHost(
                state: state, retentionMount: configuration.retentionPath, waived: configuration.healthWaivers))
    }

    private static func disks(_ scan: DiskScan, bound: Set<DiskIdentity>) -> DisksFacts {
        let facts = scan.disks.filter(\.isPhysical).map { disk in
            let isBound = disk.identity.map(bound.contains) ?? false
            let isOurs = disk.roles.isEmpty && disk.mounts.isEmpty && disk.partitions.allSatisfy(\.mounts.isEmpty)
            let map = scan.map(over: disk).flatMap { map in
                MapProof.differences(among: scan.paths(of: map)).isEmpty ? map.mapName ?? map.name : nil
            }
            return DiskFacts(
                name: disk.name, isSCSI: disk.kind == .scsi, identity: disk.identity?.rawValue,
                usage: isBound ? .bound : isOurs ? .candidate : .other, trustedMap: map)
        }
        return DisksFacts(disks: facts)
    }

    private static func change(_ finding: DiskFinding) -> LedgerFacts.Change? {
        // A disk that nobody writes to may come, go and grow.
        guard finding.severity > .notice else { return nil }
        return switch finding.kind {
        case .addressChanged: .init(kind: .address, sentence: finding.message)
        case .identityChanged: .init(kind: .identity, sentence: finding.message)
        case .grown, .shrunk: .init(kind: .size, sentence: finding.message)
        case .gone: .init(kind: .gone, sentence: finding.message)
        case .duplicateIdentity, .returned, .noIdentity, .damagedIdentity, .mixedMap: nil
        }
    }

    private static func guards(_ scan: DiskScan, bound: Set<DiskIdentity>, failure: String?) -> GuardFacts {
        var intrusions: [String] = []
        for identity in bound.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let disk = scan.target(identity) else { continue }
            let uses = scan.uses(of: disk).map { "\(disk.name) (\(identity)) \($0.phrase(on: disk.name))." }
            intrusions.append(contentsOf: uses)
        }
        if let failure { intrusions.append("The rules that keep others off cannot be installed: \(failure)") }
        return GuardFacts(boundDisks: bound.count, intrusions: intrusions)
    }

    private static func multipath(_ scan: DiskScan) throws -> MultipathFacts {
        let counts = Dictionary(grouping: scan.disks.filter(\.isPhysical).compactMap(\.identity)) { $0 }
        let several = counts.filter { $0.value.count > 1 }.map(\.key.rawValue).sorted()
        let daemon = MultipathSocket()
        let maps: [MultipathMap]
        do {
            maps = try daemon.maps()
        } catch {
            guard error.code == .notRunning else { throw error }
            return MultipathFacts(isRunning: false, disksWithSeveralPaths: several)
        }
        let findings = ConfigurationAudit.findings(
            in: try daemon.configuration(), for: MultipathDropIn(protectedIdentities: scan.rootIdentities))
        return MultipathFacts(
            isRunning: true, disksWithSeveralPaths: several,
            maps: maps.map { .init(name: $0.name, pathsUp: $0.pathsUp, paths: $0.paths.count) },
            overrides: findings.map(\.sentence))
    }

    private static func retention(
        _ configuration: ApplianceConfiguration, _ scan: DiskScan, bound: Set<DiskIdentity>, groups: [GroupReport],
        jobs: [JobReport]
    ) throws -> RetentionFacts {
        let path = configuration.retentionPath
        let expected = try SystemPreparation().surroundings(path: path).unitText.flatMap(Self.expectedUUID)
        var rules = VolumeFinding.findings(VolumeObserver().observe(path: path), expectedUUID: expected).filter {
            $0.severity > .note
        }
        .map { RetentionFacts.Rule(isKept: $0.severity < .critical, sentence: $0.sentence) }
        let inspection = try VolumeInspector().inspect(
            path: path, folders: SystemLayout.folders(cache: [configuration.statePath]))
        if let facts = inspection.volumes.first(where: { $0.mounts.contains { $0.target == path } }) {
            let context = RetentionContext(path: path, layout: inspection.layout, scan: scan, bound: bound)
            rules += RetentionCandidate(facts, in: context).results.map {
                RetentionFacts.Rule(isKept: !$0.outcome.isFailure, sentence: $0.outcome.sentence)
            }
        }
        let free = try FilesystemSpace(holding: path).available
        let outlook = RetentionOutlook(groups, free: free)
        return RetentionFacts(
            rules: rules, available: free, histories: groups.compactMap { history($0, jobs, outlook) })
    }

    /// The filesystem that the mount unit names: another one in its place is not the retention volume.
    private static func expectedUUID(_ unit: String) -> String? {
        let prefix = "What=/dev/disk/by-uuid/"
        return unit.split(whereSeparator: \.isNewline).first { $0.hasPrefix(prefix) }.map {
            String($0.dropFirst(prefix.count))
        }
    }

    /// What a group's history takes and grows by.
    private static func history(
        _ group: GroupReport, _ jobs: [JobReport], _ outlook: RetentionOutlook
    ) -> RetentionFacts.History? {
        guard let oldest = group.retention?.oldest, let share = outlook.shares.first(where: { $0.group == group.name })
        else { return nil }
        var history = RetentionFacts.History(
            group: group.name, capacity: share.capacity, bytesPerSecond: share.bytesPerSecond,
            window: Int64(clamping: share.wantedSeconds), began: oldest.timestamp)
        let scrubs = jobs.filter {
            ($0.kind == .scrub || $0.kind == .verify) && $0.group == group.name && $0.ended != nil
        }
        if let last = scrubs.max(by: {
            ($0.ended?.timestamp ?? .init(rawValue: 0)) < ($1.ended?.timestamp ?? .init(rawValue: 0))
        }) {
            if last.state == .done { history.lastScrub = last.ended?.timestamp }
            if let failure = last.failure, failure.code == .corrupt { history.corruption = [failure.message] }
        }
        return history
    }

    private static func replication(_ agent: AgentFacts) -> ReplicationFacts {
        let listener = agent.listener()
        return ReplicationFacts(
            port: listener.port,
            listenerFailure: listener.isListening
                ? nil : listener.problem ?? "The agent does not listen for process servers.",
            groups: agent.groups().map { group($0.report, created: $0.created.timestamp, now: agent.now()) })
    }

    private static func group(
        _ report: GroupReport, created: Timestamp, now: Timestamp
    ) -> ReplicationFacts.Group {
        var group = ReplicationFacts.Group(
            name: report.name, lastDurable: report.lastDurable?.timestamp ?? created,
            lastConsistentPoint: report.retention?.lastApplicationConsistent?.timestamp ?? created)
        switch report.state {
        case .protected, .initialSync, .resyncing, .paused, .degraded: group.expectsChanges = !report.disks.isEmpty
        case .created, .recovering, .recovered, .committed, .released: group.expectsChanges = false
        }
        group.threshold = Int64(clamping: report.policy.rpoThresholdSeconds)
        group.consistentInterval = Int64(clamping: report.policy.applicationConsistentSeconds)
        return group
    }
}
