// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives
import Testing

@Suite struct SiteChecksTests {
    private func findings(_ site: Site, _ operation: SiteOperation = .reprotect(ReprotectRequest())) -> [SiteFinding] {
        SiteChecks(site.record, site.view).findings(for: operation)
    }

    private func rules(_ site: Site, _ operation: SiteOperation = .reprotect(ReprotectRequest())) -> [String] {
        findings(site, operation).map { "\($0.rule) \($0.severity.rawValue)" }
    }

    @Test func `with everything known and right nothing stands against it`() {
        #expect(findings(Site()).isEmpty)
    }

    @Test func `what is not known is told and refuses nothing`() {
        var site = Site()
        site.view.machines[0].facts = nil
        #expect(rules(site) == ["R-11 notice", "R-11 notice", "R-12 notice", "R-12 notice", "R-12 notice"])
    }

    static let facts: [(change: @Sendable (inout SiteFacts) -> Void, rule: String)] = [
        ({ $0.hasSnapshots = true }, "R-11"), ({ $0.isPoweredOff = false }, "R-11"),
        ({ $0.isDatastoreWritable = false }, "R-12"), ({ $0.isAccountReadOnly = true }, "R-12"),
        ({ $0.isFreeEdition = true }, "R-12"),
    ]

    @Test(arguments: facts.indices) func `a fact that makes reprotect fail refuses it, with a remedy`(index: Int) throws
    {
        var site = Site()
        var facts = try #require(site.view.machines[0].facts)
        Self.facts[index].change(&facts)
        site.view.machines[0].facts = facts
        let found = findings(site)
        #expect(found.map(\.rule) == [Self.facts[index].rule])
        #expect(found.first?.severity == .refusal)
        #expect(found.first?.remedy.isEmpty == false)
        #expect(found.first?.message.contains("db") == true)
    }

