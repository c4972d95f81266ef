// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives

/// A site of values: two master targets, two process servers, one group of a machine with two disks.
struct Site {
    static let masterTargets = ["0f8fad5b-d9cb-469f-a165-111111111111", "0f8fad5b-d9cb-469f-a165-222222222222"]
    static let processServers = ["0f8fad5b-d9cb-469f-a165-333333333333", "0f8fad5b-d9cb-469f-a165-444444444444"]
    static let group = SiteGroup(name: "shop", machines: ["db"])

    var view: SiteView
    var record: GroupRecord
    private var ids = 0

    init() {
        let now = DateTime(.seconds(1_800_000_000))
        var facts = SiteFacts()
        facts.hasSnapshots = false
        facts.isPoweredOff = true
        facts.isDatastoreWritable = true
        facts.isAccountReadOnly = false
        facts.isFreeEdition = false
        let machine = SiteMachine(
            name: "db",
            disks: [
                SiteDisk(id: "sda", sizeBytes: .gibibytes(20), source: "/dev/sda", original: "wwn:1"),
                SiteDisk(id: "sdb", sizeBytes: .gibibytes(80), source: "nbd://cloud/sdb", original: "file:/disks/b"),
            ], facts: facts)
        view = SiteView(now: now, policy: SitePolicy(name: "default"), machines: [machine], servers: [])
        record = GroupRecord(group: Self.group, changed: now)
        for host in Self.masterTargets { view.servers.append(Self.server(host, .masterTarget, now)) }
        for host in Self.processServers { view.servers.append(Self.server(host, .processServer, now)) }
    }

    static func server(_ hostID: String, _ role: HostRole, _ now: DateTime) -> ServerReport {
        let machine = MachineFingerprint(machineID: HexBytes(Array(repeating: 1, count: 16)))
        let name = "\(role == .masterTarget ? "mt" : "ps")-\(hostID.last ?? "0")"
        var server = ServerReport(
            hostID: hostID, role: role, hostName: name, version: "1.0.0", state: .online, enrolled: now, serial: "01",
            certificateExpires: now, machine: machine, address: "192.0.2.1")
        server.lastSeen = now
        server.health = "ok"
        server.heartbeat = HeartbeatRequest(
            hostName: name, version: "1.0.0", machine: machine, sent: now,
            capacity: role != .masterTarget
                ? nil
                : CapacityReport(
                    retention: VolumeReport(path: "/mnt/retention", isUsable: true, freeBytes: .gibibytes(500)),
                    memoryCeilingBytes: .gibibytes(1)))
        return server
    }

    mutating func changeServer(_ hostID: String, _ change: (inout ServerReport) -> Void) {
        guard let place = view.servers.firstIndex(where: { $0.hostID == hostID }) else { return }
        change(&view.servers[place])
    }

    /// The master target says this of the group from now on.
    mutating func say(_ state: GroupState, token: UInt64, at hostID: String? = nil) {
        view.now = DateTime(view.now.timestamp.advanced(byNanoseconds: 1_000_000_000))
        let (now, name) = (view.now, record.group.name)
        changeServer(hostID ?? record.placement?.masterTarget ?? Self.masterTargets[0]) { server in
            var report = GroupReport(
                name: name, id: "1", state: state, underlyingState: state, policy: GroupPolicy(), senders: [],
                fencingToken: token, disks: [])
            report.rpoSeconds = 5
            server.heartbeat?.groups = [report]
            server.groupCount = 1
            server.lastSeen = now
        }
    }

    mutating func makeID() -> String {
        ids += 1
        return "00000000-0000-4000-8000-" + String("000000000000\(ids)".suffix(12))
    }

    /// Begins a job, as the desk does.
    mutating func begin(_ operation: SiteOperation) -> SiteJob {
        var job = SiteJob(
            id: makeID(), group: record.group.name, operation: operation, requestedBy: "alice", created: view.now)
        advance(&job)
        return job
    }

    mutating func advance(_ job: inout SiteJob, heard: SiteTaskReport? = nil) {
        var (record, count) = (record, ids)
        job.advance(&record, in: view, heard: heard) {
            count += 1
            return "00000000-0000-4000-8000-" + String("000000000000\(count)".suffix(12))
        }
        (self.record, ids) = (record, count)
    }

    /// The master target answers what it is asked.
    mutating func answer(
        _ job: inout SiteJob, _ state: SiteTaskReport.State = .done, failure: ControlFailure? = nil,
        resolved: ResolvedPoint? = nil
    ) {
        var report = SiteTaskReport(id: job.task?.id ?? "", state: state, failure: failure)
        report.resolved = resolved
        advance(&job, heard: report)
    }

    /// The process server says this, with the token that it was given.
    mutating func send(_ job: inout SiteJob, _ state: SiteAssignmentReport.State) {
        let token = record.placement?.fencingToken ?? 0
        _ = record.heard(SiteAssignmentReport(group: record.group.name, fencingToken: token, state: state))
        advance(&job)
    }

    mutating func learn() -> Bool { record.learn(view) }
    mutating func hear(_ report: SiteAssignmentReport) -> Bool { record.heard(report) }

    /// A reprotect from its beginning to its end.
    @discardableResult mutating func reprotect(_ request: ReprotectRequest = ReprotectRequest()) -> SiteJob {
        var job = begin(.reprotect(request))
        answer(&job)
        send(&job, .running)
        say(.protected, token: record.placement?.fencingToken ?? 0)
        advance(&job)
        return job
    }

    /// A failover to the latest point, from its beginning to its end.
    @discardableResult mutating func failover(_ request: FailoverRequest = FailoverRequest(point: .latest)) -> SiteJob {
        var job = begin(.failover(request))
        send(&job, .stopped)
        answer(&job, resolved: ResolvedPoint(point: Self.point))
        say(.recovered, token: record.placement?.fencingToken ?? 0)
        return job
    }

    static let point = PointReport(
        sequence: 7, time: DateTime(.seconds(1_799_999_000)), kind: .crashConsistent, accuracy: .exact, losesSeconds: 60
    )
}

extension SiteJob {
    /// The states of its steps, in short: `done done running waiting`.
    var states: String { report.steps.map(\.state.rawValue).joined(separator: " ") }
}
