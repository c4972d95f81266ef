// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import LinuxSystem
import Logging
import ProcessServer
import Registration
import ServiceLifecycle
import StateFiles
import StoragePrimitives
import Synchronization

/// One assignment at work, from its start to its end: passes for ever, or the last pass after the sources are stopped.
/// What fails is told and tried again.
final class AssignmentRunner: Sendable {
    let assignment: SiteAssignment
    private let terms: RunSettings
    private let registration: RegistrationFolder
    private let statePath: String
    private let thread: DiskThread
    private let logger: Logger

    private struct Life {
        var report: SiteAssignmentReport
        var work: Task<Void, Never>?
        var services: ServiceGroup?
        var isStopping = false
    }

    private let life: Mutex<Life>

    /// How long one address is tried before the next, and how long a pause is after a failure.
    private static let patience: Int64 = 60_000_000_000
    private static let pause = Duration.seconds(5)

    init(
        _ assignment: SiteAssignment, terms: RunSettings, registration: RegistrationFolder, statePath: String,
        thread: DiskThread, logger: Logger
    ) {
        self.assignment = assignment
        self.terms = terms
        self.registration = registration
        self.statePath = statePath
        self.thread = thread
        var logger = logger
        logger[metadataKey: "group"] = "\(assignment.group)"
        self.logger = logger
        life = Mutex(
            Life(
                report: SiteAssignmentReport(
                    group: assignment.group, fencingToken: assignment.fencingToken, state: .starting)))
    }

    var report: SiteAssignmentReport { life.withLock { $0.report } }

    func start() { life.withLock { life in if !life.isStopping { life.work = Task { await run() } } } }

    /// Ends in order, between two frames.
    func stop() async {
        let (work, services) = life.withLock { life in
            life.isStopping = true
            return (life.work, life.services)
        }
        await services?.triggerGracefulShutdown()
        work?.cancel()
        await work?.value
    }

    private var isStopping: Bool { life.withLock { $0.isStopping } }

    private func run() async {
        var attempt = 0
        while !isStopping {
            do {
                if assignment.isStopped {
                    try await finish(attempt)
                    return
                }
                try await replicate(.continuous(interval: terms.interval), attempt)
            } catch {
                // A line that was cut, or an address that does not answer, is tried again; who waits for the end of a
                // failover is told after some attempts that it does not come.
                let isPermanent = (error as? ProcessServerError)?.isPermanent == true
                tell(isPermanent || (assignment.isStopped && attempt >= 2) ? .failed : .starting, "\(error)")
                logger.warning("Replication stopped.", metadata: ["reason": "\(error)"])
                // Nothing but another assignment changes that nobody here can stop the sources.
                if assignment.isStopped, isPermanent { return }
            }
            attempt += 1
            // Cut short by the end of the assignment.
            if !isStopping { try? await Task.sleep(for: Self.pause) }
        }
    }

    // MARK: The last pass

    /// How far this very assignment was ended: after a restart, or a pass that failed, the sources are not stopped again
    /// (somebody may have started them since), and nothing is sent twice.
    private struct Ending: Hashable, Codable {
        var fencingToken: UInt64
        var isSent: Bool
    }

    private static let endingName = "stopped"

    private func finish(_ attempt: Int) async throws {
        let stopped = Ending(fencingToken: assignment.fencingToken, isSent: false)
        let sent = Ending(fencingToken: assignment.fencingToken, isSent: true)
        let ended = try await thread.run { [self] in try endings().read(Ending.self, from: Self.endingName) }
        if ended != stopped, ended != sent {
            guard let command = terms.stopSource else {
                throw ProcessServerError(
                    .configuration,
                    "The process server cannot stop the source machines of \(assignment.group): give it --stop-source, "
                        + "or stop them and say so with --source-stopped.", isPermanent: true)
            }
            tell(.starting, "The source machines are being stopped.")
            // May take its time, and no other group waits for it.
            let commands = DiskThread(name: "mt-stop")
            defer { commands.finish() }
            let problem = try await commands.run { [assignment, terms] in
                ShellCommand.run(
                    command, environment: ["MT_GROUP=\(assignment.group)", "MT_PHASE=stop"], timeout: terms.stopTimeout,
                    clock: MachineSteadyClock())
            }
            if let problem {
                throw ProcessServerError(
                    .hookFailed, "The source machines of \(assignment.group) could not be stopped: \(problem).")
            }
            try await thread.run { [self] in try endings().write(stopped, as: Self.endingName) }
        }
        if ended != sent {
            tell(.starting, "The source machines are stopped; what they wrote last is being sent.")
            try await replicate(.once, attempt)
            if isStopping { return }
            try await thread.run { [self] in try endings().write(sent, as: Self.endingName) }
        }
        tell(.stopped, "The source machines are stopped, and everything they wrote is on the target disks.")
    }