    @Test func `a physical machine needs new disks`() {
        var site = Site()
        site.view.machines[0].isPhysical = true
        #expect(findings(site).failure?.message.contains("R-02") == true)
        let targets = ["sda", "sdb"].map { DiskTarget(machine: "db", disk: $0, target: "wwn:new-\($0)") }
        #expect(findings(site, .reprotect(ReprotectRequest(targets: targets))).failure == nil)
        site.view.machines[0].facts = nil
        #expect(
            rules(site, .reprotect(ReprotectRequest(targets: targets))) == Array(repeating: "R-12 notice", count: 3))
    }

    @Test func `targets that are unknown, double or somebody else's are refused`() {
        var site = Site()
        func refusal(_ targets: [DiskTarget]) -> String {
            findings(site, .reprotect(ReprotectRequest(targets: targets))).failure?.message ?? ""
        }
        let hostile = "'; DROP TABLE job; -- <img src=x>"
        #expect(refusal([DiskTarget(machine: "db", disk: hostile, target: "wwn:1")]).contains("has no disk"))
        #expect(refusal([DiskTarget(machine: "db", disk: "sda", target: "")]).contains("empty"))
        #expect(refusal([DiskTarget(machine: "db", disk: "sda", target: "a\u{0}b")]).contains("control characters"))
        #expect(
            refusal([DiskTarget(machine: "db", disk: "sda", target: "file:/disks/b")]).contains("would be the target"))
        let twice = DiskTarget(machine: "db", disk: "sda", target: "wwn:1")
        #expect(refusal([twice, twice]).contains("two targets"))
        let other = SitePlacement(
            direction: .failback, masterTarget: Site.masterTargets[0], processServer: "x", fencingToken: 1,
            targets: [DiskTarget(machine: "web", disk: "sda", target: "wwn:1")])
        site.view.placements = ["other": other]
        #expect(refusal([]).contains("in the group other"))
        site.view.placements = [:]
        site.view.accepted = ["other": other]
        #expect(refusal([]).contains("in the group other"))
        site.view.accepted = ["shop": other]
        #expect(refusal([]).isEmpty)
    }

    @Test func `a disk without a target is not given an invented one`() {
        var site = Site()
        site.view.machines[0].disks[1].original = nil
        #expect(findings(site).failure?.message == "Nothing says what the disk sdb of db is written to.")
    }

    @Test func `sizes that make no sense, or are not those of the master target, are refused`() {
        var site = Site()
        site.view.machines[0].disks[0].sizeBytes = ByteCount(UInt64(1000))
        site.view.machines[0].disks[1].logicalBlockSize = 1000
        #expect(rules(site) == ["sizes refusal", "sizes refusal"])
        site = Site()
        site.reprotect()
        site.changeServer(Site.masterTargets[0]) {
            $0.heartbeat?.groups[0].disks = [
                DiskReport(
                    number: DiskNumber(0), source: "db/sda", target: "wwn:1", sizeBytes: .gibibytes(10),
                    content: "resync")
            ]
        }
        #expect(findings(site).failure?.message.contains("its master target has it with 10 GiB") == true)
    }

    @Test func `each operation wants its state, and says how to get there`() {
        let operations: [(SiteOperation, Set<GroupState>)] = [
            (.failover(FailoverRequest(point: .latest)), [.protected, .paused, .resyncing, .recovering, .recovered]),
            (.rollback(RollbackRequest()), [.recovering, .recovered]),
            (.commit(CommitRequest(dropHistory: true)), [.recovered]),
            (
                .reprotect(ReprotectRequest()),
                [.created, .initialSync, .protected, .paused, .resyncing, .committed, .released, .degraded]
            ),
        ]
        for (operation, permitted) in operations {
            for state in GroupState.allCases {
                var site = Site()
                site.reprotect()
                site.say(state, token: 1)
                let failure = findings(site, operation).failure
                #expect((failure == nil) == permitted.contains(state), "\(operation.kind) \(state)")
                if let failure { #expect(!failure.remedy.isEmpty) }
            }
            if operation.kind != .reprotect {
                #expect(findings(Site(), operation).failure?.message.contains("not replicated") == true)
            }
        }
    }

    @Test func `another job, another direction and loss that nobody confirmed refuse`() throws {
        var site = Site()
        site.reprotect()
        let job = site.begin(.failover(FailoverRequest(point: .latest)))
        let busy = SiteChecks(site.record, site.view).findings(
            for: .commit(CommitRequest(dropHistory: true)), besides: job.report)
        #expect(busy.failure?.message.contains("alice began a failover of shop") == true)
        #expect(rules(site, .reprotect(ReprotectRequest(direction: .forward))).contains("R-01 refusal"))
        site.say(.recovered, token: 1)
        #expect(rules(site, .rollback(RollbackRequest(targets: .written))) == ["R-09 refusal"])
        #expect(rules(site, .commit(CommitRequest(dropHistory: false))) == ["R-13 refusal"])
    }

    @Test func `an RPO grows with silence, and is told`() throws {
        var site = Site()
        site.reprotect()
        site.view.now = DateTime(site.view.now.timestamp.advanced(byNanoseconds: 1000 * 1_000_000_000))
        #expect(rules(site, .failover(FailoverRequest(point: .latest))) == ["rpo warning"])
        let report = SiteGroupReport(site.record, site.view, job: nil)
        #expect(report.rpoSeconds == 1005)
        #expect(report.isBeyondRPO)
        site.changeServer(Site.masterTargets[0]) { $0.heartbeat?.groups[0].rpoSeconds = .max }
        #expect(SiteGroupReport(site.record, site.view, job: nil).rpoSeconds == .max)
    }

    @Test func `a master target that tells of somebody else's group is not believed, and is named`() {
        var site = Site()
        site.reprotect()
        site.say(.recovered, token: 900, at: Site.masterTargets[1])
        let report = SiteGroupReport(site.record, site.view, job: nil)
        #expect(report.report?.state == .protected)
        #expect(report.findings.map(\.rule) == ["placement"])
        #expect(report.findings[0].message.contains("mt-2 tells of a group shop, which is on mt-1"))
        #expect(findings(site, .rollback(RollbackRequest())).failure != nil)
        let before = site.record
        #expect(site.learn() == false)
        #expect(site.record == before)
    }

    @Test func `what a restored backup does not know is learned from the pinned master target`() {
        var site = Site()
        site.reprotect()
        // Somebody recovered and committed after the backup.
        site.say(.recovered, token: 3)
        #expect(site.learn() == true)
        #expect(site.record.assignment?.isStopped == true)
        #expect(site.learn() == false)
        site.say(.committed, token: 3)
        #expect(site.learn() == true)
        #expect(site.record.placement == nil)
        #expect(site.record.committed == .failback)
    }

    @Test func `a process server that has a greater token had it from us`() {
        var site = Site()
        site.reprotect()
        let said = SiteAssignmentReport(group: "shop", fencingToken: 7, state: .running)
        #expect(site.hear(said) == true)
        #expect(site.record.placement?.fencingToken == 7)
        #expect(site.record.assignment?.fencingToken == 7)
        // What was asked of the smaller token, to stop the machines, is not asked of one that sends.
        site.record.assignment?.isStopped = true
        _ = site.hear(SiteAssignmentReport(group: "shop", fencingToken: 8, state: .running))
        #expect(site.record.assignment?.isStopped == false)
        _ = site.hear(SiteAssignmentReport(group: "shop", fencingToken: 9, state: .stopped))
        #expect(site.record.assignment?.isStopped == true)
        site.record.placement?.fencingToken = 7
        site.record.assignment?.fencingToken = 7
        let lie = SiteAssignmentReport(group: "shop", fencingToken: .max, state: .running)
        #expect(site.hear(lie) == false)
        #expect(site.record.placement?.fencingToken == 7)
    }
}
