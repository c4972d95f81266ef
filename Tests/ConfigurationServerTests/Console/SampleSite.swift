// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives
import Synchronization

/// A site in memory: what operators do changes it, and nothing else does. A running job moves one step with each look.
final class SampleSite: SiteService {
    struct State {
        var servers: [ServerReport] = []
        var policies: [String: SitePolicy] = [:]
        var machines: [String: SiteMachine] = [:]
        var groups: [String: SiteGroupReport] = [:]
        var points: [String: PointList] = [:]
        var jobs: [SiteJobReport] = []
        /// What was asked for, with who did.
        var done: [String] = []
        var refusal: SiteFinding?
    }

    let state: Mutex<State>
    let now: Timestamp

    init(_ state: State, now: Timestamp) {
        self.state = Mutex(state)
        self.now = now
    }

    var done: [String] { state.withLock { $0.done } }

    private func find<Value>(_ value: Value?, _ what: String) throws -> Value {
        guard let value else {
            throw ConfigurationFailure(.notFound, "There is no \(what).", remedy: "Look at the list.")
        }
        return value
    }

    func servers() -> ServerList {
        ServerList(
            servers: state.withLock { $0.servers }.map { server in
                var server = server
                server.heartbeat = nil
                return server
            })
    }

    func server(_ hostID: String) throws -> ServerReport {
        try find(state.withLock { $0.servers.first { $0.hostID == hostID } }, "server \"\(hostID)\"")
    }

    func policies() -> SitePolicyList {
        SitePolicyList(policies: state.withLock { $0.policies.values.sorted { $0.name < $1.name } })
    }

    func policy(_ name: String) throws -> SitePolicy {
        try find(state.withLock { $0.policies[name] }, "policy \"\(name)\"")
    }

    func save(_ policy: SitePolicy, by operator: String) {
        state.withLock {
            $0.policies[policy.name] = policy
            $0.done.append("\(`operator`) policy \(policy.name)")
        }
    }

    func deletePolicy(_ name: String, by operator: String) { state.withLock { $0.policies[name] = nil } }

    func machines() -> SiteMachineList {
        SiteMachineList(machines: state.withLock { $0.machines.values.sorted { $0.name < $1.name } })
    }

    func machine(_ name: String) throws -> SiteMachine {
        try find(state.withLock { $0.machines[name] }, "machine \"\(name)\"")
    }

    func save(_ machine: SiteMachine, by operator: String) { state.withLock { $0.machines[machine.name] = machine } }
    func deleteMachine(_ name: String, by operator: String) { state.withLock { $0.machines[name] = nil } }

    func groups() -> SiteGroupList {
        SiteGroupList(groups: state.withLock { $0.groups.values.sorted { $0.group.name < $1.group.name } })
    }

    func group(_ name: String) throws -> SiteGroupReport {
        try find(state.withLock { $0.groups[name] }, "group \"\(name)\"")
    }

    func save(_ group: SiteGroup, by operator: String) throws -> SiteGroupReport { try self.group(group.name) }
    func deleteGroup(_ name: String, by operator: String) { state.withLock { $0.groups[name] = nil } }

    func points(of group: String) throws -> PointList {
        guard let points = state.withLock({ $0.points[group] }) else {
            throw ConfigurationFailure(
                .unavailable, "The master target of \(group) did not answer.", remedy: "Look at its service.")
        }
        return points
    }

    func resolve(_ point: PointReference, of group: String) throws -> ResolvedPoint {
        let points = try points(of: group)
        switch point {
        case .latest: return ResolvedPoint(point: try find(points.latest, "point"))
        case .latestProcessed: return ResolvedPoint(point: try find(points.latestProcessed, "point"))
        case .latestApplicationConsistent:
            return ResolvedPoint(point: try find(points.latestApplicationConsistent, "point"))
        case .bookmark(let label):
            return ResolvedPoint(point: try find(points.bookmarks.first { $0.label == label }, "bookmark \(label)"))
        case .sequence(let number):
            return ResolvedPoint(
                point: try find(points.bookmarks.first { $0.sequence == number }, "point \(number)"))
        case .time(let time):
            let lost = try find(points.latest, "point").time.timestamp.nanoseconds(since: time.timestamp)
            return ResolvedPoint(
                point: PointReport(
                    sequence: 77, time: time, kind: .crashConsistent, accuracy: .exact,
                    losesSeconds: UInt64(max(0, lost) / 1_000_000_000)),
                note: lost < 0 ? "The time is after history; the latest point is taken." : nil)
        }
    }

