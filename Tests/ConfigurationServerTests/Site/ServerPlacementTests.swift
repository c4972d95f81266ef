// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives
import Testing

@Suite struct ServerPlacementTests {
    private func chosen(
        _ site: Site, wanted: String? = nil, pinned: String? = nil, former: String? = nil
    ) throws(ConfigurationFailure) -> String {
        try ServerPlacement(group: "shop", direction: .failback, view: site.view)
            .masterTarget(wanted: wanted, pinned: pinned, former: former).hostID
    }

    private func refusal(
        _ site: Site, wanted: String? = nil, pinned: String? = nil
    ) -> ConfigurationFailure? {
        do {
            _ = try chosen(site, wanted: wanted, pinned: pinned)
            return nil
        } catch { return error }
    }

    /// What is changed of the first master target, and what is said of it then.
    static let problems: [(change: @Sendable (inout ServerReport) -> Void, sentence: String)] = [
        ({ $0.state = .lost }, "mt-1 was not heard for"), ({ $0.state = .awaited }, "mt-1 was never heard"),
        ({ $0.state = .revoked }, "mt-1 had its certificates taken back"),
        ({ $0.health = "critical" }, "mt-1 is in a critical state"),
        ({ $0.heartbeat?.capacity = nil }, "mt-1 did not say what it has room for"),
        (
            { $0.heartbeat?.capacity?.retention.isUsable = false },
            "mt-1 has no usable retention volume"
        ),
        (
            { $0.heartbeat?.capacity?.retention.freeBytes = .gibibytes(2) },
            "mt-1 has 2 GiB free for history, and 5 GiB are"
        ),
        ({ $0.groupCount = 64 }, "mt-1 has memory for 64 groups"),
        (
            {
                $0.clone = CloneReport(
                    machine: MachineFingerprint(machineID: HexBytes([])), address: "", moment: $0.enrolled)
            }, "mt-1 shares its host id"
        ),
    ]

    @Test(arguments: problems.indices) func `one that cannot is not taken, and it is said why`(index: Int) throws {
        var site = Site()
        site.changeServer(Site.masterTargets[0], Self.problems[index].change)
        #expect(try chosen(site) == Site.masterTargets[1])
        let named = try #require(refusal(site, wanted: "mt-1"))
        #expect(named.message.contains(Self.problems[index].sentence), "\(named.message)")
        #expect(!named.remedy.isEmpty)
        // Without any other it is said of each that was not taken back.
        site.changeServer(Site.masterTargets[1]) { $0.state = .lost }
        let message = try #require(refusal(site)).message
        #expect(message.contains("mt-2 was not heard for"))
    }

    @Test func `how groups do and how busy it is stands against no other group, and all else that is critical is told`()
        throws
    {
        var site = Site()
        func failing(_ checks: [String]) -> HealthSummary {
            HealthSummary(
                moment: site.view.now, severity: "critical", counts: ["critical": checks.count],
                failing: checks.map { .init(check: $0, severity: "critical", sentence: "\($0) is bad.", remedy: nil) })
        }
        let moment = failing(["replication.rpo", "replication.points", "replication.apply", "os.cpu", "os.memory"])
        let more = failing(["replication.rpo", "retention.space", "disks.guard"])
        site.changeServer(Site.masterTargets[0]) {
            $0.health = "critical"
            $0.heartbeat?.health = moment
        }
        #expect(try chosen(site, wanted: "mt-1") == Site.masterTargets[0])
        site.changeServer(Site.masterTargets[0]) { $0.heartbeat?.health = more }
        let message = try #require(refusal(site, wanted: "mt-1")).message
        #expect(message.contains("mt-1 is in a critical state (retention.space is bad. disks.guard is bad.)"))
    }

    @Test func `the beginning of a host id names a server, and a name goes before it`() throws {
        var site = Site()
        site.changeServer(Site.masterTargets[0]) { $0.hostID = "aaaa1111-d9cb-469f-a165-111111111111" }
        #expect(try chosen(site, wanted: "aaaa1") == "aaaa1111-d9cb-469f-a165-111111111111")
        #expect(refusal(site, wanted: "aaa") != nil)
        site.changeServer(Site.masterTargets[1]) { $0.hostName = "aaaa1" }
        #expect(try chosen(site, wanted: "aaaa1") == Site.masterTargets[1])
    }

