// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import HealthChecks
import LinuxSystem
import Logging
import NBDServer
import Registration
import RetentionStore
import StateFiles
import StoragePrimitives
import Synchronization

/// What the services of an appliance share: groups, jobs, the state of the listener.
public final class ApplianceCore: Sendable {
    /// What the appliance was told from outside.
    public let configuration: ApplianceConfiguration
    /// Its jobs.
    public let jobs: JobBoard
    /// Its groups.
    public let groups: GroupRegistry
    let environment: GroupEnvironment
    let disks: DiskDesk
    let readiness = Readiness()
    let listener: Mutex<ListenerReport>
    let nbdListener: Mutex<ListenerReport?>
    /// The listener for metrics; nil where it is not enabled.
    let metricsListener: Mutex<ListenerReport?>
    /// What metrics tell that takes its time to find out.
    let samples = Mutex(MetricsSamples())
    let previews: PreviewBoard
    /// Certificates that the configuration server took back.
    let revoked = RevokedCertificates()
    /// Reaches the network's NBD clients.
    let nbdClients = NBDClients()
    /// How it stands with the configuration server; nil while there is none.
    let registration = Mutex<RegistrationReport?>(nil)
    /// What the configuration server asked for.
    package let siteTasks: SiteTaskDesk
    private let nbdWorkers: NBDWorkers
    let logger: Logger
    private let clock: any WallClock
    private let started: Timestamp
    /// Held as long as the appliance is: two agents on one state folder would tear it apart.
    private let lock: DirectFile

    let ports: AppliancePorts

    /// Opens the state folder and reads what is in it. Blocking: not on the cooperative pool.
    ///
    /// - Throws: ``ControlFailure`` with `.busy` when another agent runs on the folder.
    public convenience init(
        _ configuration: ApplianceConfiguration, clock: any WallClock = SystemClock(), logger: Logger
    ) throws {
        try self.init(configuration, clock: clock, ports: AppliancePorts(), logger: logger)
    }

    /// Opens the state folder on a machine that a test may stand in for.
    package init(
        _ configuration: ApplianceConfiguration, clock: any WallClock, ports: AppliancePorts, logger: Logger
    ) throws {
        self.configuration = configuration
        self.ports = ports
        self.clock = clock
        self.logger = logger
        started = clock.now()
        lock = try Self.lock(configuration.statePath)
        jobs = try JobBoard(folder: try Self.folder("jobs", configuration), clock: clock, logger: logger)
        disks = try Self.desk(configuration, clock: clock, ports: ports, logger: logger)
        nbdWorkers = NBDWorkers(NBDServerSettings())
        previews = try PreviewBoard(
            records: StateFolder(
                try Self.folder("previews", configuration), limit: PreviewRecord.maximumFileBytes),
            configuration: configuration, workers: nbdWorkers, settings: NBDServerSettings(), clock: clock,
            logger: logger)
        environment = GroupEnvironment(
            records: StateFolder(try Self.folder("groups", configuration), limit: GroupRecord.maximumFileBytes),
            reports: StateFolder(try Self.folder("reports", configuration), limit: GroupRecord.maximumFileBytes),
            fingerprints: StateFolder(
                try Self.folder("fingerprints", configuration), limit: GroupFingerprint.maximumFileBytes),
            jobs: jobs,
            clock: clock, logger: logger, retentionPath: configuration.retentionPath,
            pool: BufferPool(retaining: ByteCount(configuration.memoryCeiling.rawValue / 4)),
            memory: MemoryPlan(ceiling: configuration.memoryCeiling), sessions: SessionDesk(), previews: previews,
            disks: disks,
            host: LinuxHost(state: try DirectoryFolder(path: configuration.statePath)))
        groups = try GroupRegistry(environment: environment)
        siteTasks = try SiteTaskDesk(
            ledger: StateFolder(
                try Self.folder("site-tasks", configuration), limit: SiteTaskDesk.maximumFileBytes),
            groups: groups, jobs: jobs, clock: clock, logger: logger)
        // Before anybody can connect. Where they cannot be read, the service of the registration says so.
        revoked.use(try? RegistrationFolder(path: configuration.registrationPath).revocations())
        listener = Mutex(
            ListenerReport(
                address: configuration.address, port: configuration.port, isListening: false, problem: "It is starting."
            ))
        nbdListener = Mutex(
            configuration.isNBDEnabled
                ? ListenerReport(
                    address: configuration.nbdAddress, port: configuration.nbdPort, isListening: false,
                    problem: "It is starting.") : nil)
        metricsListener = Mutex(
            configuration.metrics.isEnabled
                ? ListenerReport(
                    address: configuration.metrics.address, port: configuration.metrics.port, isListening: false,
                    problem: "It is starting.") : nil)
    }

