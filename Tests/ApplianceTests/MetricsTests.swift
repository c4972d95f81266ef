// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import Foundation
import LinuxSystem
import Multipath
import RetentionStore
import StoragePrimitives
import Testing

/// The metrics of an appliance that runs, as a scraper sees them.
@Suite struct MetricsTests {
    private func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(4))
        return folder
    }

    private func scrape(_ test: TestAppliance) async throws -> Scraped {
        Scraped(try await MonitoringTool.scrape("--unix-socket", test.socket, "http://localhost/metrics"))
    }

    /// Scrapes until it is so; an answer is given again for a second.
    private func scrape(
        _ test: TestAppliance, until isSo: (Scraped) -> Bool
    ) async throws -> Scraped {
        for _ in 0..<40 {
            let scraped = try await scrape(test)
            if isSo(scraped) { return scraped }
            try await Task.sleep(for: .milliseconds(300))
        }
        return try await scrape(test)
    }

    @Test func `a group's figures are those of what was sent to it`() async throws {
        try await TestAppliance.run(in: folder(), clock: TestClock()) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            let scraped = try await scrape(test) { $0["group_applied_batches_total{group=\"g\"}"] == 3 }
            func group(_ name: String, _ labels: String = "") -> Double? {
                scraped["group_\(name){group=\"g\"\(labels)}"]
            }
            // A sync of one block and three batches of one block.
            #expect(group("received_bytes_total") == 16384)
            #expect(group("journaled_bytes_total") == 12288)
            #expect(group("applied_bytes_total") == 16384)
            #expect(group("received_batches_total") == 3)
            #expect(group("journaled_batches_total") == 3)
            #expect(group("applied_batches_total") == 3)
            #expect(group("durable_lag_bytes") == 0)
            #expect(group("applied_lag_bytes") == 0)
            #expect(group("applied_lag_seconds") == 0)
            #expect(group("last_durable_timestamp_seconds") == 1_795_228_634)
            #expect(group("state", ",state=\"protected\"") == 1)
            #expect(GroupState.allCases.compactMap { group("state", ",state=\"\($0.rawValue)\"") }.reduce(0, +) == 1)
            #expect(group("sender_connected") == 0)
            #expect(group("disks") == 1)
            #expect(group("unsynced_disks") == 0)
            #expect(group("rpo_threshold_seconds") == 900)
            #expect(group("retention_promised_seconds") == 86400)
            #expect(group("retention_window_seconds") == 180)
            #expect(try #require(group("retention_used_bytes")) > 0)
            #expect(try #require(group("epochs", ",kind=\"live\"")) >= 1)
            #expect(group("retention_quota_bytes") == nil)
        }
    }

    @Test func `every kind of sync is measured where it happens`() async throws {
        func count(_ scraped: Scraped, _ object: String) -> Double? {
            scraped["sync_seconds_count{object=\"\(object)\"}"]
        }
        try await TestAppliance.run(in: folder()) { (test: TestAppliance) async throws in
            let before = try await scrape(test)
            _ = try await test.protect()
            for object in ["journal", "before_images", "target"] {
                let scraped = try await scrape(test) { count($0, object) ?? 0 > count(before, object) ?? 0 }
                #expect(try #require(count(scraped, object)) > (try #require(count(before, object))), "\(object)")
                #expect(
                    scraped["sync_seconds_bucket{object=\"\(object)\",le=\"+Inf\"}"] == count(scraped, object))
                #expect(try #require(scraped["sync_seconds_sum{object=\"\(object)\"}"]) > 0)
            }
        }
    }

    @Test func `counters only grow while the history is closed and opened again`() async throws {
        try await TestAppliance.run(in: folder()) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            let counters = [
                "received_bytes", "received_batches", "journaled_bytes", "journaled_batches", "applied_bytes",
                "applied_batches", "journal_commits", "captured_bytes", "undo_bytes", "target_written_bytes",
            ]
            func read() async throws -> [Double] {
                let scraped = try await scrape(test)
                return counters.map { scraped["group_\($0)_total{group=\"g\"}"] ?? -1 }
            }
            _ = try await scrape(test) { $0["group_applied_batches_total{group=\"g\"}"] == 3 }
            var former = try await read()
            #expect(former.allSatisfy { $0 >= 0 })
            // More groups than before: each is opened again for its share of memory.
            let first = try #require(test.appliance.core.groups.find("g")?.retentionGroup)
            for name in ["h", "i", "j", "k"] { #expect(await test.mtctl("group", "create", name).code == 0) }
            for _ in 0..<40 {
                let next = try await read()
                #expect(zip(former, next).allSatisfy(<=), "\(former) then \(next)")
                former = next
                if let group = test.appliance.core.groups.find("g")?.retentionGroup, group !== first { break }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(test.appliance.core.groups.find("g")?.retentionGroup !== first)
            let group = try #require(test.appliance.core.groups.find("g")?.retentionGroup)
            try group.append(.block(9), of: .numbered(4), isLast: true)
            let scraped = try await scrape(test) { $0["group_applied_batches_total{group=\"g\"}"] == 4 }
            #expect(scraped["group_received_batches_total{group=\"g\"}"] == 4)
            #expect(scraped["group_applied_batches_total{group=\"g\"}"] == 4)
        }
    }

    @Test func `a scrape opens no history: without the volume a group is told of as degraded`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in _ = try await test.protect() }
        try folder.remove("retention")
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let scraped = try await scrape(test) { $0["retention_volume_usable"] == 0 }
            #expect(scraped["retention_volume_usable"] == 0)
            #expect(scraped["group_state{group=\"g\",state=\"degraded\"}"] == 1)
            #expect(scraped["group_retention_used_bytes{group=\"g\"}"] == nil)
            #expect(scraped["group_received_bytes_total{group=\"g\"}"] == 0)
            #expect(try !folder.names(".").contains("retention"))
        }
    }

    @Test func `the loopback listener is off unless it is wanted, and answers nothing but metrics`() async throws {
        try await TestAppliance.run(in: folder()) { (test: TestAppliance) async throws in
            let status = try await test.json(ApplianceReport.self, "status")
            #expect(status.metrics == nil)
            #expect(try await scrape(test)["listener_up{listener=\"metrics\"}"] == nil)
        }
        let change = { (configuration: inout ApplianceConfiguration) in
            configuration.metrics.isEnabled = true
            configuration.metrics.port = 0
        }
        try await TestAppliance.run(in: folder(), change: change) { (test: TestAppliance) async throws in
            var report: ListenerReport?
            for _ in 0..<50 {
                report = try await test.json(ApplianceReport.self, "status").metrics
                if report?.isListening == true { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            let port = try #require(report?.port)
            #expect(report?.isListening == true)
            #expect(port > 0)
            let text = try await MonitoringTool.scrape("http://127.0.0.1:\(port)/metrics")
            #expect(Scraped(text)["build_info{program=\"mastertargetd\",version=\"\(ProductVersion.text)\"}"] == 1)
            let (status, output) = try await MonitoringTool.run(
                "/usr/bin/curl", ["--silent", "--fail", "http://127.0.0.1:\(port)/v1/status"])
            #expect(status == 22, "\(output)")
        }
    }

    @Test func `rules, dashboards and promtool agree with what a running agent tells`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            _ = try await scrape(test) { $0["group_applied_batches_total{group=\"g\"}"] == 3 }
            let text = try await MonitoringTool.scrape("--unix-socket", test.socket, "http://localhost/metrics")
            let (status, output) = try await MonitoringTool.check(text, prefix: "mastertarget_", in: folder)
            #expect(status == 0, "\(output)")
            #expect(output.contains("0 findings"), "\(output)")
            #expect(MonitoringTool.promtool == nil || output.contains("with promtool"), "\(output)")
        }
    }

    @Test func `paths of maps are counted, and a map's name cannot forge a metric`() async throws {
        func path(_ name: String, _ isUp: Bool) -> String {
            """
            {"dev":"\(name)","dev_t":"8:16","dm_st":"\(isUp ? "active" : "failed")","dev_st":"running",\
            "chk_st":"\(isUp ? "ready" : "faulty")","checker":"tur","pri":50}
            """
        }
        func map(_ name: String, _ paths: String...) -> String {
            """
            {"name":"\(name)","uuid":"36000c29","sysfs":"dm-1","queueing":"-","paths":4,"write_prot":"rw","dm_st":"active",\
            "path_faults":3,"vend":"V","prod":"P","path_groups":[{"selector":"service-time 0","pri":50,"dm_st":"active",\
            "group":1,"paths":[\(paths.joined(separator: ","))]}]}
            """
        }
        let daemon = MemoryMultipathDaemon()
        daemon.answer(
            .showMaps,
            with: """
                {"major_version":0,"minor_version":1,"maps":[\(map("mpatha", path("sdb", true), path("sdc", false))),\
                \(map(#"x\\\"} 1\nevil 1"#, path("sdd", true)))]}
                """)
        var ports = AppliancePorts()
        ports.multipath = daemon
        let folder = try folder()
        try await TestAppliance.run(in: folder, ports: ports) { (test: TestAppliance) async throws in
            let mpatha = "multipath_paths{map=\"mpatha\",wwid=\"36000c29\",state="
            let scraped = try await scrape(test) { $0["\(mpatha)\"up\"}"] != nil }
            #expect(scraped["multipath_up"] == 1)
            #expect(scraped["\(mpatha)\"up\"}"] == 1)
            #expect(scraped["\(mpatha)\"down\"}"] == 1)
            #expect(scraped["multipath_path_faults_total{map=\"mpatha\",wwid=\"36000c29\"}"] == 3)
            #expect(scraped.values.keys.allSatisfy { !$0.hasPrefix("evil") })
            #expect(scraped.values.keys.contains { $0.contains("map=\"x") })
        }
    }

    @Test func `the check finds a metric that nobody tells, and a line that is none`() async throws {
        let folder = try folder()
        let text =
            "# HELP mastertarget_group_info X.\n# TYPE mastertarget_group_info gauge\nmastertarget_group_info{} 1\n"
        let (status, output) = try await MonitoringTool.check(text + "stray 1\n", prefix: "mastertarget_", in: folder)
        #expect(status == 1)
        #expect(output.contains("no program tells mastertarget_group_durable_lag_seconds"))
        #expect(output.contains("a line that belongs to no metric: stray 1"))
    }
}
