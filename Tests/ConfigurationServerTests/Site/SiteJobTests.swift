// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives
import Testing

@Suite struct SiteJobTests {
    @Test func `a reprotect places, prepares, assigns and waits for protection`() {
        var site = Site()
        var job = site.begin(.reprotect(ReprotectRequest()))
        #expect(job.states == "done done running waiting waiting")
        #expect(job.task?.kind == .prepare)
        #expect(job.task?.prepare?.sender == Site.processServers[0])
        #expect(job.task?.prepare?.disks.map(\.source) == ["db/sda", "db/sdb"])
        #expect(job.task?.prepare?.disks.map(\.target) == ["wwn:1", "file:/disks/b"])
        #expect(job.task?.prepare?.making == GroupMaking(fencingToken: 1))
        #expect(site.record.assignment == nil)
        site.answer(&job, .running)
        #expect(job.states == "done done running waiting waiting")
        site.answer(&job)
        #expect(job.states == "done done done running waiting")
        #expect(job.task == nil)
        #expect(site.record.assignment?.fencingToken == 2)
        #expect(site.record.assignment?.disks.map(\.source) == ["/dev/sda", "nbd://cloud/sdb"])
        site.send(&job, .starting)
        #expect(job.states == "done done done running waiting")
        site.send(&job, .running)
        #expect(job.states == "done done done done running")
        site.say(.initialSync, token: 2)
        site.advance(&job)
        #expect(job.report.state == .running)
        // Protected by another sender is not what was asked for.
        site.say(.protected, token: 1)
        site.advance(&job)
        #expect(job.report.state == .running)
        site.say(.protected, token: 2)
        site.advance(&job)
        #expect(job.report.state == .done)
        #expect(job.report.result == "The group shop is protected on mt-1.")
        #expect(job.report.ended != nil)
        #expect(!job.report.isCancellable)
    }

    @Test func `a failover stops the source, recovers, and says what it lost`() {
        var site = Site()
        site.reprotect()
        var job = site.begin(.failover(FailoverRequest(point: .latest)))
        #expect(job.states == "done running waiting")
        #expect(site.record.assignment?.isStopped == true)
        #expect(job.report.isCancellable)
        site.send(&job, .running)
        #expect(job.states == "done running waiting")
        site.send(&job, .stopped)
        #expect(job.states == "done done running")
        #expect(!job.report.isCancellable)
        #expect(job.task?.recover?.sourceStopped == true)
        site.answer(&job, resolved: ResolvedPoint(point: Site.point))
        #expect(job.report.state == .done)
        #expect(job.report.result == "The disks show 2027-01-15T07:43:20Z, crash-consistent; 1 min are lost.")
        // Another point, before the commit: nothing has to be stopped again.
        site.say(.recovered, token: 2)
        var again = site.begin(.failover(FailoverRequest(point: .latestApplicationConsistent, targets: .untouched)))
        #expect(again.states == "done skipped running")
        #expect(again.task?.recover?.point == .latestApplicationConsistent)
        #expect(again.task?.recover?.targets == .untouched)
        site.answer(&again)
        #expect(again.report.state == .done)
    }

    @Test func `an operator who says that the sources are stopped is not made to wait`() {
        var site = Site()
        site.reprotect()
        site.changeServer(Site.processServers[0]) { $0.state = .lost }
        let refused = site.begin(.failover(FailoverRequest(point: .latest)))
        #expect(refused.report.state == .failed)
        var job = site.begin(.failover(FailoverRequest(point: .latest, sourceStopped: true)))
        #expect(job.states == "done skipped running")
        #expect(site.record.assignment?.isStopped == true)
        // Nobody knows what it had and did not send.
        var newest = Site.point
        newest.losesSeconds = 0
        site.answer(&job, resolved: ResolvedPoint(point: newest))
        #expect(job.report.result?.hasSuffix("; nothing that was received is lost.") == true)
    }

