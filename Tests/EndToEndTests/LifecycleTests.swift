// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Comparison, overload, restarts under load.
    @Suite struct LifecycleTests {
        private static let bytes = 24 << 20

        private func passes(_ sender: ChildProcess) -> Int {
            sender.output.matches(of: /"event":"passFinished"/).count
        }

        /// Waits until the targets are what the sources are.
        private func expectSame(
            _ bed: Bed, _ disks: [String], within seconds: Double = 20,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let isSame = try wait(seconds) {
                Thread.sleep(forTimeInterval: 0.1)
                return try disks.allSatisfy { disk in
                    try bed.target(disk) == Data(contentsOf: URL(filePath: bed.path("\(disk).source")))
                }
            }
            #expect(isSame, "the targets are not what their sources are", sourceLocation: sourceLocation)
        }

        @Test func `a comparison finds what differs, names it, and has it synchronized again`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda", "sdb"], bytes: Self.bytes)
            let images = try ["sda", "sdb"].map { try Image(bed.path("\($0).source"), bytes: Self.bytes) }
            for image in images { try image.stamp(0..<8 << 20) }
            let away = try bed.mtctl("verify", "g")
            #expect(away.output.contains("not compared"), "\(away.output)\(away.errors)")
            let sender = try bed.startSender("g", ["sda", "sdb"], ["--interval", "30s", "--json", "--static-source"])
            #expect(wait(20) { passes(sender) >= 1 }, "\(sender.output)\(sender.errors)")
            try bed.waitFor(.protected, "g")
            let good = try bed.mtctl("verify", "g")
            #expect(good.status == 0, "\(good.errors)")
            #expect(good.output.contains("the same as their sources: 48 MiB"), "\(good.output)")

            // The target of one disk loses a bit, behind everybody's back.
            let target = try FileHandle(forUpdating: URL(filePath: bed.path("sdb.target")))
            try target.seek(toOffset: 5 << 20)
            let byte = try #require(try target.read(upToCount: 1)?.first)
            try target.seek(toOffset: 5 << 20)
            try target.write(contentsOf: Data([byte ^ 1]))
            try target.close()
            let bad = try bed.mtctl("verify", "g")
            #expect(bad.status == 1)
            #expect(bad.errors.contains("sdb at byte 5242880 (64 KiB)"), "\(bad.errors)")
            // Marked, and synchronized by digest when the sender is back: both disks, as one point.
            try expectSame(bed, ["sda", "sdb"])
            try bed.waitFor(.protected, "g")
            let starts = sender.output.split(separator: "\n").filter { $0.contains(#""event":"syncStarted""#) }
            #expect(starts.count == 4, "\(sender.output)")
            #expect(starts.dropFirst(2).allSatisfy { $0.contains(#""kind":"resync""#) }, "\(sender.output)")
            #expect(sender.output.contains("A comparison found that"), "\(sender.output)")
            let again = try bed.mtctl("verify", "g")
            #expect(again.status == 0, "\(again.errors)")
            sender.signal(SIGTERM)
            #expect(sender.outcome(within: 15).status == 0)
            #expect(try bed.stopDaemon().status == 0)
        }

        @Test func `a sender whose master target stands still holds little, folds, and sends all of it after`() throws {
            let bytes = 48 << 20
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: bytes)
            let image = try Image(bed.path("sda.source"), bytes: bytes)
            let sender = try bed.startSender("g", ["sda"], ["--interval", "200ms", "--json", "--static-source"])
            #expect(wait(20) { passes(sender) >= 2 }, "\(sender.output)\(sender.errors)")
            let before = sender.peakMemory
            // Neither credit nor acknowledgements come from now on.
            bed.daemon?.signal(SIGSTOP)
            for _ in 0..<4 {
                try image.stamp(0..<bytes)
                Thread.sleep(forTimeInterval: 0.3)
            }
            let stalled = passes(sender)
            let held = sender.peakMemory
            // All of the disk differs, again and again; what is held is a few buffers.
            #expect(held - before < 32 << 20, "\(before) bytes became \(held)")
            bed.daemon?.signal(SIGCONT)
            try expectSame(bed, ["sda"])
            #expect(wait(20) { passes(sender) > stalled }, "\(sender.output)")
            let folded = sender.output.matches(of: /"foldedPasses":([0-9]+)/).compactMap { Int($0.1) }
            #expect((folded.max() ?? 0) >= 2, "\(sender.output)")
            sender.signal(SIGTERM)
            #expect(sender.outcome(within: 15).status == 0)
            #expect(try bed.stopDaemon().status == 0)
        }

        @Test func `an agent under load tells its service manager, drains, starts again and loses nothing`() throws {
            let bed = try Bed()
            let manager = try NotifyListener(bed.path("notify"))
            bed.daemonEnvironment["NOTIFY_SOCKET"] = manager.path
            try bed.startDaemon()
            #expect(wait(5) { manager.count("READY=1") == 1 }, "\(manager.messages)")
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            let image = try Image(bed.path("sda.source"), bytes: Self.bytes)
            let sender = try bed.startSender("g", ["sda"], ["--interval", "100ms", "--json", "--static-source"])
            var round = 0
            /// Writes and replicates until something holds.
            func load(until condition: () throws -> Bool) throws -> Bool {
                try wait(20) {
                    round += 1
                    Thread.sleep(forTimeInterval: 0.05)
                    try image.stamp((round % 5) << 22..<((round % 5) << 22) + (1 << 20))
                    return try condition()
                }
            }
            #expect(try load { passes(sender) >= 3 }, "\(sender.output)\(sender.errors)")
            // Fed once a second, while data moves.
            let fed = manager.count("WATCHDOG=1")
            #expect(try load { manager.count("WATCHDOG=1") >= fed + 2 }, "\(manager.messages)")

            // More groups want smaller shares of memory: the listener starts again, and the session with it.
            let connections = { sender.output.matches(of: /"event":"connected"/).count }
            let first = connections()
            for index in 0..<4 { try bed.control("group", "create", "more-\(index)") }
            #expect(try load { connections() > first }, "\(sender.output)")
            let made = passes(sender)
            #expect(try load { passes(sender) >= made + 2 }, "\(sender.output)")

            // SIGTERM in the middle of it.
            #expect(manager.count("STOPPING=1") == 0)
            let began = Date()
            let ended = try bed.stopDaemon()
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(Date().timeIntervalSince(began) < 10)
            #expect(manager.count("STOPPING=1") == 1)
            try image.stamp(0..<Self.bytes)
            try bed.startDaemon()
            #expect(manager.count("READY=1") == 2)
            try expectSame(bed, ["sda"])
            sender.signal(SIGTERM)
            #expect(sender.outcome(within: 15).status == 0)
            #expect(try bed.stopDaemon().status == 0)
        }
    }
}