    @Test func `the most room wins, after those that are behind, and the same view gives the same choice`() throws {
        var site = Site()
        #expect(try chosen(site) == Site.masterTargets[0])
        site.changeServer(Site.masterTargets[1]) { $0.heartbeat?.capacity?.retention.freeBytes = .gibibytes(501) }
        #expect(try chosen(site) == Site.masterTargets[1])
        site.view.servers.reverse()
        #expect(try chosen(site) == Site.masterTargets[1])
        site.changeServer(Site.masterTargets[1]) { server in
            var late = GroupReport.sample("late", rpoSeconds: 9000)
            late.isBeyondRPO = true
            server.heartbeat?.groups = [late]
        }
        #expect(try chosen(site) == Site.masterTargets[0])
        site.changeServer(Site.masterTargets[1]) {
            $0.heartbeat?.groups = []
            $0.heartbeat?.capacity?.retention.freeBytes = .gibibytes(500)
            $0.version = "2.0"
        }
        #expect(try chosen(site) == Site.masterTargets[1])
    }

    @Test func `a quota is what is needed`() {
        var site = Site()
        site.view.policy.failback.quotaBytes = 600 << 30
        #expect(refusal(site)?.message.contains("600 GiB are needed") == true)
    }

    @Test func `a group stays on its master target until that was taken back`() throws {
        var site = Site()
        let pin = Site.masterTargets[1]
        #expect(try chosen(site, pinned: pin) == pin)
        #expect(refusal(site, wanted: "mt-1", pinned: pin)?.message.contains("R-10") == true)
        #expect(try chosen(site, wanted: "mt-2", pinned: pin) == pin)
        site.changeServer(pin) { $0.state = .lost }
        #expect(refusal(site, pinned: pin)?.message.contains("mt-2 was not heard") == true)
        site.changeServer(pin) { $0.state = .revoked }
        #expect(try chosen(site, pinned: pin) == Site.masterTargets[0])
    }

    @Test func `a group that somebody has already goes there by name, or where it was last`() throws {
        var site = Site()
        site.say(.initialSync, token: 3, at: Site.masterTargets[1])
        #expect(refusal(site)?.message.contains("mt-2 has a group shop") == true)
        #expect(try chosen(site, wanted: "mt-1") == Site.masterTargets[0])
        #expect(try chosen(site, former: Site.masterTargets[1]) == Site.masterTargets[1])
        site.say(.committed, token: 3, at: Site.masterTargets[1])
        #expect(try chosen(site) == Site.masterTargets[0])
    }

    @Test func `who is not there, has another role or shares a name is refused`() throws {
        var site = Site()
        #expect(refusal(site, wanted: "<b>nobody</b>")?.code == .notFound)
        #expect(refusal(site, wanted: "ps-3")?.code == .notFound)
        site.changeServer(Site.masterTargets[1]) { $0.hostName = "mt-1" }
        #expect(refusal(site, wanted: "mt-1")?.message == "2 servers have the name mt-1.")
        #expect(try chosen(site, wanted: Site.masterTargets[1]) == Site.masterTargets[1])
    }

    @Test func `of process servers the one with the fewest groups is taken, and the former one again`() throws {
        var site = Site()
        let placement = SitePlacement(
            direction: .failback, masterTarget: Site.masterTargets[0], processServer: Site.processServers[0],
            fencingToken: 1, targets: [])
        site.view.placements = ["other": placement, "shop": placement]
        let chooser = ServerPlacement(group: "shop", direction: .failback, view: site.view)
        #expect(try chooser.processServer(wanted: nil, former: nil).hostID == Site.processServers[1])
        #expect(
            try chooser.processServer(wanted: nil, former: Site.processServers[0]).hostID == Site.processServers[0])
    }
}
