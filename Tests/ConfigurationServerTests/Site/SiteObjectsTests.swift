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

/// Policies, machines, groups and what is kept of jobs.
@Suite struct SiteObjectsTests {
    @Test func `what is in use is not deleted, moved or changed under it`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        let desk = site.desk
        #expect(await refusal { try await desk.deleteMachine("db", by: "a") } == .conflict)
        #expect(await refusal { try await desk.deletePolicy("default", by: "a") } == .conflict)
        #expect(await refusal { try await desk.save(SiteGroup(name: "two", machines: ["db"]), by: "a") } == .conflict)
        #expect(await refusal { try await desk.save(SiteGroup(name: "two", machines: ["none"]), by: "a") } == .notFound)
        #expect(
            await refusal { try await desk.save(SiteGroup(name: "shop", machines: ["db"], policy: "x"), by: "a") }
                == .notFound)
        try await desk.save(SitePolicy(name: "gold"), by: "a")
        _ = try await desk.save(SiteGroup(name: "shop", machines: ["db"], policy: "gold"), by: "a")
        #expect(await refusal { try await desk.deletePolicy("gold", by: "a") } == .conflict)
        _ = try await site.protect()
        var machine = Site().view.machines[0]
        machine.facts = nil
        try await desk.save(machine, by: "a")
        machine.disks.removeLast()
        let changed = machine
        #expect(await refusal { try await desk.save(changed, by: "a") } == .conflict)
        #expect(await refusal { try await desk.deleteGroup("shop", by: "a") } == .conflict)
        try await desk.save(SiteMachine(name: "web", disks: machine.disks), by: "a")
        #expect(
            await refusal {
                try await desk.save(SiteGroup(name: "shop", machines: ["db", "web"], policy: "gold"), by: "a")
            }
                == .conflict)
        // A master target that was taken back holds nobody for ever.
        site.directory.change(TestDesk.masterTarget) { $0.state = .revoked }
        try await desk.deleteGroup("shop", by: "a")
        try await desk.deleteMachine("db", by: "a")
        try await desk.deletePolicy("gold", by: "a")
        #expect(try await desk.groups().groups.isEmpty)
        #expect(try await desk.policies().policies.map(\.name) == ["default"])
        #expect(try await site.orders(TestDesk.processServer).assignments.isEmpty)
    }

    @Test func `groups follow their policy, on both servers`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        _ = try await site.protect()
        var policy = SitePolicy(name: "default")
        policy.failback.applicationConsistentSeconds = 120
        let changed = policy
        try await site.desk.save(changed, by: "alice")
        #expect(try await site.orders(TestDesk.processServer).assignments[0].applicationConsistentSeconds == 120)
        let task = try #require(try await site.orders().tasks.first)
        #expect(task.kind == .prepare)
        #expect(task.prepare?.policy == policy.failback)
        var report = SiteTaskReport(id: task.id, state: .failed)
        report.failure = ControlFailure(.refused, "It will not.", remedy: "")
        try await site.answer(report)
        #expect(try await site.orders().tasks.isEmpty)
        #expect(try await site.desk.group("shop").findings.contains { $0.message.contains("It will not.") })
        // The same policy again asks for nothing.
        try await site.desk.save(changed, by: "alice")
        try await site.desk.goOn(learning: true)
        #expect(try await site.orders().tasks.isEmpty)
        // One that comes while a job works on the group waits for its end.
        let job = try await site.desk.begin(.failover(FailoverRequest(point: .latest)), on: "shop", by: "alice")
        policy.failback.retentionSeconds = 7200
        let later = policy
        try await site.desk.save(later, by: "alice")
        #expect(try await site.orders().tasks.isEmpty)
        _ = try await site.desk.cancelJob(job.id, by: "alice")
        try await site.desk.goOn(learning: true)
        #expect(try await site.orders().tasks.map(\.prepare?.policy) == [later.failback])
    }

    @Test func `only the last job of a group is retried, and history is bounded`() async throws {
        let site = try await TestDesk()
        try await site.setUp()
        var ids: [String] = []
        for _ in 0..<3 {
            let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
            let task = try #require(try await site.orders().tasks.first)
            try await site.answer(SiteTaskReport(id: task.id, state: .failed))
            ids.append(job.id)
        }
        #expect(await refusal { try await site.desk.retryJob(ids[0], by: "a") } == .conflict)
        #expect(await refusal { try await site.desk.cancelJob(ids[2], by: "a") } == .conflict)
        let again = try await site.desk.retryJob(ids[2], by: "a")
        #expect(again.attempt == 2)
        #expect(again.state == .running)
        #expect(await refusal { try await site.desk.retryJob(ids[2], by: "a") } == .conflict)
        _ = try await site.desk.cancelJob(ids[2], by: "a")
        for _ in 0..<1010 {
            let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: "alice")
            _ = try await site.desk.cancelJob(job.id, by: "alice")
        }
        #expect(try await site.desk.jobs(of: "shop").jobs.count == 1000)
        #expect(await refusal { try await site.desk.job(ids[0]) } == .notFound)
    }

    @Test func `hostile text stays text`() async throws {
        let site = try await TestDesk()
        let hostile = "'; DROP TABLE job; -- <img src=x onerror=alert(1)> \u{202E} \u{1F4A3}"
        let machine = SiteMachine(
            name: "db", disks: [SiteDisk(id: hostile, sizeBytes: .gibibytes(1), source: hostile, original: hostile)])
        try await site.desk.save(machine, by: hostile)
        #expect(try await site.desk.machine("db") == machine)
        _ = try await site.desk.save(Site.group, by: hostile)
        let job = try await site.desk.begin(.reprotect(ReprotectRequest()), on: "shop", by: hostile)
        #expect(try await site.desk.job(job.id).requestedBy == hostile)
        #expect(try await site.orders().tasks[0].prepare?.disks[0].source == "db/\(hostile)")
        for name in [hostile, "../x", "", "a b", String(repeating: "a", count: 64)] {
            #expect(await refusal { try await site.desk.save(SitePolicy(name: name), by: "a") } == .invalidRequest)
            #expect(await refusal { try await site.desk.group(name) } == .notFound)
            #expect(await refusal { try await site.desk.job(name) } == .notFound)
        }
        var report = SiteTaskReport(id: try await site.orders().tasks[0].id, state: .failed)
        report.failure = ControlFailure(.refused, String(repeating: "a\u{0}\n", count: 100_000), remedy: hostile)
        try await site.answer(report)
        let failure = try #require(try await site.desk.job(job.id).failure)
        #expect(failure.message.count < 2100)
        #expect(!failure.message.unicodeScalars.contains { $0.value < 0x20 })
    }
}
