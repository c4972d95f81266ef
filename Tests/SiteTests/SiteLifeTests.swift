// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StateFiles
import StoragePrimitives
import TestSupport
import Testing

/// An operator's command line and a real configuration server: the whole way of a group, from machines to the protection
/// in the other direction.
@Suite(.serialized) struct SiteLifeTests {
    private static let disk = "id=sda,size=8GiB,source=nbd://cloud/sda,original=file:/disks/a.img"

    @Test func `a group is protected, failed over, rolled back, failed over again and committed`() async throws {
        try await LiveSite.with { site in
            let mtctl = site.terminal
            func done(_ arguments: String...) async -> SiteTerminal.Result {
                let result = await mtctl.run(arguments)
                #expect(result.code == 0, "\(arguments): \(result.errors)")
                return result
            }
            _ = await done("use", "--server", "127.0.0.1:\(site.port)")
            let policy = await done(
                "policy", "set", "gold", "--failback-rpo", "5m", "--forward-retention", "72h", "--failback-quota",
                "1TiB")
            #expect(policy.lines[1].hasPrefix("gold    failback   5 min   1 d        every 1 h       1 TiB"))
            _ = await done("policy", "set", "gold", "--failback-quota", "none")
            let kept = try await mtctl.json(SitePolicy.self, "policy", "show", "gold")
            #expect(kept.failback.rpoThresholdSeconds == 300)
            #expect(kept.failback.quotaBytes == nil)
            #expect(kept.forward.retentionSeconds == 72 * 3600)
            _ = await done("machine", "set", "erp-1", "--disk", Self.disk, "--no-snapshots", "--running")
            // What was said before stays.
            _ = await done("machine", "set", "erp-1", "--powered-off", "--datastore-writable", "yes")
            let machine = try await mtctl.json(SiteMachine.self, "machine", "show", "erp-1")
            #expect(machine.facts?.isPoweredOff == true)
            #expect(machine.facts?.hasSnapshots == false)
            #expect(machine.disks.map(\.original) == ["file:/disks/a.img"])
            _ = await done("group", "create", "erp", "--machine", "erp-1", "--policy", "gold")

            let check = await done("check", "erp", "reprotect")
            #expect(check.output.hasSuffix("Nothing stands against the reprotect of group erp.\n"))
            let reprotect = await done("reprotect", "erp", "--yes")
            #expect(
                reprotect.output.contains("✓ place        On the master target mt-1, sent by the process server ps-1."))
            #expect(reprotect.output.contains("✓ synchronise"))
            let groups = await done("groups")
            #expect(groups.output.contains("erp    failback   protected"))
            #expect(groups.output.contains(" of 5 min"))
            #expect(await done("points", "erp").output.contains("nightly"))

            let failover = await done("failover", "erp", "--point", "nightly", "--yes")
            #expect(failover.output.contains("WOULD BE LOST:  everything after it, 1 min before the latest point"))
            #expect(failover.output.contains("✓ stop source"))
            #expect(await done("groups").output.contains("erp    failback   recovered"))
            #expect(await done("rollback", "erp", "--targets-untouched", "--yes").output.contains("✓ resume"))
            let lines = await done("failover", "erp", "--point", "latest", "--yes", "--json").lines.filter {
                !$0.isEmpty
            }
            let last = try JSON.decode(SiteJobReport.self, from: Array(try #require(lines.last).utf8))
            #expect(last.state == .done)
            #expect(last.requestedBy == "alice")
            #expect(
                await done("job", "show", String(last.id.prefix(13))).output.contains("failover to latest of group erp")
            )
            #expect(await done("commit", "erp", "--yes").output.contains("✓ commit"))
            #expect(await done("groups").output.contains("not replicated"))
            let jobs = try await mtctl.json(SiteJobList.self, "jobs", "--group", "erp")
            #expect(jobs.jobs.map(\.operation.kind) == [.commit, .failover, .rollback, .failover, .reprotect])
            #expect(SiteTerminal.isNarrow(await done("jobs")))
            _ = await done("group", "delete", "erp")
            _ = await done("machine", "delete", "erp-1")
            _ = await done("policy", "delete", "gold")
        }
    }