    func check(_ operation: SiteOperation, on group: String) throws -> SiteFindingList {
        let group = try self.group(group)
        var findings = group.findings
        if let refusal = state.withLock({ $0.refusal }) { findings.insert(refusal, at: 0) }
        return SiteFindingList(findings: findings)
    }

    func begin(
        _ operation: SiteOperation, on group: String, by operator: String
    ) throws -> SiteJobReport {
        let report = try self.group(group)
        return try state.withLock { state in
            if let job = report.job, !job.state.isFinal {
                throw ConfigurationFailure(
                    .conflict, "A job of \(job.requestedBy) works on \(group).", remedy: "Wait for its end.")
            }
            var job = SiteJobReport(
                id: "0c7a1f6e-0000-4000-8000-00000000\(1000 + state.jobs.count)", group: group, operation: operation,
                requestedBy: `operator`, created: DateTime(now),
                steps: [.check, .stopSource, .recover].map { SiteJobStep(kind: $0) })
            job.steps[0].state = .running
            job.steps[0].started = DateTime(now)
            state.jobs.insert(job, at: 0)
            state.groups[group]?.job = job
            state.done.append("\(`operator`) \(operation.kind.rawValue) \(group)")
            return job
        }
    }

    func jobs(of group: String?) -> SiteJobList {
        SiteJobList(jobs: state.withLock { $0.jobs.filter { group == nil || $0.group == group } })
    }

    func job(_ id: String) throws -> SiteJobReport {
        let job = try find(state.withLock { $0.jobs.first { $0.id == id } }, "job \"\(id)\"")
        state.withLock { state in
            guard let index = state.jobs.firstIndex(where: { $0.id == id }) else { return }
            Self.move(&state.jobs[index], now: now)
            if state.groups[job.group]?.job?.id == id {
                state.groups[job.group]?.job = state.jobs[index].state.isFinal ? nil : state.jobs[index]
            }
        }
        return job
    }

    private static func move(_ job: inout SiteJobReport, now: Timestamp) {
        guard job.state == .running, let running = job.steps.firstIndex(where: { $0.state == .running }) else { return }
        if job.steps[running].kind == .recover, (job.steps[running].doneBytes?.rawValue ?? 0) < 60 << 30 {
            job.steps[running].totalBytes = ByteCount.gibibytes(80)
            job.steps[running].doneBytes = ByteCount((job.steps[running].doneBytes?.rawValue ?? 0) + (30 << 30))
            job.steps[running].secondsLeft = 42
            return
        }
        job.steps[running].state = .done
        job.steps[running].ended = DateTime(now)
        if running + 1 < job.steps.count {
            job.steps[running + 1].state = .running
            job.steps[running + 1].started = DateTime(now)
        } else {
            job.state = .done
            job.result = "The disks show the point."
            job.ended = DateTime(now)
            job.isCancellable = false
        }
    }

    func cancelJob(_ id: String, by operator: String) throws -> SiteJobReport {
        try change(id, "\(`operator`) cancel", from: [.running]) { $0.state = .cancelling }
    }

    func retryJob(_ id: String, by operator: String) throws -> SiteJobReport {
        try change(id, "\(`operator`) retry", from: [.failed]) { job in
            job.state = .running
            job.failure = nil
            job.attempt += 1
            for index in job.steps.indices where job.steps[index].state == .failed {
                job.steps[index].state = .running
                job.steps[index].message = nil
            }
        }
    }

    private func change(
        _ id: String, _ words: String, from states: [SiteJobReport.State], _ body: (inout SiteJobReport) -> Void
    ) throws -> SiteJobReport {
        try state.withLock { state in
            guard let index = state.jobs.firstIndex(where: { $0.id == id }), states.contains(state.jobs[index].state)
            else { throw ConfigurationFailure(.conflict, "The job is past that.", remedy: "Look at it.") }
            body(&state.jobs[index])
            state.done.append(words)
            return state.jobs[index]
        }
    }
}
