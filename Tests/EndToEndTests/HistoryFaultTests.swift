// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import LinuxSystem
import Testing

extension EndToEndTests {
    /// A retention volume that is missing, cannot be written to, or holds what it should not.
    @Suite struct HistoryFaultTests {
        private static let bytes = 8 << 20

        /// An agent whose group `g` has the points `one` and `two`; and another group, which nothing happens to.
        private func protectedBed() throws -> (Bed, Image) {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            try bed.protect("bystander", ["sdb"], bytes: Self.bytes)
            let image = try Image(bed.path("sda.source"), bytes: Self.bytes)
            try image.scramble(0..<4 << 20)
            try bed.replicate("g", ["sda"], label: "one")
            try image.scramble(1 << 20..<3 << 20)
            try bed.replicate("g", ["sda"], label: "two")
            try bed.waitFor(.protected, "g")
            return (bed, image)
        }

        private func history(_ bed: Bed) throws -> String {
            bed.path("retention/\(try bed.json(GroupReport.self, "group", "show", "g").id)")
        }

        private func files(_ folder: String, _ ending: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(ending) }.sorted()
                .map { "\(folder)/\($0)" }
        }

        /// Turns every bit of the file around from `offset` on.
        private func damage(_ path: String, at offset: Int, count: Int) throws {
            var data = try Data(contentsOf: URL(filePath: path))
            for index in offset..<offset + count { data[index] = ~data[index] }
            // In place: the file keeps its blocks.
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.write(contentsOf: data)
            try file.close()
        }

