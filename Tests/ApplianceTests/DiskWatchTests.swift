// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import DiskInventory
import LinuxSystem
import Multipath
import StoragePrimitives
import Synchronization
import Testing
import mtctl

/// A whole appliance on a machine whose disks come, go and change.
@Suite(.serialized) struct DiskWatchTests {
    private static let size = ByteCount.mebibytes(8)

    private struct Bench {
        let source: RecordedDiskSource
        let keepers = RecordedKeepers()
        let clock = ManualClock()

        init(_ scan: DiskScan) { source = RecordedDiskSource(scan) }

        var ports: AppliancePorts {
            var ports = AppliancePorts()
            ports.disks = source
            ports.rules = TargetRules(open: { _ in nil })
            ports.keepers = .init { [keepers] in try keepers.install($0, $1) }
            ports.pauses = clock
            return ports
        }

        /// Lets time pass until something holds, for ten real seconds at most.
        func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
            let limit = ContinuousClock().now.advanced(by: .seconds(10))
            while ContinuousClock().now < limit {
                if try await holds() { return }
                clock.advance(by: .milliseconds(200))
                await Task.yield()
            }
            Issue.record("it never came to this: \(what)")
        }
    }

    @Test(.enabled(if: hasLoopDisks, "needs root and loop devices"))
    func `a group stops, waits and goes on with its disk, and others do not notice`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("image", Self.size)
        let loop = try LoopDisk(in: folder, "target", Self.size)
        let here = Recorded.scan(loop.disk(Recorded.first, size: Self.size))
        let bench = Bench(here)
        try await TestAppliance.run(in: folder, ports: bench.ports) { test in
            func group(_ name: String) async throws -> GroupReport {
                try await test.json(GroupReport.self, "group", "show", name)
            }
            for name in ["shop", "mail"] { #expect(await test.mtctl("group", "create", name).code == 0) }
            let named = await test.mtctl(
                "disk", "bind", "shop", "--source", "s", "--target", loop.devnode, "--size", "8MiB", "--yes")
            #expect(named.errors.contains(Recorded.first))
            for (name, target) in [("shop", Recorded.first), ("mail", "file:\(folder.path)/image")] {
                let bound = await test.mtctl(
                    "disk", "bind", name, "--source", "s", "--target", target, "--size", "8MiB", "--yes")
                #expect(bound.code == 0, "\(bound.errors)")
            }
            #expect(bench.keepers.last?.bound == [Recorded.first])

            bench.source.replace(with: Recorded.scan(loop.disk(Recorded.first, size: Self.size + Self.size)))
            try await bench.eventually("stopped, because its disk grew") {
                try await group("shop").cause?.contains("has grown") == true
            }
            #expect(try await group("mail").cause == nil)
            let accepted = await test.mtctl("disks", "accept", Recorded.first)
            #expect(accepted.code == 0, "\(accepted.errors)")
            try await bench.eventually("goes on") { try await group("shop").cause == nil }

            bench.source.replace(with: Recorded.scan())
            try await bench.eventually("degraded, because its disk is gone") {
                try await group("shop").cause?.contains("is gone") == true
            }
            #expect(await test.mtctl("disks", "forget", Recorded.first).errors.contains("group shop"))
            #expect(try await group("mail").cause == nil)
            bench.source.replace(with: Recorded.scan(loop.disk(Recorded.first, size: Self.size + Self.size)))
            try await bench.eventually("back") { try await group("shop").cause == nil }

            #expect(try await test.json(DiskList.self, "disks").disks.first?.group == "shop")
        }
    }

    @Test func `status has what the last look at everything found`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        let bench = Bench(Recorded.scan(Recorded.disk("sdx", nil)))
        try await TestAppliance.run(in: folder, ports: bench.ports) { test in
            var health: HealthSummary?
            try await bench.eventually("looked") {
                health = try await test.json(ApplianceReport.self, "status").health
                return health != nil
            }
            let summary = try #require(health)
            // A plain folder is no retention volume, and the disk has no identity.
            #expect(summary.severity == "critical")
            #expect(summary.counts["critical", default: 0] > 0)
            let failing = summary.failing.map(\.check)
            #expect(failing.contains("retention.volume") && failing.contains("disks.enable-uuid"))
            #expect(summary.failing.allSatisfy { !$0.sentence.isEmpty && $0.severity != "ok" })
            let text = await test.mtctl("status")
            #expect(text.code == 0)
            #expect(text.output.contains("critical retention.volume: "))
            // Again, an interval later.
            try await bench.eventually("looked again") {
                try await test.json(ApplianceReport.self, "status").health?.moment != summary.moment
            }
        }
    }

    @Test func `health --watch looks again after each pause`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try await TestAppliance.run(in: folder, ports: Bench(Recorded.scan()).ports) { test in
            let lines = Mutex<[String]>([])
            let pauses = Mutex<[Duration]>([])
            var console = Console(
                isTerminal: false, isInteractive: false, hasColor: false, width: 100,
                write: { line in lines.withLock { $0.append(line) } }, writeError: { _ in }, readLine: { nil })
            console.pause = { pause in
                let count = pauses.withLock { pauses in
                    pauses.append(pause)
                    return pauses.count
                }
                if count == 3 { throw CancellationError() }
            }
            _ = await Program.run(
                ["health", "--monitoring", "--watch", "30", "--socket", test.socket], console: console)
            #expect(pauses.withLock { $0 } == [.seconds(30), .seconds(30), .seconds(30)])
            let found = lines.withLock { $0 }
            #expect(found.count == 3)
            #expect(found.allSatisfy { $0.hasPrefix("MASTER TARGET ") })
        }
    }

    @Test func `without multipathd, mtctl multipath says so`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        var ports = Bench(Recorded.scan()).ports
        ports.multipath = AbsentMultipath()
        try await TestAppliance.run(in: folder, ports: ports) { test in
            let report = try await test.json(MultipathReport.self, "multipath")
            #expect(!report.isRunning)
            #expect(report.problem?.contains("multipathd does not listen") == true)
            #expect(await test.mtctl("multipath").code == 0)
        }
    }
}

/// Nobody listens.
private struct AbsentMultipath: MultipathDaemon {
    func reply(to command: MultipathCommand) throws(MultipathError) -> [UInt8] {
        throw MultipathError(.notRunning, object: "a test")
    }
}