    private static func desk(
        _ configuration: ApplianceConfiguration, clock: any WallClock, ports: AppliancePorts, logger: Logger
    ) throws -> DiskDesk {
        do {
            let inventory = try DiskInventory(
                source: ports.disks, state: try DirectoryFolder(path: configuration.statePath), clock: clock)
            return DiskDesk(inventory: inventory, rules: ports.rules, keepers: ports.keepers, logger: logger)
        } catch let error as InventoryError {
            throw ControlFailure(.corrupt, error.message, remedy: "Restore the state folder from its copy.")
        }
    }

    private static func folder(_ name: String, _ configuration: ApplianceConfiguration) throws -> DirectoryFolder {
        try DirectoryFolder(path: "\(configuration.statePath)/\(name)", create: true)
    }

    private static func lock(_ path: String) throws -> DirectFile {
        do {
            try FolderTree.make(path)
            let folder = try DirectoryFolder(path: path)
            do { _ = try folder.create("lock") } catch { guard error.code == .exists else { throw error } }
            return try DirectFile(path: "\(path)/lock", access: .exclusive)
        } catch let error as DeviceError {
            guard error.code == .busy else {
                throw ControlFailure(
                    .inputOutput, "The state folder \(path) cannot be used (\(error)).",
                    remedy: "Put it right, or name another one.")
            }
            throw ControlFailure(
                .busy, "Another agent uses the state folder \(path).",
                remedy: "Stop it, or name another folder with --set state.path=….")
        }
    }

    // MARK: Reports

    /// This machine's clock.
    func now() -> DateTime { DateTime(clock.now()) }

    func report() async -> ApplianceReport {
        let listener = listener.withLock { $0 }
        var report = ApplianceReport(
            version: ProductVersion.text, started: DateTime(started), now: DateTime(clock.now()),
            stateFolder: configuration.statePath, replication: listener, retention: await volume(),
            memoryCeilingBytes: configuration.memoryCeiling, groups: groups.reports(),
            runningJobs: jobs.list().filter { !$0.state.isFinal }, health: lastHealth.withLock { $0 })
        report.nbd = nbdListener.withLock { $0 }
        report.metrics = metricsListener.withLock { $0 }
        report.registration = registration.withLock { $0 }
        return report
    }

    /// What NBD clients find on the network.
    var exports: ApplianceExports { ApplianceExports(groups: groups, revoked: revoked, workers: nbdWorkers) }

    func startPreview(_ request: StartPreviewRequest) async throws -> PreviewReport {
        try await previews.start(request, of: try groups.group(named: request.group))
    }

    func retentionReport() async -> RetentionReport {
        let (volume, reports) = (await volume(), groups.reports())
        let outlook = volume.freeBytes.map { RetentionOutlook(reports, free: $0) }
        return RetentionReport(
            volume: volume,
            groups: reports.compactMap { group in
                group.retention.map {
                    RetentionReport.Group(name: group.name, retention: $0, window: outlook?.window(of: group.name))
                }
            })
    }

    private let volumeThread = DiskThread(name: "mt-volume")
    /// Looks at disks, which may take their time.
    let diskThread = DiskThread(name: "mt-disks")
    private let healthThread = DiskThread(name: "mt-health")
    private let hostHealth = Mutex<HostHealth?>(nil)
    let lastHealth = Mutex<HealthSummary?>(nil)
    /// Small files that are read now and then.
    let files = DiskThread(name: "mt-files")
    /// Puts metrics together; waits for nothing.
    let metricsThread = DiskThread(name: "mt-metrics")

    /// The volume may hang, and nobody may wait for it on the cooperative pool.
    func volume() async -> VolumeReport {
        do {
            return try await volumeThread.run { [environment] in environment.volume() }
        } catch {
            return VolumeReport(path: configuration.retentionPath, isUsable: false, problem: "\(error)")
        }
    }