        private func expectDegraded(
            _ bed: Bed, _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation
        )
            throws
        {
            try bed.waitFor(.degraded, "g", sourceLocation: sourceLocation)
            let group = try bed.json(GroupReport.self, "group", "show", "g")
            #expect(group.cause?.contains(sentence) == true, "\(group.cause ?? "")", sourceLocation: sourceLocation)
            let refused = try bed.mtctl("recover", "g", "--point", "latest", "--source-stopped", "--yes")
            #expect(refused.status == 1, sourceLocation: sourceLocation)
            #expect(refused.errors.contains("degraded"), "\(refused.errors)", sourceLocation: sourceLocation)
            let sender = try bed.program(
                .processServer,
                bed.sender("g", ["sda"], ["--once", "--static-source", "--give-up-after", "300ms"]))
            #expect(sender.status == 1, sourceLocation: sourceLocation)
            #expect(
                sender.errors.contains("Group g takes no data now"), "\(sender.errors)", sourceLocation: sourceLocation)
        }

        private func expectWhole(_ bed: Bed, _ image: Image, sourceLocation: SourceLocation = #_sourceLocation) throws {
            try bed.waitFor(.protected, "g", sourceLocation: sourceLocation)
            try image.scramble(0..<1 << 20)
            try bed.replicate("g", ["sda"], label: "after", sourceLocation: sourceLocation)
            let isSame = try bed.target("sda") == image.content()
            #expect(isSame, sourceLocation: sourceLocation)
        }

        @Test func `a retention folder that is missing is waited for`() throws {
            let (bed, image) = try protectedBed()
            #expect(try bed.stopDaemon().status == 0)
            try FileManager.default.moveItem(atPath: bed.path("retention"), toPath: bed.path("elsewhere"))
            try bed.startDaemon()
            try expectDegraded(bed, "The retention volume \(bed.path("retention")) is not there;")
            try FileManager.default.moveItem(atPath: bed.path("elsewhere"), toPath: bed.path("retention"))
            try bed.control("resume", "g")
            try expectWhole(bed, image)
        }

        @Test func `a manifest of a newer version stops its group, and nothing is changed`() throws {
            let (bed, image) = try protectedBed()
            let manifest = "\(try history(bed))/manifest.json"
            #expect(try bed.stopDaemon().status == 0)
            let good = try String(contentsOfFile: manifest, encoding: .utf8)
            let newer = good.replacing(/"version" : 1/, with: "\"version\" : 2")
            #expect(newer != good)
            try newer.write(toFile: manifest, atomically: false, encoding: .utf8)
            try bed.startDaemon()
            try expectDegraded(bed, "was written by a newer version")
            // Not even when that is asked for.
            let rebuild = try bed.mtctl("retention", "rebuild", "g", "--accept-loss", "--yes")
            #expect(rebuild.status == 1)
            #expect(rebuild.errors.contains("newer version"), "\(rebuild.errors)")
            #expect(try String(contentsOfFile: manifest, encoding: .utf8) == newer)
            #expect(try bed.json(GroupReport.self, "group", "show", "bystander").state == .created)
            try good.write(toFile: manifest, atomically: false, encoding: .utf8)
            try bed.control("resume", "g")
            try expectWhole(bed, image)
        }

        @Test func `a manifest and an epoch file that are damaged are made again`() throws {
            let (bed, image) = try protectedBed()
            // A rewind ends the epoch, and seals it.
            try bed.control("recover", "g", "--point", "one", "--source-stopped", "--yes")
            try bed.control("rollback", "g", "--yes")
            let folder = try history(bed)
            let isSealed = try wait(20) { try !files(folder, "epoch").isEmpty }
            #expect(isSealed)
            #expect(try bed.stopDaemon().status == 0)
            try Data("{".utf8).write(to: URL(filePath: "\(folder)/manifest.json"))
            for epoch in try files(folder, "epoch") { try damage(epoch, at: 16, count: 64) }
            try bed.startDaemon()
            try expectDegraded(bed, "manifest.json cannot be read")
            let rebuilt = try bed.mtctl("retention", "rebuild", "g", "--yes")
            #expect(rebuilt.status == 0, "\(rebuilt.errors)")
            #expect(rebuilt.output.contains("made anew"), "\(rebuilt.output)")
            #expect(rebuilt.output.contains("epochs are made again"), "\(rebuilt.output)")
            try bed.control("verify", "g")
            let labels = try bed.json(PointList.self, "points", "g").bookmarks.compactMap(\.label)
            #expect(labels == ["one", "two"])
            try expectWhole(bed, image)
        }

        @Test func `a journal that is damaged in the middle is told, and the other group works`() throws {
            let (bed, _) = try protectedBed()
            let folder = try history(bed)
            bed.killDaemon()
            let segment = try #require(try files(folder, "redo").first)
            try damage(segment, at: 1 << 20, count: 4096)
            try bed.startDaemon()
            // Either the start meets it, or the check of all history does; it is never taken for good.
            let group = try bed.json(GroupReport.self, "group", "show", "g")
            if group.state == .degraded {
                #expect(group.cause?.contains("damaged") == true, "\(group.cause ?? "")")
                #expect(group.remedy != nil)
            } else {
                let recovered = try bed.mtctl("recover", "g", "--point", "one", "--source-stopped", "--yes")
                let verified = try bed.mtctl("verify", "g")
                #expect(recovered.status + verified.status > 0, "\(verified.output)")
            }
            #expect(try bed.json(GroupReport.self, "group", "show", "bystander").state == .created)
            #expect(try bed.stopDaemon().status == 0)
        }

        /// Whether a folder can be mounted on itself here, which takes root.
        private static let canMount: Bool = {
            let script = "d=$(mktemp -d) && mount --bind $d $d && umount $d; code=$?; rmdir $d; exit $code"
            return ShellCommand.run(script, environment: [], timeout: 5_000_000_000, clock: MachineSteadyClock()) == nil
        }()

        private func run(_ script: String) -> String? {
            ShellCommand.run(script, environment: [], timeout: 10_000_000_000, clock: MachineSteadyClock())
        }

        @Test(.enabled(if: canMount, "mounting takes root"))
        func `a volume that becomes read-only is told, and the group comes back with it`() throws {
            let (bed, image) = try protectedBed()
            #expect(try bed.stopDaemon().status == 0)
            let retention = bed.path("retention")
            #expect(run("mount --bind \(retention) \(retention) && mount -o remount,bind,ro \(retention)") == nil)
            defer { #expect(run("umount \(retention)") == nil) }
            try bed.startDaemon()
            try expectDegraded(bed, "ead-only")
            #expect(run("mount -o remount,bind,rw \(retention)") == nil)
            try bed.control("resume", "g")
            try expectWhole(bed, image)
            #expect(try bed.stopDaemon().status == 0)
        }
    }
}
