// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// From the first synchronization to the commit.
    @Suite struct RecoveryTests {
        private static let disks = ["sda", "sdb"]
        private static let bytes = 24 << 20

        @Test func `every bookmark of a group with two disks is recovered, byte by byte`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("erp", Self.disks, bytes: Self.bytes)
            let images = try Self.disks.map { try Image(bed.path("\($0).source"), bytes: Self.bytes) }
            var moments: [String: [Data]] = [:]
            func pass(_ label: String) throws {
                moments[label] = try images.map { try $0.content() }
                try bed.replicate("erp", Self.disks, label: label)
            }
            func compare(_ label: String) throws {
                for (index, disk) in Self.disks.enumerated() {
                    let isSame = try bed.target(disk) == moments[label]?[index]
                    #expect(isSame, "\(disk) is not as it was at \(label)")
                }
            }
            func recover(_ point: String, as label: String) throws {
                try bed.control("recover", "erp", "--point", point, "--source-stopped", "--yes")
                try compare(label)
            }
            for image in images { try image.scramble(1 << 20..<9 << 20) }
            try pass("first")
            try images[0].scramble(2 << 20..<3 << 20)
            try images[1].wipe(4 << 20..<6 << 20)
            try pass("second")
            try images[0].scramble(0..<4096)
            try pass("third")
            try images[0].wipe(0..<Self.bytes)
            try images[1].scramble(20 << 20..<24 << 20)
            try pass("fourth")
            try bed.waitFor(.protected, "erp")
            try bed.control("bookmark", "erp", "--label", "mine")
            let points = try bed.json(PointList.self, "points", "erp")
            #expect(points.bookmarks.compactMap(\.label) == ["first", "second", "third", "fourth", "mine"])
            let third = try #require(points.bookmarks.first { $0.label == "third" })

            try recover("second", as: "second")
            // The source is still there, and must not write to what was recovered.
            let fenced = try bed.program(
                .processServer,
                bed.sender("erp", Self.disks, ["--once", "--static-source", "--give-up-after", "500ms"]))
            #expect(fenced.status == 1)
            #expect(fenced.errors.contains("Group erp takes no data now: it is recovered."))
            try recover("first", as: "first")
            try recover("latest", as: "fourth")
            try recover("\(third.sequence)", as: "third")
            try bed.control("rollback", "erp", "--yes")
            try compare("fourth")
            try bed.waitFor(.protected, "erp")

            try images[1].scramble(0..<1 << 20)
            try pass("fifth")
            try recover("\(third.time)", as: "third")
            try recover("latest", as: "fifth")
            try recover("mine", as: "fourth")
            try bed.control("verify", "erp")
            try bed.control("commit", "erp", "--yes")
            try compare("fourth")
            #expect(try bed.json(GroupReport.self, "group", "show", "erp").state == .released)
            #expect(try FileManager.default.contentsOfDirectory(atPath: bed.path("retention")).isEmpty)
            let ended = try bed.stopDaemon()
            #expect(ended.status == 0, "\(ended.errors)")
        }

        @Test func `a process server that runs on runs its commands, serves bookmarks, and ends when it is told to`()
            throws
        {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            let image = try Image(bed.path("sda.source"), bytes: Self.bytes)
            try image.scramble(0..<4 << 20)
            let calls = bed.path("calls")
            let sender = try bed.startSender(
                "g", ["sda"],
                [
                    "--interval", "200ms", "--json", "--before-pass", "echo $MT_PHASE $MT_GROUP >>\(calls)",
                    "--after-pass", "echo $MT_PHASE >>\(calls)",
                ])
            func passes() -> Int { sender.output.matches(of: /"event":"passFinished"/).count }
            #expect(wait(20) { passes() >= 2 }, "\(sender.output)\(sender.errors)")
            try image.scramble(10 << 20..<11 << 20)
            try bed.waitFor(.protected, "g")
            #expect(try bed.json(GroupReport.self, "group", "show", "g").isSenderConnected)
            try bed.control("bookmark", "g", "--label", "asked", "--app-consistent")
            let isThere = try wait(10) {
                try bed.json(PointList.self, "points", "g").bookmarks.contains {
                    $0.label == "asked" && $0.kind == .applicationConsistent
                }
            }
            #expect(isThere)
            // Paused, it waits; resumed, it goes on.
            try bed.control("pause", "g")
            #expect(wait(10) { sender.output.contains("it is paused") }, "\(sender.output)")
            let before = passes()
            try bed.control("resume", "g")
            #expect(wait(20) { passes() > before })
            sender.signal(SIGTERM)
            let ended = sender.outcome(within: 15)
            #expect(ended.status == 0, "\(ended.errors)")
            let lines = try String(decoding: Data(contentsOf: URL(filePath: calls)), as: UTF8.self).split(
                separator: "\n")
            #expect(lines.first == "before g")
            #expect(lines.last == "after")
            #expect(lines.filter { $0 == "before g" }.count == lines.filter { $0 == "after" }.count)
            let stopped = try bed.stopDaemon()
            #expect(stopped.status == 0, "\(stopped.errors)")
            // A stop drains: what was durable is on the disk.
            let isSame = try bed.target("sda") == image.content()
            #expect(isSame)
        }
    }
}