    @Test func `a process server that falls silent while it stops fails the job, and sends again when it is back`() {
        var site = Site()
        site.reprotect()
        var job = site.begin(.failover(FailoverRequest(point: .latest)))
        site.changeServer(Site.processServers[0]) { $0.state = .lost }
        site.advance(&job)
        #expect(job.report.state == .running)
        let pause = Int64(SiteJob.silenceSeconds) * 1_000_000_000
        site.view.now = DateTime(site.view.now.timestamp.advanced(byNanoseconds: pause))
        site.advance(&job)
        #expect(job.report.state == .failed)
        #expect(job.report.failure?.code == .unavailable)
        #expect(site.record.assignment?.isStopped == false)
        #expect(site.record.assignment?.fencingToken == 3)
    }

    @Test func `a rollback sends again with a greater token, and a commit lets the group go`() {
        var site = Site()
        site.reprotect()
        site.failover()
        var back = site.begin(.rollback(RollbackRequest(targets: .untouched)))
        #expect(back.states == "done running waiting")
        site.answer(&back)
        #expect(site.record.assignment?.isStopped == false)
        #expect(site.record.placement?.fencingToken == 3)
        site.send(&back, .running)
        #expect(back.report.state == .done)
        site.say(.protected, token: 3)
        site.failover()
        let unsaid = site.begin(.commit(CommitRequest(dropHistory: false)))
        #expect(unsaid.report.state == .failed)
        var commit = site.begin(.commit(CommitRequest(dropHistory: true)))
        #expect(commit.states == "done running waiting")
        site.answer(&commit)
        #expect(commit.report.state == .done)
        #expect(site.record.placement == nil)
        #expect(site.record.assignment == nil)
        #expect(site.record.committed == .failback)
        #expect(site.record.onSite.map(\.target) == ["wwn:1", "file:/disks/b"])
        #expect(site.record.highestToken == 3)
        #expect(site.record.commits == [Site.masterTargets[0]: ["1"]])
        // What made it again knows of that commit, and keeps the former sender out.
        let again = site.begin(.reprotect(ReprotectRequest(targetsAreUnused: true)))
        let making = GroupMaking(knownCommits: ["1"], targetsAreUnused: true, fencingToken: 4)
        #expect(again.task?.prepare?.making == making)
    }

    @Test func `after a commit it is protected in the other direction, from the disks on site`() {
        var site = Site()
        let targets = [
            DiskTarget(machine: "db", disk: "sda", target: "wwn:8"),
            DiskTarget(machine: "db", disk: "sdb", target: "wwn:9"),
        ]
        let early = site.begin(.reprotect(ReprotectRequest(direction: .forward, targets: targets)))
        #expect(early.report.failure?.message.contains("nothing on site") == true)
        site.reprotect()
        site.failover()
        var commit = site.begin(.commit(CommitRequest(dropHistory: true)))
        site.answer(&commit)
        site.say(.committed, token: 2, at: Site.masterTargets[0])
        let unnamed = site.begin(.reprotect(ReprotectRequest(direction: .forward)))
        #expect(unnamed.report.state == .failed)
        // It would be read from and written to.
        site.view.accepted["shop"] = site.record.former.first
        let own = targets.map {
            DiskTarget(machine: $0.machine, disk: $0.disk, target: $0.disk == "sda" ? "wwn:1" : "x")
        }
        let onItself = site.begin(.reprotect(ReprotectRequest(direction: .forward, masterTarget: "mt-1", targets: own)))
        #expect(onItself.report.failure?.message.contains("wwn:1 is the target of sda of db") == true)
        var job = site.begin(.reprotect(ReprotectRequest(direction: .forward, targets: targets)))
        #expect(job.task?.prepare?.disks.map(\.target) == ["wwn:8", "wwn:9"])
        site.answer(&job)
        #expect(site.record.assignment?.disks.map(\.source) == ["wwn:1", "/disks/b"])
        // It runs on these disks: they are not written to.
        site.view.machines[0].facts?.isPoweredOff = nil
        site.record.unplace()
        let back = site.begin(.reprotect(ReprotectRequest()))
        #expect(back.report.failure?.message.contains("disks it runs on") == true)
    }

