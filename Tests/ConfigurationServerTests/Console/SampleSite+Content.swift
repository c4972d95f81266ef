// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives

extension SampleSite {
    static let failedJob = "5d0f6a0e-7f43-4b52-9c3e-1f6a40c1b001"
    static let runningJob = "5d0f6a0e-7f43-4b52-9c3e-1f6a40c1b002"
    static let masterTarget = "0f8fad5b-d9cb-469f-a165-111111111111"

    /// A site on an ordinary bad day.
    ///
    /// - Parameter hostile: What is put into every text that may have anything in it.
    static func content(now: Timestamp, hostile: String = "") -> State {
        var state = State()
        func ago(_ seconds: Int64) -> DateTime { DateTime(now.advanced(byNanoseconds: -seconds * 1_000_000_000)) }
        var gold = SitePolicy(name: "gold")
        gold.failback.rpoThresholdSeconds = 300
        gold.failback.retentionSeconds = 3 * 86400
        gold.failback.quotaBytes = 500 << 30
        let standard = SitePolicy(name: SitePolicy.defaultName)
        state.policies = ["gold": gold, standard.name: standard]
        state.servers = servers(ago, hostile)
        func add(
            _ name: String, _ machines: [String], _ policy: SitePolicy, _ groupState: GroupState?, rpo: UInt64?,
            _ change: (inout SiteGroupReport) -> Void = { _ in }
        ) {
            var group = SiteGroupReport(group: SiteGroup(name: name, machines: machines), policy: policy)
            for machine in machines { state.machines[machine] = self.machine(machine, hostile) }
            if let groupState {
                group.placement = SitePlacement(
                    direction: .failback, masterTarget: masterTarget, processServer: "ps", fencingToken: 7,
                    targets: machines.map {
                        DiskTarget(
                            machine: $0, disk: "scsi0:0", target: "wwn-0x600508b1001c\($0.utf8.count)a3d\(hostile)")
                    })
                group.masterTargetName = "mt-berlin-1"
                group.processServerName = "ps-frankfurt-1"
                var report = GroupReport.sample(name, rpoSeconds: rpo)
                report.state = groupState
                report.isSenderConnected = groupState != .degraded
                report.retention = GroupRetentionReport(
                    usedBytes: .gibibytes(212), quotaBytes: policy.failback.quotaBytes.map { ByteCount($0) },
                    oldest: ago(86400))
                report.disks = machines.enumerated().map { index, machine in
                    DiskReport(
                        number: DiskNumber(UInt16(index)), source: "scsi0:0",
                        target: group.placement?.targets[index].target ?? "", sizeBytes: .gibibytes(80),
                        content: groupState == .initialSync ? "initialSync" : "differential")
                }
                group.report = report
                group.reported = ago(4)
            }
            group.rpoSeconds = rpo
            group.isBeyondRPO = (rpo ?? 0) > policy.failback.rpoThresholdSeconds
            change(&group)
            state.groups[name] = group
        }
        add("crm", ["crm-db-1", "crm-app-1", "crm-app-2"], gold, .protected, rpo: 12)
        add("erp", ["erp-db-1"], standard, .recovered, rpo: 640) {
            $0.report?.recoveredPoint = "before-month-end\(hostile)"
        }
        add("intranet", ["web-1", "web-2"], standard, .degraded, rpo: 1410) { group in
            group.report?.cause = "The process server ps-frankfurt-1 is not connected.\(hostile)"
            group.report?.remedy = "Look at its service, and at the way to mt-berlin-1, port 9443."
            group.findings = [
                SiteFinding(
                    rule: "rpo", severity: .warning,
                    message:
                        "The newest durable change of intranet is 23 min 30 s old; its policy allows 15 min.\(hostile)",
                    remedy: "Look at the process server ps-frankfurt-1.\(hostile)")
            ]
        }
        add("mail", ["mail-1"], standard, .initialSync, rpo: nil)
        add("build", ["build-1"], standard, nil, rpo: nil)
        for name in ["crm", "erp"] { state.points[name] = points(of: name, ago, hostile) }
        state.jobs = jobs(ago, hostile)
        state.groups["mail"]?.job = state.jobs.first { $0.id == runningJob }
        return state
    }

