// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Registration
import StoragePrimitives
import Testing

/// The document says what the server does.
@Suite struct OpenAPITests {
    /// Python with openapi-spec-validator and jsonschema, as `scripts/setup --interop` installs it.
    static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
        let path = "\(cache)/master-target/openapi/bin/python"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scripts/openapi.d/validate.py").path

    /// With nothing in braces: what varies has other names in the document than in the server.
    private func plain(_ path: String) -> String {
        path.split(separator: "/").map { $0.hasPrefix("{") || $0.hasPrefix(":") ? "*" : String($0) }.joined(
            separator: "/")
    }

    @Test func `every route is in the document, and nothing else`() async throws {
        let folder = try TestFolder()
        let settings = TestServer.settings("\(folder.path)/state")
        _ = try await StateFolder.create(
            path: settings.statePath, database: settings.database,
            plan: .init(name: "Test", names: ["localhost"], addresses: []), now: .seconds(1_800_000_000))
        let server = try await ConfigurationServer(settings, logger: .silent)
        let routes = Set(
            server.interface.map { line in
                let parts = line.split(separator: " ")
                return "\(parts[0]) \(plain(String(parts[1])))"
            })
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        let documented = Set(
            paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(plain(path))" } })
        #expect(routes == documented)
        #expect(documented.count == 30)
    }

    @Test(.enabled(if: python != nil, "openapi-spec-validator is not installed."))
    func `real answers and requests are as the document says, by tools of others`() async throws {
        try await TestServer.with { server in
            let site = try await RunningSite(server)
            try await everything(site)
            let stranger = try SiteCaller(server, nil, site.samples)
            let document = try await stranger.call("GET", ConfigurationPath.openAPI, ConfigurationPath.openAPI)
            #expect(document.status == 200)
            let _: EnrolmentChallenge = try await stranger.post(
                ConfigurationPath.challenge, template: ConfigurationPath.challenge)
            #expect(
                await refusal { try await stranger.get(ConfigurationPath.jobs) as SiteJobList } == .notAuthenticated)
            let folder = server.folder.path
            try Data(document.body.utf8).write(to: URL(filePath: "\(folder)/openapi.json"))
            try JSONEncoder().encode(site.samples.all).write(to: URL(filePath: "\(folder)/samples.json"))
            let outcome = try await Tool.run(
                Self.python ?? "", [Self.script, "\(folder)/openapi.json", "\(folder)/samples.json"])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("28 operations"), "\(outcome.output)")
        }
    }

    /// Every operation of operators and agents once, with as much in the answers as there can be.
    private func everything(_ site: RunningSite) async throws {
        let alice = site.alice
        try await site.setUp()
        let _: SitePolicy = try await alice.post(ConfigurationPath.policies, SitePolicy(name: "gold"))
        let _: SitePolicyList = try await alice.get(ConfigurationPath.policies)
        let _: SitePolicy = try await alice.get(ConfigurationPath.policy("gold"), ConfigurationPath.policy("{name}"))
        let _: SitePolicy = try await alice.delete(ConfigurationPath.policy("gold"), ConfigurationPath.policy("{name}"))
        let _: SiteMachineList = try await alice.get(ConfigurationPath.machines)
        let _: SiteMachine = try await alice.get(ConfigurationPath.machine("db"), ConfigurationPath.machine("{name}"))
        let spare = SiteMachine(name: "spare", disks: Site().view.machines[0].disks, isPhysical: true)
        let _: SiteMachine = try await alice.post(ConfigurationPath.machines, spare)
        let _: SiteMachine = try await alice.delete(
            ConfigurationPath.machine("spare"), ConfigurationPath.machine("{name}"))
        let check = ConfigurationPath.check("{name}")
        let _: SiteFindingList = try await alice.post(
            ConfigurationPath.check("shop"), SiteOperation.commit(CommitRequest(dropHistory: false)), check)
        let cancelled = try await site.begin(.reprotect(ReprotectRequest()))
        let _: SiteJobReport = try await alice.post(
            ConfigurationPath.cancelJob(cancelled.id), template: ConfigurationPath.cancelJob("{id}"))
        let failed = try await site.begin(.reprotect(ReprotectRequest()))
        var report = SiteTaskReport(id: try await site.orders(site.masterTarget).tasks[0].id, state: .failed)
        report.failure = ControlFailure(.refused, "No.", remedy: "Ask again.")
        try await site.report(report)
        let _: SiteJobReport = try await alice.post(
            ConfigurationPath.retryJob(failed.id), template: ConfigurationPath.retryJob("{id}"))
        let _: SiteJobReport = try await alice.post(
            ConfigurationPath.cancelJob(failed.id), template: ConfigurationPath.cancelJob("{id}"))
        _ = try await site.protect()
        try await questions(site)
        let _: SiteGroupList = try await alice.get(ConfigurationPath.groups)
        let _: SiteGroupReport = try await alice.get(ConfigurationPath.group("shop"), ConfigurationPath.group("{name}"))
        #expect(
            await refusal {
                try await alice.delete(ConfigurationPath.group("shop"), ConfigurationPath.group("{name}"))
                    as SiteGroupReport
            } == .conflict)
        let _: SiteJobList = try await alice.get(ConfigurationPath.jobs)
        let _: ServerList = try await alice.get(ConfigurationPath.servers)
        let host = site.hosts[0].hostID
        let _: ServerReport = try await alice.get(ConfigurationPath.server(host), ConfigurationPath.server("{host}"))
        let _: RevocationList = try await alice.get(ConfigurationPath.revocations)
        let _: ServerReport = try await alice.post(
            ConfigurationPath.revoke(host), RevokeRequest(reason: "test"), ConfigurationPath.revoke("{host}"))
    }

    private func questions(_ site: RunningSite) async throws {
        let other = try SiteCaller(site.server, site.server.operatorCredentials, site.samples)
        async let points: PointList = other.get(ConfigurationPath.points("shop"), ConfigurationPath.points("{name}"))
        try await answer(site) { report in
            report.points = PointList(
                group: "shop",
                stretches: [
                    StretchReport(
                        firstSequence: 1, lastSequence: 7, firstTime: Site.point.time, lastTime: Site.point.time,
                        accuracy: .exact, isBoundariesOnly: false)
                ], bookmarks: [Site.point], latest: Site.point)
        }
        #expect(try await points.latest == Site.point)
        async let resolved: ResolvedPoint = other.post(
            ConfigurationPath.resolve("shop"), ResolveRequest(point: .sequence(7)), ConfigurationPath.resolve("{name}"))
        try await answer(site) { $0.resolved = ResolvedPoint(point: Site.point, note: "So it is.") }
        #expect(try await resolved.point == Site.point)
    }

    private func answer(_ site: RunningSite, _ fill: (inout SiteTaskReport) -> Void) async throws {
        var task: SiteTask?
        while task == nil { task = try await site.orders(site.masterTarget).tasks.first }
        var report = SiteTaskReport(id: task?.id ?? "", state: .done)
        fill(&report)
        try await site.report(report)
    }
}
