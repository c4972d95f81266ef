// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import StoragePrimitives
import Testing

extension EndToEndTests {
    /// Groups that a site brings home: every step ordered by the configuration server, none of them by hand.
    @Suite struct SiteFlowTests {
        private static let bytes = 8 << 20
        private static let disks = ["web", "db"]

        /// A site with one master target, a process server, and the machines `web` and `db` in the group `shop`.
        private static func bed(stopSource: String? = "true") throws -> SiteBed {
            let bed = try SiteBed()
            try bed.startMasterTarget("mt-1")
            #expect(try bed.register("mt-1").status == 0)
            try bed.registerProcessServer()
            try bed.startProcessServer(stopSource)
            for machine in disks {
                try Image(bed.path("\(machine).source"), bytes: bytes).scramble(0..<4 << 20)
                _ = try Image(bed.path("\(machine).target"), bytes: bytes)
                try bed.operate(
                    "machine", "set", machine, "--powered-off", "--disk",
                    "id=\(machine)-0,size=\(bytes),source=\(bed.path("\(machine).source")),"
                        + "original=file:\(bed.path("\(machine).target"))")
            }
            try bed.operate("group", "create", "shop", "--machine", "web", "--machine", "db")
            // A process server cannot be chosen before it was heard of.
            #expect(
                try wait(10) {
                    try bed.json(ServerList.self, "servers").servers.filter { $0.state == .online }.count == 2
                })
            return bed
        }

        private static func data(_ bed: SiteBed, _ kind: String) throws -> [Data] {
            try disks.map { try Data(contentsOf: URL(filePath: bed.path("\($0).\(kind)"))) }
        }

        @Test func `a group of machines is reprotected, failed over, and committed`() throws {
            let bed = try Self.bed()
            try bed.operate("reprotect", "shop", "--yes")
            try bed.waitFor(.protected, "shop")
            let report = try bed.report(of: "shop")
            #expect(report.placement?.direction == .failback && report.report?.disks.count == 2)
            #expect(report.report?.senders == report.placement.map { [$0.processServer] })
            for machine in Self.disks { try Image(there: bed.path("\(machine).source")).scramble(1 << 20..<6 << 20) }
            try bed.operate("failover", "shop", "--point", "latest", "--yes")
            try bed.waitFor(.recovered, "shop")
            #expect(try Self.data(bed, "target") == Self.data(bed, "source"))
            try bed.operate("commit", "shop", "--yes")
            let jobs = try bed.json(SiteJobList.self, "jobs").jobs
            #expect(jobs.map(\.operation.kind) == [.commit, .failover, .reprotect])
            #expect(jobs.allSatisfy { $0.state == .done && $0.requestedBy == "ada" && $0.result != nil })
            #expect(try bed.report(of: "shop").placement == nil)
            #expect(try Self.data(bed, "target") == Self.data(bed, "source"))
        }

        @Test func `another point is picked until commit, and a rollback goes on replicating`() throws {
            let bed = try Self.bed()
            try bed.operate("reprotect", "shop", "--yes")
            try bed.waitFor(.protected, "shop")
            let before = try Self.data(bed, "source")
            #expect(try bed.agent("mt-1", "bookmark", "shop", "--label", "before").status == 0)
            for machine in Self.disks { try Image(there: bed.path("\(machine).source")).scramble(0..<3 << 20) }
            let sequence = try bed.report(of: "shop").report?.durableSequence ?? 0
            #expect(try wait(15) { try bed.report(of: "shop").report?.durableSequence ?? 0 > sequence + 2 })
            try bed.operate("failover", "shop", "--point", "latest", "--accept-inexact", "--yes")
            #expect(try Self.data(bed, "target") == Self.data(bed, "source"))
            try bed.operate(
                "failover", "shop", "--point", "before", "--accept-inexact", "--targets-untouched", "--yes")
            #expect(try Self.data(bed, "target") == before)
            try bed.operate("rollback", "shop", "--targets-untouched", "--yes")
            try bed.waitFor(.protected, "shop")
            for machine in Self.disks { try Image(there: bed.path("\(machine).source")).scramble(5 << 20..<7 << 20) }
            #expect(try wait(30) { try Self.data(bed, "target") == Self.data(bed, "source") })
        }

