// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Registration
import TestSupport
import Testing

/// The site over real HTTPS, with agents that were enrolled with the passphrase.
@Suite struct SiteServiceTests {
    @Test(arguments: DatabaseEngine.available) func `a group goes home and is committed, by its certificates' names`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let site = try await RunningSite(server)
            try await site.setUp()
            let protected = try await site.protect()
            #expect(protected.requestedBy == "alice")
            #expect(protected.result == "The group shop is protected on host-1.")
            let assignment = try #require(try await site.orders(site.processServer).assignments.first)
            #expect(assignment.masterTargets == ["mt.example:9443"])
            let failover = try await site.begin(.failover(FailoverRequest(point: .latest)))
            try await site.send(.stopped, token: assignment.fencingToken)
            let recover = try #require(try await site.orders(site.masterTarget).tasks.first)
            try await site.report(SiteTaskReport(id: recover.id, state: .done))
            #expect(try await site.job(failover.id).state == .done)
            try await site.say(.recovered, token: assignment.fencingToken)
            let commit = try await site.begin(.commit(CommitRequest(dropHistory: true)))
            let task = try #require(try await site.orders(site.masterTarget).tasks.first)
            try await site.report(SiteTaskReport(id: task.id, state: .done))
            #expect(try await site.job(commit.id).state == .done)
            let jobs: SiteJobList = try await site.alice.get("\(ConfigurationPath.jobs)?group=shop")
            #expect(jobs.jobs.map(\.operation.kind) == [.commit, .failover, .reprotect])
            let group: SiteGroupReport = try await site.alice.get(ConfigurationPath.group("shop"))
            #expect(group.placement == nil)
            let deleted: SiteGroupReport = try await site.alice.delete(ConfigurationPath.group("shop"), "")
            #expect(deleted.group == Site.group)
            #expect(
                await refusal { try await site.alice.get(ConfigurationPath.group("shop")) as SiteGroupReport }
                    == .notFound)
        }
    }

    @Test func `an agent that waits hears of its orders at once, and is let go when the server ends`() async throws {
        let (began, last) = try await TestServer.with { server in
            let site = try await RunningSite(server)
            try await site.setUp()
            let revision = try await site.orders(site.masterTarget).revision
            let waiting = SiteExchange(revision: revision, waitSeconds: 25)
            async let told: SiteOrders = site.masterTarget.post(ConfigurationPath.exchange, waiting)
            try await Task.sleep(for: .milliseconds(300))
            let began = ContinuousClock.now
            _ = try await site.begin(.reprotect(ReprotectRequest()))
            #expect(try await told.tasks.map(\.kind) == [.prepare])
            #expect(ContinuousClock.now - began < .seconds(10))
            let other = SiteExchange(revision: try await site.orders(site.processServer).revision, waitSeconds: 25)
            // It outlives the server, which is the point.
            let last = Task {
                try await site.processServer.post(ConfigurationPath.exchange, other) as SiteOrders
            }
            try await Task.sleep(for: .milliseconds(300))
            return (ContinuousClock.now, last)
        }
        #expect(ContinuousClock.now - began < .seconds(15))
        last.cancel()
    }

    @Test func `bodies that make no sense are refused, and what is not known is ignored`() async throws {
        try await TestServer.with { server in
            let site = try await RunningSite(server)
            try await site.setUp()
            let paths = [
                ConfigurationPath.policies, ConfigurationPath.machines, ConfigurationPath.groups,
                ConfigurationPath.operations("shop"), ConfigurationPath.check("shop"),
                ConfigurationPath.resolve("shop"),
            ]
            for path in paths {
                for body in ["", "null", "[]", "{\"name\":1}", "{", "{\"kind\":\"none\"}"] {
                    let answer = try await site.alice.call("POST", path, path, body: body)
                    #expect(answer.status == 400, "\(path) \(body)")
                }
                let large = "{\"name\":\"\(String(repeating: "a", count: 2 << 20))\"}"
                #expect(try await site.alice.call("POST", path, path, body: large).status == 413)
            }
            for body in [
                "{}", "{\"revision\":-1,\"waitSeconds\":0,\"tasks\":[],\"assignments\":[]}", "{\"revision\":\"1\"}",
            ] {
                let answer = try await site.masterTarget.call("POST", ConfigurationPath.exchange, "", body: body)
                #expect(answer.status == 400)
            }
            let more = "{\"name\":\"more\",\"machines\":[\"db\"],\"colour\":\"blue\"}"
            #expect(try await site.alice.call("POST", ConfigurationPath.groups, "", body: more).status == 409)
            for name in ["%2e%2e", "a%20b", "'%20OR%201=1", "%3Cscript%3E", String(repeating: "a", count: 300)] {
                #expect(try await site.alice.call("GET", "/v1/groups/\(name)", "").status == 404, "\(name)")
                #expect(try await site.alice.call("DELETE", "/v1/machines/\(name)", "").status == 404, "\(name)")
                #expect(try await site.alice.call("POST", "/v1/jobs/\(name)/retry", "").status == 404, "\(name)")
                #expect(try await site.alice.call("GET", "/v1/jobs?group=\(name)", "").status == 404, "\(name)")
            }
        }
    }

    @Test func `a backup brings jobs and groups along, and the agents go on with the restored server`() async throws {
        try await TestServer.with { server in
            let site = try await RunningSite(server)
            try await site.setUp()
            let job = try await site.begin(.reprotect(ReprotectRequest()))
            let task = try #require(try await site.orders(site.masterTarget).tasks.first)
            let backup = "\(server.folder.path)/site.backup"
            try await ServerBackup.write(server.state, to: backup)
            try await site.report(SiteTaskReport(id: task.id, state: .done))
            let restored = "\(server.folder.path)/restored"
            try await ServerBackup.restore(backup, to: restored)
            try await TestServer.run(TestServer.settings(restored), clock: server.clock) { port in
                let again = TestServer(
                    folder: server.folder, state: server.state, passphrase: server.passphrase, clock: server.clock,
                    port: port, operatorCredentials: server.operatorCredentials, fingerprint: server.fingerprint)
                let alice = try SiteCaller(again, server.operatorCredentials)
                let known: SiteJobReport = try await alice.get(ConfigurationPath.job(job.id))
                #expect(known.steps.map(\.state) == [.done, .done, .running, .waiting, .waiting])
            }
        }
    }
}
