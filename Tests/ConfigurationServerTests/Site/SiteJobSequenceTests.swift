// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import FoundationEssentials
import StoragePrimitives
import TestSupport
import Testing

/// Random lives of a group: whatever comes in whatever order, the rules of ``SiteJob`` hold.
@Suite(.serialized, .ownThread) struct SiteJobSequenceTests {
    /// SplitMix64: the same sequence for the same seed, everywhere.
    struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private func operation(_ dice: inout Dice) -> SiteOperation {
        let targets = ["sda", "sdb"].map { DiskTarget(machine: "db", disk: $0, target: "wwn:\($0)") }
        switch UInt64.random(in: 0..<6, using: &dice) {
        case 0: return .reprotect(ReprotectRequest())
        case 1: return .reprotect(ReprotectRequest(processServer: Bool.random(using: &dice) ? "ps-3" : "ps-4"))
        case 2: return .reprotect(ReprotectRequest(direction: .forward, targets: targets))
        case 3: return .failover(FailoverRequest(point: .latest, sourceStopped: Bool.random(using: &dice)))
        case 4: return .rollback(RollbackRequest())
        default: return .commit(CommitRequest(dropHistory: true))
        }
    }

    /// What has to hold of every change.
    private func check(_ before: StoredGroup, _ after: StoredGroup, isRetry: Bool, seed: UInt64) throws {
        let comment = Comment("seed \(seed)")
        #expect(after.record.highestToken >= before.record.highestToken, comment)
        guard let job = after.job else { return }
        let order: [SiteJobStep.State: Int] = [.waiting: 0, .running: 1, .done: 2, .skipped: 2, .failed: 2]
        if let former = before.job, former.report.id == job.report.id, !isRetry {
            for (old, new) in zip(former.report.steps, job.report.steps) {
                #expect((order[old.state] ?? 0) <= (order[new.state] ?? 0), comment)
            }
            // A task that is still asked for is the same task.
            if let old = former.task, let new = job.task, former.current == job.current { #expect(old == new, comment) }
        }
        // One step at a time, and none before those in front of it are over.
        let states = job.report.steps.map { order[$0.state] ?? 0 }
        #expect(states == states.sorted(by: >), comment)
        #expect(job.report.steps.count { $0.state == .running } == (job.report.state.isFinal ? 0 : 1), comment)
        // One order for a step, of its kind.
        let kinds: [SiteJobStep.Kind: SiteTask.Kind] = [
            .prepare: .prepare, .recover: .recover, .rollback: .rollback, .commit: .commit,
        ]
        let running = job.report.steps.first { $0.state == .running }?.kind
        #expect(job.task?.kind == running.flatMap { kinds[$0] }, comment)
        #expect(job.report.isCancellable == (!job.report.state.isFinal && !job.isPastReturn), comment)
        #expect(job.report.state.isFinal == (job.report.ended != nil), comment)
        #expect((job.report.failure != nil) == (job.report.state == .failed), comment)
        // What is sent comes with the placement's token.
        if let assignment = after.record.assignment {
            #expect(assignment.fencingToken == after.record.placement?.fencingToken, comment)
        }
        if after.record.placement == nil { #expect(after.told.isEmpty, comment) }
        // A server that was killed here tells the same when it is back.
        let stored = try JSONDecoder().decode(SiteJob.self, from: try JSONEncoder().encode(job))
        let record = try JSONDecoder().decode(GroupRecord.self, from: try JSONEncoder().encode(after.record))
        #expect(StoredGroup(record, stored).told == after.told, comment)
        #expect(stored == job && record == after.record, comment)
    }

    /// From any state a job gets to its end when servers do what they are asked, or fails when they are taken back.
    private func checkWayOut(_ site: Site, _ job: SiteJob, seed: UInt64) {
        var (site, job) = (site, job)
        for _ in 0..<8 where !job.report.state.isFinal {
            if job.task != nil { site.answer(&job) }
            site.send(&job, site.record.assignment?.isStopped == true ? .stopped : .running)
            site.say(.protected, token: site.record.placement?.fencingToken ?? 0)
            site.advance(&job)
        }
        #expect(job.report.state.isFinal, "seed \(seed): \(job.states)")
    }

    private func checkRevoked(_ site: Site, _ job: SiteJob, seed: UInt64) {
        var (site, job) = (site, job)
        for host in Site.masterTargets + Site.processServers { site.changeServer(host) { $0.state = .revoked } }
        let pause = Int64(SiteJob.silenceSeconds) * 1_000_000_000
        site.view.now = DateTime(site.view.now.timestamp.advanced(byNanoseconds: pause))
        site.advance(&job)
        #expect(job.report.state.isFinal, "seed \(seed): \(job.states)")
    }

    @Test(arguments: 0..<10) func `whatever comes, steps do not go back, orders are one, and every state has a way out`(
        block: UInt64
    ) throws {
        var ended: [SiteJobReport.State: Int] = [:]
        for seed in block * 25..<(block + 1) * 25 {
            var dice = Dice(state: seed)
            var site = Site()
            var job: SiteJob?
            for _ in 0..<60 {
                let before = StoredGroup(site.record, job)
                var isRetry = false
                if var current = job, !current.report.state.isFinal {
                    event(&site, &current, &dice)
                    job = current
                } else if var failed = job, failed.report.state == .failed, Bool.random(using: &dice) {
                    isRetry = true
                    var record = site.record
                    var ids: [String] = []
                    for _ in 0..<8 { ids.append(site.makeID()) }
                    do {
                        try failed.retry(&record, in: site.view) { ids.removeFirst() }
                        (site.record, job) = (record, failed)
                    } catch {
                        job = nil
                    }
                } else {
                    _ = site.record.learn(site.view)
                    let wanted = operation(&dice)
                    guard SiteChecks(site.record, site.view).findings(for: wanted).failure == nil else { continue }
                    job = site.begin(wanted)
                }
                try check(before, StoredGroup(site.record, job), isRetry: isRetry, seed: seed)
                if let job, !job.report.state.isFinal {
                    checkWayOut(site, job, seed: seed)
                    checkRevoked(site, job, seed: seed)
                } else if let job {
                    ended[job.report.state, default: 0] += 1
                }
            }
        }
        // The sequences are such that they get somewhere.
        #expect((ended[.done] ?? 0) > 10)
        #expect((ended[.failed] ?? 0) > 10)
        #expect((ended[.cancelled] ?? 0) > 3)
    }

    private func event(_ site: inout Site, _ job: inout SiteJob, _ dice: inout Dice) {
        let token = site.record.placement?.fencingToken ?? 0
        switch UInt64.random(in: 0..<14, using: &dice) {
        case 0: site.advance(&job)
        case 1: site.answer(&job, .running)
        case 2, 3, 4: site.answer(&job)
        case 5: site.answer(&job, .failed, failure: ControlFailure(.refused, "No.", remedy: ""))
        case 6: site.advance(&job, heard: SiteTaskReport(id: "another", state: .done))
        case 7, 8:
            site.send(&job, site.record.assignment?.isStopped == true ? .stopped : .running)
            if job.report.operation.kind == .failover, job.report.state == .done { site.say(.recovered, token: token) }
        case 9: site.send(&job, [.starting, .running, .stopped, .failed].randomElement(using: &dice) ?? .starting)
        case 10: site.say(GroupState.allCases.randomElement(using: &dice) ?? .protected, token: token)
        case 11, 12:
            site.say(.protected, token: token)
            site.advance(&job)
        default:
            var record = site.record
            let id = site.makeID()
            // Past what can be undone it is refused, and nothing changed.
            if (try? job.cancel(&record, in: site.view, by: "bob") { id }) != nil { site.record = record }
        }
        if job.report.operation.kind == .failover, job.report.state == .done { site.say(.recovered, token: token) }
        if job.report.operation.kind == .rollback, job.report.state == .done { site.say(.protected, token: token) }
    }
}
