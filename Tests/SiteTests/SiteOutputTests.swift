// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import LinuxSystem
import StoragePrimitives
import Testing

/// What people see.
@Suite struct SiteOutputTests {
    @Test func `groups are listed with their RPO against its threshold, the worst first`() async throws {
        var late = Sample.group("erp", rpo: 1200)
        late.findings = [
            SiteFinding(
                rule: "rpo", severity: .warning, message: "The RPO of erp is beyond 15 min.", remedy: "Look at ps-1."),
            SiteFinding(rule: "x", severity: .warning, message: "More.", remedy: ""),
            SiteFinding(rule: "x", severity: .notice, message: "Notice.", remedy: ""),
        ]
        let close = Sample.group("web", rpo: 50, threshold: 60)
        var busy = Sample.group("shop", rpo: 12)
        busy.job = Sample.failover {
            $0.steps[2].state = .running
            $0.steps[2].doneBytes = ByteCount(1 << 30)
            $0.steps[2].totalBytes = ByteCount(4 << 30)
        }
        let silent = Sample.group("mail", rpo: nil, state: nil)
        var idle = SiteGroupReport(
            group: SiteGroup(name: "zoo", machines: ["m"]), policy: SitePolicy(name: "default"))
        idle.isBeyondRPO = false
        let list = SiteGroupList(groups: [late, silent, busy, close, idle])
        try await ScriptedSite.with { site, terminal in
            try site.on("GET /v1/groups", list)
            let result = await terminal("groups")
            #expect(
                result.output == """
                    GROUP  DIRECTION  STATE           RPO               THROUGH  JOB
                    mail   failback   not heard of    none of 15 min    mt-1
                    erp    failback   protected       20 min of 15 min  mt-1
                    web    failback   protected       50 s of 1 min     mt-1
                    shop   failback   protected       12 s of 15 min    mt-1     failover: recover 25 %
                    zoo    -          not replicated  -                 -
                    erp: The RPO of erp is beyond 15 min.
                      Look at ps-1.
                      1 more finding: mtctl site group show erp

                    """)
            var person = terminal
            person.isTerminal = true
            let shown = await person("groups")
            #expect(SiteTerminal.isNarrow(shown))
            #expect(try await terminal.json(SiteGroupList.self, "groups") == list)
        }
    }

    @Test func `a group is shown with all that has to be known`() async throws {
        var group = Sample.group("erp", rpo: 1200)
        group.report?.cause = "A disk grew."
        group.reported = Sample.ago(hours: 2)
        group.findings = [
            SiteFinding(
                rule: "R-11", severity: .refusal, message: "The machine erp-1 has snapshots.", remedy: "Delete them."),
            SiteFinding(rule: "state", severity: .notice, message: "It was failed over before.", remedy: ""),
        ]
        let report = group
        try await ScriptedSite.with { site, terminal in
            try site.on("GET /v1/groups/erp", report)
            let result = await terminal("group", "show", "erp")
            #expect(
                result.output == """
                    Group:           erp
                    Machines:        erp-1
                    Policy:          default
                    State:           protected
                    Cause:           A disk grew.
                    Direction:       failback
                    RPO:             20 min of 15 min, beyond its threshold
                    Master target:   mt-1 (\(Sample.masterTarget))
                    Process server:  ps-1 (\(Sample.processServer))
                    Fencing token:   3
                    Sender:          away
                    History:         none
                    Heard:           2 h ago

                    MACHINE  DISK  IS WRITTEN TO
                    erp-1    sda   36000c29f0123456789abcdef01234567

                    ✗ R-11   The machine erp-1 has snapshots.
                             Delete them.
                    · state  It was failed over before.

                    """)
            #expect(SiteTerminal.isNarrow(result))
        }
    }

    @Test func `servers are listed the worst first, and a clone is told`() async throws {
        let servers = ServerList(servers: [
            Sample.server("a-fine") {
                $0.health = "ok"
                $0.lastSeen = Sample.ago(hours: 1)
                $0.groupCount = 4
                $0.worstRPOSeconds = 61
            },
            Sample.server("b-new") { $0.state = .awaited },
            Sample.server("c-lost") {
                $0.state = .lost
                $0.lastSeen = Sample.ago(hours: 30)
            },
            Sample.server("d-twice") {
                $0.clone = CloneReport(machine: $0.machine, address: "192.0.2.9", moment: Sample.noon)
            },
            Sample.server("e-gone") { $0.state = .revoked },
        ])
        try await ScriptedSite.with { site, terminal in
            try site.on("GET /v1/servers", servers)
            let result = await terminal("servers")
            #expect(
                result.output == """
                    SERVER   ROLE           STATE    HEALTH  GROUPS  WORST RPO  HEARD        VERSION
                    d-twice  master-target  online   -       0       -          never        1.0.0
                    c-lost   master-target  lost     -       0       -          1 d 6 h ago  1.0.0
                    b-new    master-target  awaited  -       0       -          never        1.0.0
                    a-fine   master-target  online   ok      4       1 min 1 s  1 h ago      1.0.0
                    e-gone   master-target  revoked  -       0       -          never        1.0.0
                    d-twice: another machine came with its host id. See mtctl site server show 0f8fad5b.

                    """)
        }
    }

    @Test func `tables are cut to the width of a terminal, and whole where nobody reads them`() async throws {
        let long = String(repeating: "long-name-", count: 6)
        let list = SiteGroupList(groups: [Sample.group(long, rpo: 12)])
        try await ScriptedSite.with { site, terminal in
            try site.on("GET /v1/groups", list)
            var person = terminal
            person.isTerminal = true
            let shown = await person("groups")
            #expect(SiteTerminal.isNarrow(shown))
            #expect(shown.output.contains("…"))
            #expect(shown.output.contains("12 s of 15 min"))
            #expect(await terminal("groups").output.contains(long))
        }
    }

    @Test func `texts of servers cannot act on a terminal`() async throws {
        let hostile = Sample.hostile
        var group = Sample.group("erp", rpo: 12)
        group.masterTargetName = hostile
        group.report?.cause = hostile
        group.findings = [SiteFinding(rule: hostile, severity: .warning, message: hostile, remedy: hostile)]
        group.placement?.targets[0].target = hostile
        let job = Sample.failover {
            $0.requestedBy = hostile
            $0.state = .failed
            $0.steps[0].state = .failed
            $0.steps[0].message = hostile
            $0.failure = ConfigurationFailure(.conflict, hostile, remedy: hostile)
        }
        let points = PointList(
            group: hostile, stretches: [], bookmarks: [Sample.point(1, at: 0, loses: 1, label: hostile)])
        let answers: [(String, any Encodable & Sendable)] = [
            ("GET /v1/groups", SiteGroupList(groups: [group])), ("GET /v1/groups/erp", group),
            ("GET /v1/groups/erp/points", points), ("GET /v1/jobs", SiteJobList(jobs: [job])),
            ("GET /v1/jobs/\(Sample.job)", job),
            ("POST /v1/groups/erp/check", SiteFindingList(findings: group.findings)),
            ("GET /v1/machines", ConfigurationFailure(.conflict, hostile, remedy: hostile)),
            (
                "POST /v1/console-codes",
                ConsoleCode(code: hostile, expires: Sample.noon, address: hostile)
            ),
            ("GET /v1/servers", ServerList(servers: [Sample.server(hostile) { $0.version = hostile }])),
            ("GET /v1/servers/\(Sample.masterTarget)", Sample.server(hostile) { $0.address = hostile }),
        ]
        let commands = [
            ["groups"], ["group", "show", "erp"], ["points", "erp"], ["jobs"], ["job", "show", "3f"],
            ["job", "follow", "3f"], ["check", "erp", "rollback"], ["machines"], ["console"], ["servers"],
            ["server", "show", "0f8f"],
        ]
        try await ScriptedSite.with { site, terminal in
            for (call, value) in answers { try site.on(call, value) }
            for command in commands {
                for isTerminal in [false, true] {
                    var terminal = terminal
                    terminal.isTerminal = isTerminal
                    let result = await terminal.run(command)
                    // What this program does itself: begin the line of a bar again.
                    let text = (result.output + result.errors).replacing("\r\u{1B}[K", with: "")
                    #expect(text.contains("x\u{FFFD}]0;pwned"), "\(command)")
                    #expect(Self.isHarmless(text), "\(command): \(text.debugDescription)")
                }
                let json = await terminal.run(command + ["--json"])
                #expect(Self.isHarmless(json.output + json.errors), "\(command)")
            }
            // JSON says the same as was sent.
            let list = try await terminal.json(SiteGroupList.self, "groups")
            #expect(list.groups[0].masterTargetName == hostile)
        }
    }

    private static func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n"
                || ![.control, .format, .lineSeparator, .paragraphSeparator].contains(
                    scalar.properties.generalCategory)
        }
    }

    @Test func `an answer that cannot be read is told as another version`() async throws {
        try await ScriptedSite.with { site, terminal in
            for text in ["", "{", "[]", #"{"groups":[{}]}"#, "\u{0}"] {
                site.on("GET /v1/groups", text: text)
                let result = await terminal("groups")
                #expect(result.code == 1)
                #expect(result.errors.contains("Install the same version on both."), "\(text)")
            }
            site.on("GET /v1/groups", status: 502, text: "<html>Bad Gateway</html>")
            let proxy = await terminal("groups")
            #expect(proxy.errors.contains("it answered 502, which is no answer of a configuration server"))
        }
    }

    @Test func `a refusal is the server's own, also that it cannot now`() async throws {
        try await ScriptedSite.with { site, terminal in
            try site.on(
                "GET /v1/groups/erp/points",
                ConfigurationFailure(.unavailable, "The master target mt-1 does not answer.", remedy: "Start it."))
            let result = await terminal("points", "erp")
            #expect(result.code == 1)
            #expect(result.errors == "The master target mt-1 does not answer. Start it.\n")
        }
    }

    @Test func `ids are cut to a beginning, and what several have is refused`() async throws {
        let other = "3f2a91c0-9999-4222-8333-444444444444"
        let jobs = SiteJobList(jobs: [Sample.failover(), Sample.failover { $0.id = other }])
        try await ScriptedSite.with { site, terminal in
            try site.on("GET /v1/jobs", jobs)
            try site.on("GET /v1/jobs/\(other)", jobs.jobs[1])
            let list = await terminal("jobs")
            #expect(list.lines[1].hasPrefix("3f2a91c0-1  failover to latest  erp    running"))
            let both = await terminal("job", "show", "3f2a")
            #expect(both.code == 1)
            #expect(both.errors.contains("\"3f2a\" names 2 of them: \(Sample.job), \(other). Write more of the id."))
            #expect(await terminal("job", "show", "3F2A91C0-9").output.contains(other))
            #expect(await terminal("job", "show", other).output.contains(other))
            let none = await terminal("job", "show", "aa")
            #expect(none.errors.contains("There is no job \"aa\". See mtctl site jobs."))
        }
    }
}