    @Test func `what the server refuses is said with its remedy`() async throws {
        try await LiveSite.with { site in
            let mtctl = site.terminal
            _ = await mtctl(
                "machine", "set", "web", "--disk", Self.disk, "--snapshots", "--running", "--datastore-writable", "no")
            _ = await mtctl("group", "create", "web", "--machine", "web")
            let refused: [([String], String)] = [
                (["group", "show", "none"], "none"), (["machine", "delete", "web"], "web"),
                (["policy", "show", "none"], "none"), (["policy", "delete", "default"], "default"),
                (["machine", "show", "none"], "none"), (["group", "create", "x", "--machine", "none"], "none"),
                (["group", "create", "y", "--machine", "web"], "The machine web is in the group web."),
                (["points", "web"], "web"), (["failover", "web", "--point", "latest", "--yes"], "web"),
                (["commit", "web", "--yes"], "is not replicated, so it cannot be committed. Reprotect it."),
                (["rollback", "web", "--yes"], "is not replicated, so it cannot be rolled back. Reprotect it."),
                (["reprotect", "web", "--yes"], "snapshots"),
                (["server", "show", "none"], "There is no server \"none\"."),
                (["job", "show", Sample.job], Sample.job),
                (["reprotect", "web", "--yes", "--master-target", "mt-9"], "The reprotect of group web is refused"),
            ]
            for (arguments, sentence) in refused {
                let result = await mtctl.run(arguments)
                #expect(result.code == 1, "\(arguments)")
                #expect(result.errors.contains(sentence), "\(arguments): \(result.errors)")
                #expect(result.errors.hasSuffix(".\n"))
            }
            let check = await mtctl("check", "web", "reprotect")
            #expect(check.code == 1)
            #expect(check.output.contains("✗ R-11"))
            #expect(check.output.contains("R-12"))
        }
    }

    @Test func `servers are listed, shown and revoked by name or by the beginning of their id`() async throws {
        try await LiveSite.with { site in
            let mtctl = site.terminal
            var servers = try await mtctl.json(ServerList.self, "servers").servers
            while servers.contains(where: { $0.state != .online }) {
                try await Task.sleep(for: .milliseconds(100))
                servers = try await mtctl.json(ServerList.self, "servers").servers
            }
            let list = await mtctl("servers")
            #expect(list.output.contains("mt-1    master-target   online  ok"))
            #expect(SiteTerminal.isNarrow(list))
            let shown = await mtctl("server", "show", "mt-1")
            #expect(shown.output.contains("Listens on:        127.0.0.1:9443"))
            #expect(await mtctl("server", "show", "7c9e").output.contains("ps-1"))
            #expect(await mtctl("server", "revoke", "ps-1", "--reason", "gone").errors.contains("Add --yes"))
            let revoked = await mtctl("server", "revoke", "7c9e", "--reason", "gone", "--yes")
            #expect(revoked.output.contains("The certificates of ps-1 (\(Sample.processServer)) are taken back."))
            #expect(await mtctl("servers").output.contains("revoked"))
        }
    }

    @Test func `a machine comes from a file, and goes back into one`() async throws {
        try await LiveSite.with { site in
            let mtctl = site.terminal
            _ = await mtctl("machine", "set", "web", "--disk", Self.disk, "--physical")
            let shown = await mtctl("machine", "show", "web", "--json")
            let text = shown.output.replacing("nbd://cloud/sda", with: "nbd://cloud/sda,with-a-comma")
            let set = await mtctl.run(["machine", "set", "--file", "-"], answers: [text])
            #expect(set.code == 0, "\(set.errors)")
            let machine = try await mtctl.json(SiteMachine.self, "machine", "show", "web")
            #expect(machine.disks[0].source == "nbd://cloud/sda,with-a-comma")
            #expect(machine.isPhysical == true)
            let other = await mtctl.run(["machine", "set", "erp", "--file", "-"], answers: [text])
            #expect(other.errors.contains("The file is of the machine web."))
            let none = await mtctl.run(["machine", "set", "--file", "-"], answers: ["{}"])
            #expect(none.errors.contains("Standard input is no machine in JSON"))
            let missing = await mtctl("machine", "set", "--file", "\(site.folder.path)/none.json")
            #expect(missing.errors.contains("There is no file"))
            #expect(await mtctl("machine", "set", "new").errors.contains("The machine new has no disk."))
        }
    }

    @Test func `a job that waits is cancelled`() async throws {
        try await LiveSite.with { site in
            let mtctl = site.terminal
            _ = await mtctl("machine", "set", "web", "--disk", Self.disk, "--no-snapshots", "--powered-off")
            _ = await mtctl("group", "create", "web", "--machine", "web")
            site.groups.isHeld = true
            let begun = await mtctl("reprotect", "web", "--yes", "--no-wait", "--json")
            let job = try JSON.decode(SiteJobReport.self, from: Array(begun.output.utf8))
            let second = await mtctl("reprotect", "web", "--yes")
            #expect(second.errors.contains("alice began a reprotect of web"))
            let cancel = await mtctl("job", "cancel", String(job.id.prefix(8)))
            #expect(cancel.code == 0, "\(cancel.errors)")
            let after = try await mtctl.json(SiteJobReport.self, "job", "show", job.id)
            #expect(after.state == .cancelled)
            let again = await mtctl("job", "cancel", job.id)
            #expect(again.code == 1)
            #expect(again.errors.hasSuffix(".\n"))
            site.groups.isHeld = false
            #expect(await mtctl("reprotect", "web", "--yes").code == 0)
        }
    }
}