    private static func machine(_ name: String, _ hostile: String) -> SiteMachine {
        var facts = SiteFacts()
        facts.isPoweredOff = true
        facts.hasSnapshots = false
        return SiteMachine(
            name: name,
            disks: [
                SiteDisk(
                    id: "scsi0:0", sizeBytes: .gibibytes(80), source: "nbd://ps-frankfurt-1/\(name)/0\(hostile)",
                    original: name == "build-1" ? nil : "wwn-0x600508b1001c\(name.utf8.count)a3d\(hostile)")
            ], facts: facts)
    }

    private static func servers(_ ago: (Int64) -> DateTime, _ hostile: String) -> [ServerReport] {
        func server(
            _ hostID: String, _ role: HostRole, _ name: String, _ state: ServerState, seen: Int64
        ) -> ServerReport {
            let machine = MachineFingerprint(machineID: HexBytes(Array(repeating: 7, count: 16)))
            var server = ServerReport(
                hostID: hostID, role: role, hostName: name, version: "1.0.0", state: state, enrolled: ago(40 * 86400),
                serial: "0a", certificateExpires: ago(-50 * 86400), machine: machine, address: "192.0.2.17")
            server.lastSeen = ago(seen)
            server.health = "ok"
            server.groupCount = 2
            server.worstRPOSeconds = 640
            var heartbeat = HeartbeatRequest(
                hostName: name, version: "1.0.0", machine: machine, sent: ago(seen),
                health: HealthSummary(moment: ago(30), severity: "ok", counts: ["ok": 24], failing: []))
            if role == .masterTarget {
                heartbeat.capacity = CapacityReport(
                    retention: VolumeReport(
                        path: "/var/lib/master-target/retention\(hostile)", isUsable: true, freeBytes: .gibibytes(1400)),
                    memoryCeilingBytes: .mebibytes(512))
                heartbeat.groups = [.sample("crm", rpoSeconds: 12), .sample("erp", rpoSeconds: 640)]
            }
            server.heartbeat = heartbeat
            return server
        }
        var berlin = server(masterTarget, .masterTarget, "mt-berlin-1", .online, seen: 4)
        berlin.health = "warning"
        berlin.heartbeat?.health = HealthSummary(
            moment: ago(30), severity: "warning", counts: ["ok": 22, "warning": 2],
            failing: [
                .init(
                    check: "retention.space", severity: "warning",
                    sentence: "The retention volume is 86 % full; at this rate it is full in 19 h.\(hostile)",
                    remedy: "Make it larger, or shorten the history of a group.\(hostile)"),
                .init(
                    check: "multipath.paths", severity: "warning",
                    sentence: "The disk wwn-0x600508b1001c2a3d has 1 of 2 paths.\(hostile)", remedy: nil),
            ], waived: ["time.source": "There is no time server in this network.\(hostile)"])
        var frankfurt = server(
            "0f8fad5b-d9cb-469f-a165-333333333333", .processServer, "ps-frankfurt-1", .lost, seen: 1420)
        frankfurt.health = nil
        return [
            berlin,
            server("0f8fad5b-d9cb-469f-a165-222222222222", .masterTarget, "mt-berlin-2", .online, seen: 7),
            frankfurt,
            server("0f8fad5b-d9cb-469f-a165-444444444444", .processServer, "ps-frankfurt-2", .online, seen: 2),
        ]
    }

