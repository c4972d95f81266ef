// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import HealthChecks
import LinuxSystem
import Multipath
import Registration
import RetentionVolume
import StoragePrimitives

/// The health of an appliance: the checks, and where their facts come from.
///
/// The agent asks itself; `mtctl health` asks the agent, and where that does not answer looks for itself, because then a
/// person needs it most.
public struct HostHealth: Sendable {
    private let collector: FactsCollector
    /// A look at the disks this young, in nanoseconds, serves every check of one report.
    private static let freshness: Int64 = 300_000_000
    /// Reasons by the ids of checks that the operator waived.
    private let waivers: [String: String]

    /// What the agent adds to what anybody can see.
    struct AgentFacts: Sendable {
        let disks: DiskDesk
        let listener: @Sendable () -> ListenerReport
        /// Every group, and when it was made.
        let groups: @Sendable () -> [(report: GroupReport, created: DateTime)]
        let jobs: @Sendable () -> [JobReport]
        /// How it stands with the configuration server; nil while there is none.
        let registration: @Sendable () -> RegistrationReport?
        let now: @Sendable () -> Timestamp
    }

    /// As the agent sees it.
    init(_ configuration: ApplianceConfiguration, agent: AgentFacts) {
        waivers = configuration.healthWaivers
        let desk = agent.disks
        // One look at the machine serves all that want to know.
        let look: @Sendable () throws -> DiskInventory.Survey = { try desk.recentSurvey(within: Self.freshness) }
        var sources = Self.hostSources(configuration)
        sources.disks = {
            let survey = try look()
            return Self.disks(survey.scan, survey.findings, bound: desk.boundIdentities)
        }
        sources.ledger = {
            let bound = desk.boundIdentities
            return LedgerFacts(
                known: desk.knownDisks, changes: try look().findings.compactMap { Self.change($0, bound: bound) })
        }
        sources.guards = { Self.guards(try look().scan, bound: desk.boundIdentities, failure: desk.guardFailure) }
        sources.multipath = { try Self.multipath(try look().scan) }
        sources.retention = {
            try Self.retention(
                configuration, try look().scan, bound: desk.boundIdentities,
                groups: agent.groups().map(\.report), jobs: agent.jobs())
        }
        sources.replication = { Self.replication(agent) }
        sources.server = { ServerFacts(registration: agent.registration(), version: ProductVersion.text) }
        sources.aheadOfServer = { agent.registration()?.clockAheadMilliseconds.map { $0 * 1_000_000 } }
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
        let reader = MapReader()
        sources.disks = {
            let scan = try source.scan()
            let maps = scan.disks.filter { $0.kind == .multipathMap }
            let proofs = Dictionary(
                maps.map { ($0.name, reader.proof(of: $0, in: scan)) }, uniquingKeysWith: { first, _ in first })
            let bound = try bound()
            return Self.disks(
                scan, LedgerFindings.findings(scan, ledger: Ledger(), bound: bound, proofs: proofs), bound: bound)
        }
        sources.ledger = {
            let ledger = try LedgerFile(try DirectoryFolder(path: configuration.statePath)).load()
            let bound = try bound()
            let findings = LedgerFindings.findings(try source.scan(), ledger: ledger, bound: bound)
            return LedgerFacts(
                known: ledger.records.count, changes: findings.compactMap { Self.change($0, bound: bound) })
        }
        sources.guards = { Self.guards(try source.scan(), bound: try bound(), failure: nil) }
        sources.multipath = { try Self.multipath(try source.scan()) }
        sources.retention = {
            try Self.retention(configuration, try source.scan(), bound: try bound(), groups: [], jobs: [])
        }
        sources.replication = {
            ReplicationFacts(port: configuration.port, listenerFailure: reason, isAgentThere: false)
        }
        sources.server = {
            let registration = try RegistrationFolder(path: configuration.registrationPath).load()
            return ServerFacts(
                registration: try registration.map { try RegistrationReport($0) }, version: ProductVersion.text,
                isAgentThere: false)
        }
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

    private static func disks(_ scan: DiskScan, _ findings: [DiskFinding], bound: Set<DiskIdentity>) -> DisksFacts {
        // A bound disk that has lost its identity is known by the place where it was.
        let changed = findings.filter { $0.kind == .identityChanged && !bound.isDisjoint(with: $0.identities) }
        let lost = Set(changed.flatMap(\.devices))
        let facts = scan.disks.filter(\.isPhysical).map { disk in
            DiskFacts(
                name: disk.name, isSCSI: disk.kind == .scsi, identity: disk.identity?.rawValue,
                isBound: disk.identity.map(bound.contains) ?? lost.contains(disk.name))
        }
        let conflicts = findings.filter { $0.kind == .duplicateIdentity || $0.kind == .mixedMap }
        return DisksFacts(disks: facts, conflicts: conflicts.map { .init(sentence: $0.message, remedy: $0.remedy) })
    }

    private static func change(_ finding: DiskFinding, bound: Set<DiskIdentity>) -> LedgerFacts.Change? {
        // A disk that nobody writes to may come, go and grow.
        guard finding.severity > .notice else { return nil }
        let kind: LedgerFacts.Change.Kind
        switch finding.kind {
        case .addressChanged: kind = .address
        case .identityChanged: kind = .identity
        case .grown, .shrunk: kind = .size
        case .gone: kind = .gone
        case .duplicateIdentity, .returned, .noIdentity, .damagedIdentity, .mixedMap: return nil
        }
        return .init(
            kind: kind, sentence: finding.message, isBound: !bound.isDisjoint(with: finding.identities),
            remedy: finding.remedy)
    }

    private static func guards(_ scan: DiskScan, bound: Set<DiskIdentity>, failure: String?) -> GuardFacts {
        var intrusions: [String] = []
        for identity in bound.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let disk = scan.target(identity) else { continue }
            let uses = scan.uses(of: disk).map { "\(disk.name) (\(identity)) \($0.phrase(on: disk.name))." }
            intrusions.append(contentsOf: uses)
        }
        if let failure { intrusions.append("The rules that keep others off cannot be installed: \(failure)") }
        return GuardFacts(boundDisks: bound.count, intrusions: intrusions, gaps: gaps(bound))
    }