    /// Blocks.
    private func endings() throws -> StateFolder {
        try FolderTree.make(statePath)
        return StateFolder(try DirectoryFolder(path: statePath), limit: 4096)
    }

    // MARK: Passes

    private var positionPath: String { "\(statePath)/position" }

    private func replicate(_ mode: ProcessServerSettings.Mode, _ attempt: Int) async throws {
        try await thread.run { [positionPath] in try FolderTree.make(positionPath) }
        let revoked = try await thread.run { [registration] in try registration.revocations() }
        let server = try processServer(mode, attempt, revoked)
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: server, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ], gracefulShutdownSignals: [],
                logger: Logger(label: "mt-process-server") { _ in SwiftLogNoOpLogHandler() }))
        let isStopping = life.withLock { life in
            life.services = services
            return life.isStopping
        }
        if isStopping { return }
        defer { life.withLock { $0.services = nil } }
        try await services.run()
    }

    private func processServer(
        _ mode: ProcessServerSettings.Mode, _ attempt: Int, _ revoked: RevocationList?
    ) throws -> ProcessServer {
        guard !assignment.masterTargets.isEmpty,
            let address = ServerAddress(assignment.masterTargets[attempt % assignment.masterTargets.count])
        else {
            throw ProcessServerError(
                .configuration, "The assignment of \(assignment.group) names no master target that can be reached.",
                isPermanent: true)
        }
        var settings = ProcessServerSettings(group: assignment.group, server: address)
        settings.mode = mode
        settings.fencingToken = assignment.fencingToken
        settings.masterTarget = assignment.masterTargetID
        settings.revokedSerials = revoked?.serials ?? []
        // One of several addresses is not waited for longer than it takes to try the next.
        settings.giveUpAfter = mode == .once || assignment.masterTargets.count > 1 ? Self.patience : nil
        terms.apply(to: &settings)
        if mode == .once {
            // Nothing writes any more: the pass needs no commands to be exact.
            settings.isStatic = true
            settings.hooks = ProcessServerSettings.Hooks()
        }
        let disks = try assignment.disks.enumerated().map { index, disk in
            guard let number = UInt16(exactly: index),
                let disk = ProcessServer.Disk(argument: "\(number):\(disk.id)=\(disk.source)", index: index)
            else {
                throw ProcessServerError(
                    .configuration, "The source \(disk.source) of disk \(disk.id) is no path and no NBD address.",
                    isPermanent: true)
            }
            return disk
        }
        return try ProcessServer(
            settings: settings, disks: disks, statePath: positionPath,
            certificate: registration.certificatePath, key: registration.keyPath,
            authority: registration.authorityPath, report: { [weak self] in self?.take($0) })
    }

    private func take(_ progress: ProgressReport) {
        life.withLock { life in
            switch progress {
            case .connected:
                if !assignment.isStopped { life.report.state = .running }
                life.report.message = progress.sentence
            case .progress(_, let done, let total):
                life.report.doneBytes = ByteCount(done)
                life.report.totalBytes = ByteCount(total)
            case .syncFinished, .passFinished, .finished:
                life.report.doneBytes = nil
                life.report.totalBytes = nil
                life.report.message = progress.sentence
            case .disconnected:
                if life.report.state == .running { life.report.state = .starting }
                life.report.message = progress.sentence
            case .syncStarted, .passSkipped, .hookFailed, .throttled, .notice: life.report.message = progress.sentence
            }
        }
        if case .progress = progress { return }
        logger.info("\(progress.sentence)")
    }

    private func tell(_ state: SiteAssignmentReport.State, _ message: String) {
        life.withLock { life in
            life.report.state = state
            life.report.message = message
        }
    }
}