        @Test func `sources that nobody can stop are asked about, and the operator's word counts`() throws {
            let bed = try Self.bed(stopSource: nil)
            try bed.operate("reprotect", "shop", "--yes")
            try bed.waitFor(.protected, "shop")
            let refused = try bed.site("failover", "shop", "--point", "latest", "--accept-inexact", "--yes")
            #expect(refused.status == 1 && refused.errors.contains("--stop-source"), "\(refused.errors)")
            // What was begun is taken back: it replicates on.
            for machine in Self.disks { try Image(there: bed.path("\(machine).source")).scramble(0..<2 << 20) }
            #expect(try wait(30) { try Self.data(bed, "target") == Self.data(bed, "source") })
            try bed.operate("failover", "shop", "--point", "latest", "--accept-inexact", "--source-stopped", "--yes")
            try bed.waitFor(.recovered, "shop")
        }

        /// Each party is killed once while each operation is under way; the job goes on to its end.
        @Test(arguments: ["server", "master target", "process server"])
        func `an operation survives that one of them is killed`(party: String) throws {
            let bed = try Self.bed()
            func interrupted(_ arguments: String...) throws {
                // Who was away comes back by itself, and nothing is begun before.
                let areHeard = try wait(60) {
                    try bed.json(ServerList.self, "servers").servers.allSatisfy { $0.state == .online }
                }
                #expect(areHeard)
                try bed.operate(arguments[0], "shop", "--no-wait", "--yes", more: Array(arguments.dropFirst()))
                Thread.sleep(forTimeInterval: .random(in: 0..<0.6))
                switch party {
                case "server":
                    bed.killServer()
                    try bed.startServer()
                case "master target":
                    bed.killMasterTarget("mt-1")
                    try bed.startMasterTarget("mt-1")
                default:
                    bed.killProcessServer()
                    try bed.startProcessServer("true")
                }
                let ended = try wait(120) {
                    try bed.json(SiteJobList.self, "jobs").jobs.first.map { $0.state.isFinal } == true
                }
                let job = try #require(try bed.json(SiteJobList.self, "jobs").jobs.first)
                #expect(ended && job.state == .done && job.operation.kind.rawValue == arguments[0], "\(job)")
            }
            try interrupted("reprotect")
            for machine in Self.disks { try Image(there: bed.path("\(machine).source")).scramble(0..<6 << 20) }
            try interrupted("failover", "--point", "latest")
            #expect(try Self.data(bed, "target") == Self.data(bed, "source"))
            try interrupted("commit")
            #expect(try Self.data(bed, "target") == Self.data(bed, "source"))
        }

        @Test func `a server that is restored from an old backup learns what happened since, and undoes nothing`()
            throws
        {
            let bed = try Self.bed()
            try bed.operate("reprotect", "shop", "--yes")
            try bed.waitFor(.protected, "shop")
            try bed.backup(to: "old")
            try bed.operate("failover", "shop", "--point", "latest", "--yes")
            let shown = try Self.data(bed, "target")
            try bed.restore(from: "old")
            try bed.waitFor(.recovered, "shop")
            #expect(try Self.data(bed, "target") == shown)
            // It thinks that the process server sends, and the master target takes nothing from it.
            Thread.sleep(forTimeInterval: 2)
            let report = try bed.report(of: "shop")
            #expect(report.report?.state == .recovered, "\(report)")
            #expect(try Self.data(bed, "target") == shown)
            try bed.operate("commit", "shop", "--yes")
            #expect(try Self.data(bed, "target") == shown)
        }
    }
}
