// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import LinuxSystem
import Registration
import ServiceLifecycle
import StoragePrimitives
import Testing

/// The site's metrics, as a scraper sees them.
@Suite struct SiteMetricsTests {
    private static let peers: String = {
        let environment = ProcessInfo.processInfo.environment
        return "\(environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache")/master-target/peers"
    }()

    private static let promtool: String? = ["\(peers)/usr/bin/promtool", "/usr/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private static let check = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "scripts/monitoring.d/check.py").path

    private func scrape(_ server: TestServer) async throws -> (status: Int, body: String) {
        let files = "\(server.folder.path)/operator/alice.operator"
        return try await Tool.curl(
            "https://127.0.0.1:\(server.port)/metrics", ["--cert", "\(files).pem", "--key", "\(files).key"])
    }

    /// Scrapes until it is so; an answer is given again for a second.
    private func scrape(_ server: TestServer, until line: String) async throws -> String {
        var body = ""
        for _ in 0..<20 {
            body = try await scrape(server).body
            if body.contains(line) { break }
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(body.contains(line), "no \(line) in \(body)")
        return body
    }

    @Test func `operators are told of servers, groups, jobs and certificates; nobody else is`() async throws {
        try await TestServer.with { server in
            let site = try await RunningSite(server)
            try await site.setUp()
            _ = try await site.begin(.reprotect(ReprotectRequest()))
            let text = try await scrape(server, until: "mastertarget_site_jobs{state=\"running\"} 1\n")
            for line in [
                "mastertarget_site_database_up 1\n",
                "mastertarget_site_servers{role=\"master-target\",state=\"online\"} 1\n",
                "mastertarget_site_servers{role=\"master-target\",state=\"revoked\"} 0\n",
                "mastertarget_site_jobs{state=\"failed\"} 0\n",
                "mastertarget_site_group_job_failed{group=\"shop\",operation=\"reprotect\"} 0\n",
                "mastertarget_build_info{program=\"mt-configuration-server\",version=\"\(ProductVersion.text)\"} 1\n",
            ] { #expect(text.contains(line), "no \(line) in \(text)") }
            for name in ["server", "authority"] {
                #expect(
                    text.contains(
                        "mastertarget_site_certificate_expiry_timestamp_seconds{certificate=\"\(name)\"} "))
            }
            #expect(text.contains("mastertarget_site_server_online{host="))
            #expect(!text.contains("mastertarget_site_heartbeats_total 0\n"))
            let stranger = try await Tool.curl("https://127.0.0.1:\(server.port)/metrics")
            #expect(stranger.status == 401)
            try text.write(toFile: "\(server.folder.path)/site.prom", atomically: true, encoding: .utf8)
            let promtool = Self.promtool.map { ["--promtool", $0] } ?? []
            let outcome = try await Tool.run(
                "/usr/bin/python3",
                [Self.check] + promtool + ["mastertarget_site_", "\(server.folder.path)/site.prom"])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("0 findings"), "\(outcome.output)")
        }
    }

    @Test func `the loopback listener is off, and enabled needs no certificate`() async throws {
        try await TestServer.with { server in
            #expect(server.settings.metrics.isEnabled == false)
        }
        let folder = try TestFolder()
        var settings = TestServer.settings("\(folder.path)/state")
        settings.metrics.isEnabled = true
        settings.metrics.port = 0
        _ = try await StateFolder.create(
            path: settings.statePath, database: settings.database,
            plan: .init(name: "Test", names: ["localhost"], addresses: ["127.0.0.1"]), now: SystemClock().now())
        let server = try await ConfigurationServer(settings, logger: .silent)
        let group = ServiceGroup(services: [server], logger: .silent)
        async let running: Void = group.run()
        let port = try #require(await server.metricsListening.port())
        let answer = try await Tool.curl("http://127.0.0.1:\(port)/metrics")
        #expect(answer.status == 200)
        #expect(answer.body.contains("mastertarget_site_database_up 1\n"))
        #expect(try await Tool.curl("http://127.0.0.1:\(port)/v1/servers").status == 404)
        await group.triggerGracefulShutdown()
        try await running
    }
}
