// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import StateFiles
import Testing

extension ScriptedSite {
    /// A group erp that can be failed over.
    func answerForFailover() throws {
        try on("GET /v1/groups/erp", Sample.group("erp", rpo: 12))
        try on("POST /v1/groups/erp/check", SiteFindingList(findings: []))
        try on("POST /v1/groups/erp/operations", Sample.failover())
        try on("POST /v1/groups/erp/resolve", ResolvedPoint(point: Sample.point(812, at: 0, loses: 0)))
    }
}

/// What is shown and asked before an operation begins.
@Suite struct SiteOperationTests {
    @Test func `what a point is and would lose is shown first, and asked for`() async throws {
        let findings = [
            SiteFinding(rule: "R-09", severity: .warning, message: "It is 6 min old.", remedy: "Take latest.")
        ]
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on(
                "POST /v1/groups/erp/resolve",
                ResolvedPoint(
                    point: Sample.point(700, at: -362, loses: 362, label: "nightly"), note: "It was moved."))
            try site.on("POST /v1/groups/erp/check", SiteFindingList(findings: findings))
            var person = terminal
            person.isTerminal = true
            let no = await person.run(
                ["failover", "erp", "--point", "latest-app-consistent", "--source-stopped"], answers: ["no"])
            #expect(no.code == 1)
            #expect(
                no.output == """
                    Point:          latest-app-consistent, number 700
                    Time:           \(LocalTime.describe(Sample.after(-362).timestamp))
                    Promise:        application-consistent, exact
                    Note:           It was moved.
                    WOULD BE LOST:  everything after it, 6 min 2 s before the latest point, and what the sources wrote and did not send (the newest change is 12 s old)
                    ! R-09  It is 6 min old.
                            Take latest.
                    Replication of group erp ends, and its disks are changed to show latest-app-consistent. Until commit, rollback brings the latest point back.
                    Type yes to go on: \("")
                    """)
            #expect(no.errors == "Nothing was done.\n")
            #expect(!site.asked.contains { $0.call.hasSuffix("operations") })
            // Nobody can be asked.
            let script = await terminal("failover", "erp", "--point", "nightly")
            #expect(script.code == 1)
            #expect(script.errors.contains("Add --yes"))
        }
    }

    @Test func `what is refused is not begun, and each refusal has its remedy`() async throws {
        let findings = SiteFindingList(findings: [
            SiteFinding(rule: "R-11", severity: .refusal, message: "m has snapshots.", remedy: "Delete them."),
            SiteFinding(rule: "R-12", severity: .refusal, message: "The datastore is read-only.", remedy: "Open it."),
        ])
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            try site.on("POST /v1/groups/erp/check", findings)
            for operation in [["reprotect", "erp"], ["commit", "erp"], ["rollback", "erp"]] {
                let result = await terminal.run(operation + ["--yes"])
                #expect(result.code == 1)
                #expect(
                    result.output == """
                        ✗ R-11  m has snapshots.
                                Delete them.
                        ✗ R-12  The datastore is read-only.
                                Open it.

                        """)
                #expect(
                    result.errors
                        == "The \(operation[0]) of group erp is refused: m has snapshots. 1 more stand against it. "
                        + "Delete them.\n")
            }
            let json = await terminal("reprotect", "erp", "--yes", "--json")
            #expect(json.code == 1)
            let shown = try JSON.decode(SiteFindingList.self, from: Array(json.lines[0].utf8))
            #expect(shown == findings)
            #expect(json.lines[1].hasPrefix(#"{"error":{"code":"conflict""#))
            let check = await terminal("check", "erp", "reprotect")
            #expect(check.code == 1)
            #expect(check.output.hasSuffix("The reprotect of group erp would be refused.\n"))
            #expect(!site.asked.contains { $0.call.hasSuffix("operations") })
        }
    }

    @Test func `an operation is asked for as it was written`() async throws {
        let commands: [([String], SiteOperation)] = [
            (
                [
                    "reprotect", "erp", "--direction", "forward", "--master-target", "mt-1", "--process-server", "ps-1",
                    "--target", "m/sda=file:/a=b", "--target", "m/sdb=36000c29",
                ],
                .reprotect(
                    ReprotectRequest(
                        direction: .forward, masterTarget: "mt-1", processServer: "ps-1",
                        targets: [
                            DiskTarget(machine: "m", disk: "sda", target: "file:/a=b"),
                            DiskTarget(machine: "m", disk: "sdb", target: "36000c29"),
                        ]))
            ),
            (["reprotect", "erp"], .reprotect(ReprotectRequest())),
            (
                ["failover", "erp", "--point", "17", "--source-stopped", "--accept-inexact", "--targets-untouched"],
                .failover(
                    FailoverRequest(point: .sequence(17), sourceStopped: true, acceptInexact: true, targets: .untouched)
                )
            ),
            (
                ["rollback", "erp", "--targets-written", "--discard-history"],
                .rollback(RollbackRequest(targets: .written, discardHistory: true))
            ),
            (["commit", "erp"], .commit(CommitRequest(dropHistory: true))),
        ]
        try await ScriptedSite.with { site, terminal in
            try site.answerForFailover()
            for (command, operation) in commands {
                #expect(await terminal.run(command + ["--yes", "--no-wait"]).code == 0)
                let asked = site.asked.suffix(2)
                #expect(asked.map(\.call) == ["POST /v1/groups/erp/check", "POST /v1/groups/erp/operations"])
                for call in asked {
                    let sent = try JSON.decode(SiteOperation.self, from: Array(call.body.utf8))
                    #expect(sent == operation)
                }
            }
        }
    }
}