    private static func points(of group: String, _ ago: (Int64) -> DateTime, _ hostile: String) -> PointList {
        func stretch(
            _ from: Int64, _ to: Int64, _ accuracy: PointAccuracy = .exact, coarse: Bool = false
        ) -> StretchReport {
            StretchReport(
                firstSequence: UInt64(100_000 - from), lastSequence: UInt64(100_000 - to), firstTime: ago(from),
                lastTime: ago(to), accuracy: accuracy, isBoundariesOnly: coarse)
        }
        func point(_ seconds: Int64, _ kind: PointReport.Kind, _ label: String?) -> PointReport {
            PointReport(
                sequence: UInt64(100_000 - seconds), time: ago(seconds), kind: kind, accuracy: .exact, label: label,
                id: nil, losesSeconds: UInt64(seconds - 12))
        }
        let hourly = stride(from: Int64(23), through: 1, by: -1).map {
            point($0 * 3600 - 900, .applicationConsistent, nil)
        }
        let named = [
            point(30_000, .crashConsistent, "before-month-end\(hostile)"),
            point(9_000, .applicationConsistent, "after patch 4.2 <b>of</b> the database\(hostile)"),
        ]
        return PointList(
            group: group,
            stretches: [
                stretch(86400, 60000, coarse: true), stretch(60000, 41000), stretch(38000, 21000, .approximate),
                stretch(21000, 12),
            ], bookmarks: (hourly + named).sorted { $0.time < $1.time }, latest: point(12, .crashConsistent, nil),
            latestProcessed: point(31, .crashConsistent, nil), latestApplicationConsistent: hourly.last)
    }

    private static func jobs(_ ago: (Int64) -> DateTime, _ hostile: String) -> [SiteJobReport] {
        var running = SiteJobReport(
            id: runningJob, group: "mail", operation: .reprotect(ReprotectRequest()), requestedBy: "alice",
            created: ago(4000),
            steps: [.check, .place, .prepare, .assign, .synchronise].map { SiteJobStep(kind: $0) })
        for index in 0..<4 {
            running.steps[index].state = .done
            running.steps[index].started = ago(4000 - Int64(index) * 3)
            running.steps[index].ended = ago(3998 - Int64(index) * 3)
        }
        running.steps[1].message = "mt-berlin-1 and ps-frankfurt-2 were chosen.\(hostile)"
        running.steps[4].state = .running
        running.steps[4].started = ago(3980)
        running.steps[4].doneBytes = .gibibytes(51)
        running.steps[4].totalBytes = .gibibytes(80)
        running.steps[4].secondsLeft = 2240
        var failed = SiteJobReport(
            id: failedJob, group: "intranet",
            operation: .failover(FailoverRequest(point: .latestApplicationConsistent)), requestedBy: "bob\(hostile)",
            created: ago(900), steps: [.check, .stopSource, .recover].map { SiteJobStep(kind: $0) })
        failed.state = .failed
        failed.ended = ago(600)
        failed.steps[0].state = .done
        failed.steps[0].started = ago(900)
        failed.steps[0].ended = ago(899)
        failed.steps[1].state = .failed
        failed.steps[1].started = ago(899)
        failed.steps[1].ended = ago(600)
        failed.steps[1].message = "ps-frankfurt-1 did not say that the sources are stopped.\(hostile)"
        failed.failure = ConfigurationFailure(
            .unavailable, "The process server ps-frankfurt-1 did not say within 5 min that it stopped.\(hostile)",
            remedy: "Stop the source machines, and fail over saying so.\(hostile)")
        failed.isCancellable = false
        var done = SiteJobReport(
            id: "5d0f6a0e-7f43-4b52-9c3e-1f6a40c1b003", group: "erp",
            operation: .failover(FailoverRequest(point: .bookmark("before-month-end\(hostile)"))), requestedBy: "alice",
            created: ago(7200), steps: [])
        done.state = .done
        done.ended = ago(7000)
        done.result = "The disks show before-month-end.\(hostile)"
        done.isCancellable = false
        return [failed, running, done]
    }
}
