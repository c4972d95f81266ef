// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Logging
import SQLStorage
import StoragePrimitives
import Synchronization
import TestSupport
import Testing

@Suite struct SiteDeskTests {
    @Test func `a group is protected, failed over, rolled back, committed and protected forward`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        #expect(try await site.protect().state == .done)
        #expect(try await site.orders().tasks.isEmpty)
        let assignment = try #require(try await site.orders(TestDesk.processServer).assignments.first)
        #expect(assignment.masterTargets == ["192.0.2.1:9443"])
        #expect(assignment.masterTargetID == TestDesk.masterTarget)
        let failover = try await site.desk.begin(.failover(FailoverRequest(point: .latest)), on: "shop", by: "alice")
        #expect(try await site.orders(TestDesk.processServer).assignments.first?.isStopped == true)
        try await site.send(.stopped, token: assignment.fencingToken)
        let recover = try #require(try await site.orders().tasks.first)
        var done = SiteTaskReport(id: recover.id, state: .done)
        done.resolved = ResolvedPoint(point: Site.point)
        try await site.answer(done)
        #expect(try await site.desk.job(failover.id).state == .done)
        try await site.say(.recovered, token: assignment.fencingToken)
        let commit = try await site.desk.begin(.commit(CommitRequest(dropHistory: true)), on: "shop", by: "alice")
        let task = try #require(try await site.orders().tasks.first)
        try await site.answer(SiteTaskReport(id: task.id, state: .done))
        #expect(try await site.desk.job(commit.id).state == .done)
        #expect(try await site.orders(TestDesk.processServer).assignments.isEmpty)
        #expect(try await site.desk.group("shop").placement == nil)
        #expect(try await site.desk.jobs(of: "shop").jobs.map(\.operation.kind) == [.commit, .failover, .reprotect])
        #expect(try await site.desk.jobs(of: nil).jobs.count == 3)
        #expect(try await site.desk.jobs(of: "none").jobs.isEmpty)
    }

    @Test(arguments: DatabaseEngine.available)
    func `two operators at once: one wins, the other is told whose job it is`(engine: DatabaseEngine) async throws {
        let (folder, url) = (try TestFolder(), try await engine.url())
        let one = try await TestDesk(folder: folder, url: url)
        try await one.setUp()
        _ = try await one.protect()
        // Another instance on the same database.
        let two = try await TestDesk(folder: folder, directory: one.directory, url: url)
        let outcomes = await withTaskGroup(of: Result<SiteJobReport, ConfigurationFailure>.self) { group in
            for number in 0..<16 {
                let desk = number.isMultiple(of: 2) ? one.desk : two.desk
                group.addTask {
                    do {
                        let request = FailoverRequest(point: .latest)
                        return .success(try await desk.begin(.failover(request), on: "shop", by: "operator-\(number)"))
                    } catch let failure as ConfigurationFailure {
                        return .failure(failure)
                    } catch {
                        return .failure(ConfigurationFailure(.internalFailure, "\(error)", remedy: ""))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.compactMap { try? $0.get() }
        #expect(winners.count == 1)
        let winner = try #require(winners.first?.requestedBy)
        for case .failure(let failure) in outcomes {
            #expect(failure.code == .conflict)
            #expect(failure.message.contains("\(winner) began a failover of shop"), "\(failure)")
        }
    }

    @Test func `a server that was killed says the same when it is back`() async throws {
        let folder = try TestFolder()
        var site = try await TestDesk(folder: folder)
        try await site.setUp()
        let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
        let before = try await site.orders()
        site = try await TestDesk(folder: folder, directory: site.directory)
        #expect(try await site.orders() == before)
        try await site.answer(SiteTaskReport(id: before.tasks[0].id, state: .done))
        let assigned = try await site.orders(TestDesk.processServer)
        site = try await TestDesk(folder: folder, directory: site.directory)
        #expect(try await site.orders(TestDesk.processServer) == assigned)
        // What was answered is not asked again, and an answer that comes twice is one.
        try await site.answer(SiteTaskReport(id: before.tasks[0].id, state: .failed))
        #expect(try await site.desk.job(job.id).state == .running)
        #expect(try await site.desk.job(job.id).steps.map(\.state) == [.done, .done, .done, .running, .waiting])
    }

    @Test(arguments: DatabaseEngine.available)
    func `a long poll ends with a change at once, also when another instance made it`(
        engine: DatabaseEngine
    ) async throws {
        let (folder, url) = (try TestFolder(), try await engine.url())
        let one = try await TestDesk(folder: folder, url: url)
        let two = try await TestDesk(folder: folder, directory: one.directory, url: url)
        try await one.setUp()
        let ticking = Task { await two.desk.run() }
        for desk in [one, two] {
            let revision = try await desk.orders().revision
            async let waiting = desk.desk.exchange(
                SiteExchange(revision: revision, waitSeconds: 25), of: TestDesk.masterTarget, role: .masterTarget,
                longest: .seconds(25))
            let began = ContinuousClock.now
            let job = try await one.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
            #expect(try await waiting.tasks.map(\.kind) == [.prepare])
            #expect(ContinuousClock.now - began < .seconds(10))
            _ = try await one.desk.cancelJob(job.id, by: "alice")
            #expect(try await one.orders().tasks.isEmpty)
            #expect(try await one.orders().revision == revision)
        }
        ticking.cancel()
        await ticking.value
    }

    @Test func `when a server ends, those who wait are let go, and nobody waits any more`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        let exchange = SiteExchange(revision: try await site.orders().revision, waitSeconds: 25)
        let ticking = Task { await site.desk.run() }
        let began = ContinuousClock.now
        async let early = site.desk.exchange(
            exchange, of: TestDesk.masterTarget, role: .masterTarget, longest: .seconds(25))
        ticking.cancel()
        await ticking.value
        #expect(try await early.revision == exchange.revision)
        let late = try await site.desk.exchange(
            exchange, of: TestDesk.masterTarget, role: .masterTarget, longest: .seconds(25))
        #expect(late.revision == exchange.revision)
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func `of many that wait for one server the oldest are let go`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        let revision = try await site.orders().revision
        let exchange = SiteExchange(revision: revision, waitSeconds: 25)
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    _ = try await site.desk.exchange(
                        exchange, of: TestDesk.masterTarget, role: .masterTarget, longest: .seconds(25))
                }
            }
            for _ in 0..<8 { try await group.next() }
            #expect(ContinuousClock.now - began < .seconds(15))
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `questions are asked of the master target, answered once, and forgotten`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        _ = try await site.protect()
        async let asked = site.desk.points(of: "shop")
        var task: SiteTask?
        while task == nil { task = try await site.orders().tasks.first }
        #expect(task?.kind == .points)
        var answer = SiteTaskReport(id: task?.id ?? "", state: .done)
        answer.points = PointList(group: "another", stretches: [], bookmarks: [Site.point])
        // Nobody else answers it.
        try await site.answer(answer, from: Site.masterTargets[1])
        try await site.answer(answer)
        let points = try await asked
        #expect(points.group == "shop")
        #expect(points.bookmarks == [Site.point])
        #expect(try await site.orders().tasks.isEmpty)
        async let refused = refusal { try await site.desk.resolve(.bookmark("x"), of: "shop") }
        task = nil
        while task == nil { task = try await site.orders().tasks.first }
        #expect(task?.point == .bookmark("x"))
        var failed = SiteTaskReport(id: task?.id ?? "", state: .failed)
        failed.failure = ControlFailure(.notFound, "There is no bookmark x.", remedy: "List them.")
        try await site.answer(failed)
        #expect(await refused == .notFound)
        site.directory.change(TestDesk.masterTarget) { $0.state = .lost }
        #expect(await refusal { try await site.desk.points(of: "shop") } == .unavailable)
    }

    @Test func `servers that report on what is not theirs change nothing, and are named`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
        let task = try #require(try await site.orders().tasks.first)
        let lie = SiteTaskReport(id: task.id, state: .done)
        try await site.answer(lie, from: Site.masterTargets[1])
        try await site.send(.running, token: 900, from: Site.processServers[1])
        site.clock.advance(seconds: 61)
        try await site.answer(lie, from: Site.masterTargets[1])
        try await site.send(.running, token: 900, from: Site.processServers[1])
        #expect(try await site.desk.job(job.id).steps[2].state == .running)
        let messages = try await site.desk.group("shop").findings.map(\.message)
        #expect(messages.contains { $0.hasPrefix("The server mt-2 says that it works on the group shop") })
        #expect(messages.contains { $0.hasPrefix("The server ps-4 says that it works on the group shop") })
        try await site.answer(SiteTaskReport(id: task.id, state: .done))
        #expect(try await site.orders(TestDesk.processServer).assignments.first?.fencingToken == 2)
        // It stopped saying so.
        _ = try await site.orders(Site.masterTargets[1])
        #expect(try await site.desk.group("shop").findings.contains { $0.message.contains("mt-2 says") } == false)
    }

    @Test func `a group that its master target has nothing of any more can be deleted`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        _ = try await site.protect()
        await #expect(throws: ConfigurationFailure.self) { try await site.desk.deleteGroup("shop", by: "alice") }
        // Committed and deleted there while nobody heard it. What may have been under way before does not count.
        for (seconds, isGone) in [(Int64(1), false), (60, true)] {
            site.clock.advance(seconds: seconds)
            let now = DateTime(site.clock.now())
            site.directory.change(TestDesk.masterTarget) {
                $0.heartbeat?.groups = []
                $0.lastSeen = now
            }
            guard isGone else {
                await #expect(throws: ConfigurationFailure.self) {
                    try await site.desk.deleteGroup("shop", by: "alice")
                }
                continue
            }
            try await site.desk.deleteGroup("shop", by: "alice")
        }
        #expect(try await site.desk.groups().groups.isEmpty)
    }

    @Test func `a restored backup goes on from what the servers say`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
        let task = try #require(try await site.orders().tasks.first)
        // The backup is of now: the job is unfinished in it.
        try await site.database.close()
        let folder = try TestFolder()
        for end in ["", "-wal"] where FileManager.default.fileExists(atPath: "\(site.folder.path)/site.sqlite\(end)") {
            try FileManager.default.copyItem(
                atPath: "\(site.folder.path)/site.sqlite\(end)", toPath: "\(folder.path)/site.sqlite\(end)")
        }
        let later = try await TestDesk(folder: site.folder, directory: site.directory)
        try await later.answer(SiteTaskReport(id: task.id, state: .done))
        try await later.send(.running, token: 2)
        try await later.say(.protected, token: 2)
        #expect(try await later.desk.job(job.id).state == .done)
        let restored = try await TestDesk(folder: folder, directory: site.directory)
        restored.clock.advance(seconds: 3600)
        // The same task with the same id: the agent's ledger answers it.
        #expect(try await restored.orders().tasks == [task])
        try await restored.answer(SiteTaskReport(id: task.id, state: .done))
        // The process server has a token that this one does not know of.
        let token = try #require(try await restored.orders(TestDesk.processServer).assignments.first).fencingToken
        #expect(token == 3)
        try await restored.send(.running, token: token)
        try await restored.say(.protected, token: token)
        #expect(try await restored.desk.job(job.id).state == .done)
        // And somebody committed it with mtctl.
        try await restored.say(.committed, token: token)
        let group = try await restored.desk.group("shop")
        #expect(group.placement == nil)
        #expect(try await restored.orders(TestDesk.processServer).assignments.isEmpty)
    }
}