    @Test func `a cancelled reprotect ends what it began, and says what stays`() throws {
        var site = Site()
        var job = site.begin(.reprotect(ReprotectRequest()))
        site.answer(&job)
        #expect(site.record.assignment != nil)
        var record = site.record
        try job.cancel(&record, in: site.view, by: "bob") { "x" }
        #expect(job.report.state == .cancelled)
        #expect(record.placement == nil)
        #expect(record.assignment == nil)
        #expect(record.highestToken == 2)
        #expect(job.report.result?.contains("stays there") == true)
        #expect(job.report.result?.hasPrefix("bob ended it.") == true)
        #expect(throws: ConfigurationFailure.self) { try job.cancel(&record, in: site.view, by: "bob") { "x" } }
        // What stayed there is gone on with, though more room is elsewhere.
        site.record = record
        site.say(.initialSync, token: 2, at: Site.masterTargets[0])
        let again = site.begin(.reprotect(ReprotectRequest()))
        #expect(again.placement?.masterTarget == Site.masterTargets[0])
    }

    @Test func `a reprotect that fails puts the former placement back, and its retry goes on from the failed step`()
        throws
    {
        var site = Site()
        site.reprotect()
        let former = site.record.placement
        var job = site.begin(.reprotect(ReprotectRequest(processServer: "ps-4")))
        #expect(site.record.assignment == nil)
        site.answer(&job, .failed, failure: ControlFailure(.refused, "A preview is open.", remedy: "Stop it."))
        #expect(job.report.state == .failed)
        #expect(job.report.failure?.message == "The master target mt-1: A preview is open.")
        #expect(site.record.placement?.processServer == former?.processServer)
        #expect(site.record.assignment?.fencingToken == 4)
        #expect(site.record.settle?.prepare?.sender == former?.processServer)
        let first = job
        var (record, count) = (site.record, 0)
        try job.retry(&record, in: site.view) {
            count += 1
            return "retry-\(count)"
        }
        #expect(job.report.attempt == 2)
        #expect(job.states == "done done running waiting waiting")
        #expect(job.task?.id == "retry-1")
        #expect(record.placement?.processServer == Site.processServers[1])
        #expect(record.settle == nil)
        // What changed meanwhile is not run over.
        var other = first
        var changed = site.record
        site.view.machines[0].facts?.isPoweredOff = false
        let refusal = #expect(throws: ConfigurationFailure.self) {
            try other.retry(&changed, in: site.view) { "x" }
        }
        #expect(refusal?.message.contains("not powered off") == true)
        site.view.machines[0].facts?.isPoweredOff = true
        site.view.machines[0].disks.removeLast()
        #expect(throws: ConfigurationFailure.self) { try other.retry(&changed, in: site.view) { "x" } }
    }

    @Test func `a recover that failed leaves replication stopped, and can be retried or rolled back`() throws {
        var site = Site()
        site.reprotect()
        var job = site.begin(.failover(FailoverRequest(point: .latest)))
        site.send(&job, .stopped)
        let first = job.task?.id
        #expect(throws: ConfigurationFailure.self) {
            var record = site.record
            try job.cancel(&record, in: site.view, by: "bob") { "x" }
        }
        site.answer(
            &job, .failed, failure: ControlFailure(.notConfirmed, "The point is not exact.", remedy: "Accept it."))
        #expect(job.report.state == .failed)
        #expect(site.record.assignment?.isStopped == true)
        var record = site.record
        try job.retry(&record, in: site.view) { "again" }
        #expect(job.states == "done done running")
        #expect(job.task?.id == "again")
        #expect(job.task?.id != first)
    }

    @Test func `a server that was taken back fails what waits for it`() {
        var site = Site()
        site.reprotect()
        var job = site.begin(.failover(FailoverRequest(point: .latest)))
        site.send(&job, .stopped)
        site.changeServer(Site.masterTargets[0]) { $0.state = .revoked }
        site.advance(&job)
        #expect(job.report.state == .failed)
        #expect(job.report.failure?.code == .revoked)
        // The pin ends with it.
        let other = site.begin(.reprotect(ReprotectRequest()))
        #expect(other.placement?.masterTarget == Site.masterTargets[1])
    }

    @Test func `tokens are greater than any that was seen, and a token without a greater one is refused`() {
        var site = Site()
        site.reprotect()
        site.say(.protected, token: 41)
        var job = site.begin(.reprotect(ReprotectRequest()))
        site.answer(&job)
        #expect(site.record.placement?.fencingToken == 43)
        site.say(.protected, token: .max)
        let last = site.begin(.reprotect(ReprotectRequest()))
        #expect(last.report.state == .failed)
        #expect(last.report.failure?.message.contains("beyond which none is given") == true)
    }

    @Test func `what an operator said of the disks is not said again by a retry`() throws {
        var site = Site()
        var job = site.begin(.reprotect(ReprotectRequest(targetsAreUnused: true)))
        #expect(job.task?.prepare?.making?.targetsAreUnused == true)
        site.answer(&job, .failed, failure: ControlFailure(.unavailable, "No volume.", remedy: "Mount it."))
        var record = site.record
        try job.retry(&record, in: site.view) { "again" }
        #expect(job.task?.prepare?.making?.targetsAreUnused == false)
    }

    @Test func `a disk that another group was accepted on is refused wherever it is attached, and a file where it is`()
    {
        var site = Site()
        let own = site.view.disks.map {
            DiskTarget(machine: $0.machine.name, disk: $0.disk.id, target: $0.disk.original ?? "")
        }
        var other = SitePlacement(
            direction: .failback, masterTarget: Site.masterTargets[1], processServer: "", fencingToken: 0, targets: own)
        for (index, isRefused) in [(0, true), (1, false)] {
            other.targets = [own[index]]
            site.view.accepted["other"] = other
            let job = site.begin(.reprotect(ReprotectRequest(masterTarget: "mt-1")))
            #expect((job.report.failure?.message.contains("in the group other") == true) == isRefused, "\(own[index])")
            site.record.unplace()
        }
    }

    @Test func `a rollback at the master target is learned, and what was stopped is sent again`() {
        var site = Site()
        site.reprotect()
        site.failover()
        #expect(site.record.assignment?.isStopped == true)
        // Such a heartbeat may have been under way while the disks were recovered.
        site.say(.protected, token: 2)
        let early = site.learn()
        #expect(!early)
        let pause = GroupRecord.underWaySeconds * 1_000_000_000
        site.view.now = DateTime(site.view.now.timestamp.advanced(byNanoseconds: pause))
        site.say(.protected, token: 2)
        let late = site.learn()
        #expect(late)
        #expect(site.record.assignment?.isStopped == false)
        #expect(site.record.assignment?.fencingToken == 3)
        let again = site.learn()
        #expect(!again)
        // Also what was recovered there.
        site.say(.recovered, token: 3)
        let recovered = site.learn()
        #expect(recovered)
        #expect(site.record.assignment?.isStopped == true)
        site.view.now = DateTime(site.view.now.timestamp.advanced(byNanoseconds: pause))
        site.say(.resyncing, token: 3)
        let returned = site.learn()
        #expect(returned)
        #expect(site.record.assignment?.isStopped == false)
        #expect(site.record.assignment?.fencingToken == 4)
    }

    @Test func `disks that show a recovered point are not written to elsewhere because their master target is gone`() {
        var site = Site()
        site.reprotect()
        site.failover()
        site.changeServer(Site.masterTargets[0]) { $0.state = .revoked }
        let other = site.begin(.reprotect(ReprotectRequest()))
        #expect(other.report.failure?.message.contains("show a point that was recovered") == true)
    }

    @Test func `what the master target said before a job ended does not count against what came of it`() {
        var site = Site()
        site.reprotect()
        var job = site.begin(.failover(FailoverRequest(point: .latest)))
        site.send(&job, .stopped)
        site.answer(&job)
        // Its heartbeat still says protected: that was before.
        #expect(
            SiteChecks(site.record, site.view).findings(for: .commit(CommitRequest(dropHistory: true))).failure == nil)
        site.say(.recovered, token: 1)
        var back = site.begin(.rollback(RollbackRequest(targets: .untouched)))
        site.answer(&back)
        site.send(&back, .running)
        #expect(back.report.state == .done)
        // And now it still says recovered: the source is stopped all the same.
        let again = site.begin(.failover(FailoverRequest(point: .latest)))
        #expect(again.states == "done running waiting")
        #expect(site.record.assignment?.isStopped == true)
    }
}