    /// Bytes of the retention volume; nil where that cannot be told.
    func volumeSize() async -> ByteCount? {
        // Why not is told with the volume.
        try? await volumeThread.run { [configuration] in
            try FilesystemSpace(holding: configuration.retentionPath).total
        }
    }

    /// Every disk of the machine, with its verdict.
    func diskList() async throws -> DiskList { try await diskThread.run { [disks] in try disks.report() } }

    /// What every health check finds now.
    func health() async throws -> HealthReport {
        try await healthThread.run { [self] in
            let health = hostHealth.withLock { health in
                let made = health ?? HostHealth(configuration, agent: agentFacts)
                health = made
                return made
            }
            let report = health.report()
            lastHealth.withLock { $0 = report.summary }
            return report
        }
    }

    /// multipathd, its maps and their paths.
    func multipath() async throws -> MultipathReport {
        try await diskThread.run { [disks, ports] in
            MultipathLook(ports.multipath).report(try disks.recentSurvey().scan, bound: disks.boundGroups)
        }
    }

    /// A disk's new size is right from now on; its group goes on.
    func acceptDisk(_ identity: String) async throws -> Acknowledgement {
        let message = try await diskThread.run { [disks] in try disks.accept(identity) }
        await lookAtDisks()
        return Acknowledgement(message: message)
    }

    /// A disk will not come back.
    func forgetDisk(_ identity: String) async throws -> Acknowledgement {
        Acknowledgement(message: try await diskThread.run { [disks] in try disks.forget(identity) })
    }

    private var agentFacts: HostHealth.AgentFacts {
        HostHealth.AgentFacts(
            disks: disks, listener: { [self] in listener.withLock { $0 } },
            groups: { [self] in groups.all().map { ($0.report(), $0.record.created) } },
            jobs: { [self] in jobs.list() }, registration: { [self] in registration.withLock { $0 } },
            now: { [self] in clock.now() })
    }

    // MARK: All groups

    func scrub(group name: String?) async throws -> Acknowledgement {
        if let name { return try await groups.group(named: name).verify(.scrub) }
        var last = Acknowledgement(message: "No group has history to check.")
        var count = 0
        for group in groups.all() {
            do {
                last = try await group.verify(.scrub)
                count += 1
            } catch {
                logger.info("A group is not scrubbed.", metadata: ["group": "\(group.name)", "reason": "\(error)"])
            }
        }
        if count > 1 {
            return Acknowledgement(message: "The history of \(count) groups is being read and checked: mtctl jobs.")
        }
        return last
    }

    func rebuild(group name: String?, acceptLoss: Bool) async throws -> Acknowledgement {
        guard let name else {
            throw ControlFailure(.invalidRequest, "No group was named to rebuild.", remedy: "Name one.")
        }
        return try await groups.group(named: name).rebuild(acceptLoss: acceptLoss)
    }

    // MARK: Beginning and end

    /// Jobs that were interrupted and that no group takes up again have failed.
    func failLostJobs() {
        let taken = Set(groups.all().compactMap { group in group.shared.withLock { $0.job } })
        for job in jobs.interrupted() where !taken.contains(job.id) {
            // A group that is degraded now takes its recovery up when it is opened.
            if job.kind == .recover || job.kind == .rollback || job.kind == .commit,
                let group = job.group.flatMap({ groups.find($0) })
            {
                switch group.state.underlying {
                case .recovering, .committed: continue
                default: break
                }
            }
            jobs.fail(
                job.id,
                ControlFailure(
                    .unavailable, "The agent ended while the job ran.",
                    remedy: "Start it again; nothing was changed by half."))
        }
    }

    /// Ends everything and makes it durable. Blocking: not on the cooperative pool.
    func drain() {
        groups.drain()
        siteTasks.drain()
        previews.drain()
        nbdWorkers.finish()
        jobs.drain()
        volumeThread.finish()
        diskThread.finish()
        healthThread.finish()
        // Its facts come from here: it would keep all of this, the lock too, for as long as the process runs.
        hostHealth.withLock { $0 = nil }
        files.finish()
        metricsThread.finish()
    }
}