    /// Bound disks of which LVM's configuration does not speak, where there is LVM. Source: man 5 lvm.conf.
    private static func gaps(_ bound: Set<DiskIdentity>) -> [String] {
        let tree = RootedTree()
        // What cannot be read speaks of no disk.
        func text(_ path: String) -> String { ((try? tree.text(path)) ?? nil) ?? "" }
        guard !text("/etc/lvm/lvm.conf").isEmpty else { return [] }
        // With a devices file LVM looks at nothing that the file does not list.
        let devices = text("/etc/lvm/devices/system.devices")
        // What a pattern must not take for its own stands in brackets.
        let filter = (text("/etc/lvm/lvmlocal.conf") + text("/etc/lvm/lvm.conf")).filter { $0 != "[" && $0 != "]" }
        let open = bound.map(\.rawValue).filter { identity in
            devices.isEmpty ? !filter.contains(identity) : devices.contains(identity)
        }
        return open.sorted().map { "LVM is not told to leave the bound disk \($0) alone." }
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
            maps: maps.map {
                .init(name: $0.name, pathsUp: $0.pathsUp, paths: $0.paths.count, down: MapHealth.down($0))
            },
            overrides: findings.map(\.sentence))
    }

    private static func retention(
        _ configuration: ApplianceConfiguration, _ scan: DiskScan, bound: Set<DiskIdentity>, groups: [GroupReport],
        jobs: [JobReport]
    ) throws -> RetentionFacts {
        let path = configuration.retentionPath
        let expected = try SystemPreparation().surroundings(path: path).unitText.flatMap(Self.expectedUUID)
        let seen = VolumeObserver().observe(path: path)
        var rules = VolumeFinding.findings(seen, expectedUUID: expected).filter { $0.severity > .note }
            .map { RetentionFacts.Rule(isKept: $0.severity < .critical, sentence: $0.sentence) }
        let inspection = try VolumeInspector().inspect(
            path: path, folders: SystemLayout.folders(cache: [configuration.statePath]))
        if let facts = inspection.volumes.first(where: { $0.mounts.contains { $0.target == path } }) {
            let context = RetentionContext(path: path, layout: inspection.layout, scan: scan, bound: bound)
            rules += RetentionCandidate(facts, in: context).results.map {
                RetentionFacts.Rule(isKept: !$0.outcome.isFailure, sentence: $0.outcome.sentence)
            }
        }
        // What is not mounted has no room; that of the filesystem below says nothing.
        let free = seen.isMountPoint ? seen.space?.available : nil
        let outlook = RetentionOutlook(groups, free: free ?? .zero)
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
