// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import HostCertificates
import LinuxSystem
import Logging
import Registration
import ServiceLifecycle
import StoragePrimitives
import Synchronization

/// A real configuration server with an operator, a master target and a process server that are enrolled and do what they
/// are asked, as far as the interface goes: groups are words to them.
struct LiveSite: Sendable {
    let folder: TestFolder
    let port: Int
    let masterTarget: LiveServer
    let processServer: LiveServer
    let groups = LiveGroups()

    var terminal: SiteTerminal { SiteTerminal(folder: folder, port: port) }

    /// Runs a site while the work is done.
    static func with(_ work: @Sendable (LiveSite) async throws -> Void) async throws {
        let folder = try TestFolder()
        var settings = ConfigurationServerSettings()
        settings.address = "127.0.0.1"
        settings.port = 0
        settings.statePath = "\(folder.path)/state"
        let (state, passphrase) = try await StateFolder.create(
            path: settings.statePath, plan: .init(name: "Test", names: ["localhost"], addresses: ["127.0.0.1"]),
            now: SystemClock().now())
        _ = try await OperatorCertificates.issue(
            "alice", from: state, into: "\(folder.path)/operator", days: 1, now: SystemClock().now())
        let server = try await ConfigurationServer(settings, logger: .silent)
        let group = ServiceGroup(services: [server], logger: .silent)
        async let running: Void = group.run()
        let port = await server.listening.port() ?? 0
        do {
            let endpoint = ServerEndpoint(host: "127.0.0.1", port: port)
            let site = LiveSite(
                folder: folder, port: port,
                masterTarget: try await LiveServer.enrol(
                    Sample.masterTarget, "mt-1", .masterTarget, endpoint, passphrase),
                processServer: try await LiveServer.enrol(
                    Sample.processServer, "ps-1", .processServer, endpoint, passphrase))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await site.masterTarget.run(site.groups) }
                tasks.addTask { try await site.processServer.run(site.groups) }
                try await work(site)
                tasks.cancelAll()
            }
            await group.triggerGracefulShutdown()
            try await running
        } catch {
            await group.triggerGracefulShutdown()
            try await running
            throw error
        }
    }
}

/// What the master target and the process server know of groups.
final class LiveGroups: Sendable {
    struct Group: Sendable {
        var state = GroupState.created
        var token: UInt64 = 0
    }

    private let groups = Mutex<[String: Group]>([:])
    private let held = Mutex(false)
    /// What the master target is asked goes on, and does not end.
    var isHeld: Bool {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
    var all: [String: Group] { groups.withLock { $0 } }
    func change(_ name: String, _ work: (inout Group) -> Void) {
        groups.withLock { groups in
            var group = groups[name] ?? Group()
            work(&group)
            groups[name] = group
        }
    }
}

/// A server that is enrolled and does at once what it is asked.
struct LiveServer: Sendable {
    let hostID: String
    let name: String
    let role: HostRole
    let machine: MachineFingerprint
    let client: ConfigurationClient

    static func enrol(
        _ hostID: String, _ name: String, _ role: HostRole, _ endpoint: ServerEndpoint, _ passphrase: Passphrase
    ) async throws -> LiveServer {
        let machine = MachineFingerprint(
            machineID: HexBytes(Array(repeating: role == .masterTarget ? 1 : 2, count: 16)))
        let credentials = try await Enrolment.enrol(
            at: [endpoint],
            identity: JoinerIdentity(hostID: hostID, role: role, hostName: name, version: "1.0.0", machine: machine),
            names: role == .masterTarget ? AlternativeNames(names: [name], addresses: []) : .none,
            passphrase: passphrase)
        return LiveServer(
            hostID: hostID, name: name, role: role, machine: machine,
            client: ConfigurationClient([endpoint], credentials: credentials))
    }

    /// Until it is cancelled, or refused.
    func run(_ groups: LiveGroups) async throws {
        var tasks: [String: SiteTaskReport] = [:]
        var assignments: [SiteAssignmentReport] = []
        while !Task.isCancelled {
            do {
                _ = try await client.heartbeat(heartbeat(groups))
                let orders = try await client.exchange(
                    SiteExchange(revision: 0, waitSeconds: 0, tasks: Array(tasks.values), assignments: assignments))
                let former = tasks
                tasks = [:]
                for task in orders.tasks {
                    tasks[task.id] =
                        groups.isHeld
                        ? SiteTaskReport(id: task.id, state: .running, message: "It takes long.")
                        : former[task.id].flatMap { $0.state == .done ? $0 : nil } ?? outcome(of: task, groups)
                }
                assignments = orders.assignments.map { report(on: $0, groups) }
            } catch let failure as ConfigurationFailure where failure.code == .revoked {
                return
            } catch {
                if Task.isCancelled { return }
                throw error
            }
            // Cancellation is the end of the loop.
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    private func heartbeat(_ groups: LiveGroups) -> HeartbeatRequest {
        let now = DateTime(SystemClock().now())
        var beat = HeartbeatRequest(hostName: name, version: "1.0.0", machine: machine, sent: now)
        beat.health = HealthSummary(moment: now, severity: "ok", counts: ["ok": 20], failing: [])
        guard role == .masterTarget else { return beat }
        beat.replication = ["127.0.0.1:9443"]
        beat.capacity = CapacityReport(
            retention: VolumeReport(path: "/mnt/retention", isUsable: true, freeBytes: .gibibytes(500)),
            memoryCeilingBytes: .gibibytes(1))
        beat.groups = groups.all.map { name, group in
            var report = GroupReport(
                name: name, id: "1", state: group.state, underlyingState: group.state, policy: GroupPolicy(),
                senders: [Sample.processServer], fencingToken: group.token, disks: [])
            report.rpoSeconds = 5
            return report
        }
        return beat
    }

    private func outcome(of task: SiteTask, _ groups: LiveGroups) -> SiteTaskReport {
        var report = SiteTaskReport(id: task.id, state: .done)
        let now = DateTime(SystemClock().now())
        let resolved = ResolvedPoint(
            point: PointReport(
                sequence: 812, time: now, kind: .applicationConsistent, accuracy: .exact, label: "nightly",
                losesSeconds: 60))
        switch task.kind {
        case .prepare: groups.change(task.group) { _ in }
        case .recover:
            groups.change(task.group) { $0.state = .recovered }
            report.resolved = resolved
        case .rollback: groups.change(task.group) { $0.state = .protected }
        case .commit: groups.change(task.group) { $0.state = .committed }
        case .points:
            report.points = PointList(
                group: task.group,
                stretches: [
                    StretchReport(
                        firstSequence: 1, lastSequence: 812, firstTime: now, lastTime: now, accuracy: .exact,
                        isBoundariesOnly: false)
                ], bookmarks: [resolved.point], latest: resolved.point)
        case .resolve: report.resolved = resolved
        }
        return report
    }

    private func report(on assignment: SiteAssignment, _ groups: LiveGroups) -> SiteAssignmentReport {
        groups.change(assignment.group) { group in
            group.token = max(group.token, assignment.fencingToken)
            if !assignment.isStopped, group.state != .recovered { group.state = .protected }
        }
        return SiteAssignmentReport(
            group: assignment.group, fencingToken: assignment.fencingToken,
            state: assignment.isStopped ? .stopped : .running)
    }
}
