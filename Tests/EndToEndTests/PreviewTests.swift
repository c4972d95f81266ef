// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Testing

extension EndToEndTests {
    /// Points that are looked at while replication goes on, by the programs that people have for it.
    @Suite struct PreviewTests {
        private static let bytes = 32 << 20

        /// An appliance with two disks in a group, and two points of them.
        private static func bed() throws -> (bed: Bed, first: [Data], second: [Data]) {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("web", ["root", "data"], bytes: bytes)
            var moments: [[Data]] = []
            for label in ["first", "second"] {
                for disk in ["root", "data"] {
                    let image =
                        moments.isEmpty
                        ? try Image(bed.path("\(disk).source"), bytes: bytes) : Image(there: bed.path("\(disk).source"))
                    try image.scramble(moments.isEmpty ? 0..<8 << 20 : 4 << 20..<12 << 20)
                }
                try bed.replicate("web", ["root", "data"], label: label)
                moments.append(
                    try ["root", "data"].map { try Data(contentsOf: URL(filePath: bed.path("\($0).source"))) })
            }
            return (bed, moments[0], moments[1])
        }

        private static func start(_ bed: Bed, _ more: String...) throws -> PreviewReport {
            let outcome = try bed.program(
                .control, ["preview", "start", "web", "--json", "--socket", bed.path("control.sock")] + more)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(PreviewReport.self, from: Data(outcome.output.utf8))
        }

        private static func content(_ bed: Bed, _ uri: String) throws -> Data {
            let path = bed.path("read-\(UUID().uuidString)")
            bed.shell("nbdcopy '\(uri)' \(path)")
            return try Data(contentsOf: URL(filePath: path))
        }

        @Test func `all disks of a point are read while replication goes on, and after a restart`() throws {
            let (bed, first, second) = try Self.bed()
            let preview = try Self.start(bed, "--point", "first")
            #expect(preview.disks.map(\.source) == ["root", "data"])
            #expect(try preview.disks.map { try Self.content(bed, $0.uri) } == first)
            try Image(there: bed.path("root.source")).scramble(0..<16 << 20)
            try bed.replicate("web", ["root", "data"], label: "third")
            #expect(try preview.disks.map { try Self.content(bed, $0.uri) } == first)
            bed.killDaemon()
            try bed.startDaemon()
            let isBack = try wait(15) {
                try bed.json(PreviewList.self, "preview", "list").previews.first?.isServing == true
            }
            #expect(isBack)
            #expect(try preview.disks.map { try Self.content(bed, $0.uri) } == first)
            let other = try Self.start(bed, "--point", "second")
            #expect(try other.disks.map { try Self.content(bed, $0.uri) } == second)
            try bed.control("preview", "stop", preview.id)
            try bed.control("preview", "stop", other.id)
            #expect(try bed.json(PreviewList.self, "preview", "list").previews.isEmpty)
            let sockets = try FileManager.default.contentsOfDirectory(atPath: bed.folder).filter {
                $0.hasPrefix("preview-")
            }
            #expect(sockets.isEmpty)
        }

        @Test func `a writable preview keeps what is written to it, up to its scratch, and harms nothing`() throws {
            let (bed, first, _) = try Self.bed()
            let preview = try Self.start(bed, "--point", "first", "--writable", "--scratch", "2MiB")
            let uri = preview.disks[0].uri
            bed.shell("qemu-io -f raw -c 'write -P 7 1M 100k' -c flush '\(uri)'")
            var expected = first[0]
            expected.replaceSubrange(1 << 20..<(1 << 20) + (100 << 10), with: Data(repeating: 7, count: 100 << 10))
            #expect(try Self.content(bed, uri) == expected)
            bed.killDaemon()
            try bed.startDaemon()
            let isBack = try wait(15) {
                try bed.json(PreviewList.self, "preview", "list").previews.first?.isServing == true
            }
            #expect(isBack)
            #expect(try Self.content(bed, uri) == expected)
            #expect(try bed.read("qemu-io -f raw -c 'write -P 9 8M 4M' '\(uri)' || true").contains("No space"))
            // Another preview of the same point, and the point itself, know nothing of it.
            let other = try Self.start(bed, "--point", "first")
            #expect(try Self.content(bed, other.disks[0].uri) == first[0])
            try bed.control("preview", "stop", preview.id)
            #expect(!FileManager.default.fileExists(atPath: bed.path("retention/previews/\(preview.id)")))
        }

        @Test func `a group that is looked at is not taken apart, and says why`() throws {
            let (bed, _, _) = try Self.bed()
            let preview = try Self.start(bed, "--point", "first")
            let refused = try bed.mtctl("group", "delete", "web", "--discard-history", "--yes")
            #expect(refused.status == 1)
            #expect(refused.errors.contains("mtctl preview stop \(preview.id)"), "\(refused.errors)")
            try bed.control("preview", "stop", preview.id)
            let written = try Self.start(bed, "--point", "first", "--writable")
            let recovery = try bed.mtctl("recover", "web", "--point", "first", "--source-stopped", "--yes")
            #expect(recovery.status == 1)
            #expect(recovery.errors.contains("mtctl preview stop \(written.id)"), "\(recovery.errors)")
            try bed.control("preview", "stop", written.id)
            try bed.control("group", "delete", "web", "--discard-history", "--yes")
        }

        @Test func `a preview takes no socket that somebody uses`() throws {
            let (bed, first, _) = try Self.bed()
            let preview = try Self.start(bed, "--point", "first")
            for path in ["control.sock", "preview-\(preview.id).sock", "root.target"] {
                let refused = try bed.mtctl(
                    "preview", "start", "web", "--point", "second", "--listen", "unix:\(bed.path(path))")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("is there already"), "\(path): \(refused.errors)")
            }
            #expect(try Self.content(bed, preview.disks[0].uri) == first[0])
            #expect(try bed.json(PreviewList.self, "preview", "list").previews.count == 1)
        }

        @Test func `what differs between two points is told as a metadata context`() throws {
            let (bed, first, second) = try Self.bed()
            let points = try bed.json(PointList.self, "points", "web")
            let before = try #require(points.bookmarks.first { $0.label == "first" }).sequence
            let preview = try Self.start(bed, "--point", "second")
            let map = try bed.read(
                "nbdinfo --json --map=mastertarget:changed:\(before) '\(preview.disks[0].uri)'")
            struct Row: Decodable {
                let offset: Int
                let length: Int
                let type: Int
            }
            let rows = try JSONDecoder().decode([Row].self, from: Data(map.utf8))
            #expect(rows.reduce(0) { $0 + $1.length } == Self.bytes)
            for row in rows where row.type == 0 {
                let range = row.offset..<row.offset + row.length
                #expect(first[0][range] == second[0][range], "a difference at \(range) is not told")
            }
            let changed = rows.filter { $0.type == 1 }.reduce(0) { $0 + $1.length }
            #expect(changed >= 8 << 20 && changed <= 9 << 20, "\(changed) bytes are told to differ, and 8 MiB do")
        }

        @Test func `a point becomes an image, a whole group a folder of them`() throws {
            let (bed, first, _) = try Self.bed()
            let folder = bed.path("copies")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try bed.control("copy", "web", "--point", "first", "--to", folder)
            for (disk, content) in zip(["root", "data"], first) {
                #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(disk).raw")) == content)
            }
            // Holes stay holes.
            let blocks = try bed.read("du --block-size=1M \(folder)/root.raw | cut -f1")
            #expect(Int(blocks) ?? 99 <= 9, "\(blocks) MiB for 8 MiB of data")
            let image = bed.path("root.qcow2")
            try bed.control("copy", "web", "--point", "first", "--disk", "root", "--to", image)
            bed.shell("qemu-img check -q \(image) && qemu-img compare -f raw -F qcow2 \(folder)/root.raw \(image)")
            try Data([1]).write(to: URL(filePath: bed.path("half.img.part")))
            try bed.control("copy", "web", "--point", "first", "--disk", "root", "--to", bed.path("half.img"))
            #expect(try Data(contentsOf: URL(filePath: bed.path("half.img"))) == first[0])
            #expect(!FileManager.default.fileExists(atPath: bed.path("half.img.part")))
            // A copy's preview leaves its socket when the agent is killed, and its number is given again.
            bed.shell(
                "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"\(bed.path("preview-4.sock"))\")'")
            for number in 1...3 {
                try bed.control(
                    "copy", "web", "--point", "first", "--disk", "data", "--to", bed.path("again-\(number).img"))
            }
            let again = try bed.mtctl("copy", "web", "--point", "first", "--disk", "root", "--to", "\(folder)/root.raw")
            #expect(again.status == 1)
            #expect(again.errors.contains("exists"), "\(again.errors)")
            #expect(try bed.json(PreviewList.self, "preview", "list").previews.isEmpty)
        }

        @Test func `over the network a preview is read with a certificate and not without`() throws {
            let (bed, first, _) = try Self.bed()
            let port = Int.random(in: 32000..<34000)
            let preview = try Self.start(bed, "--point", "first", "--listen", "127.0.0.1:\(port)")
            #expect(preview.listen == "127.0.0.1:\(port)")
            let tls = try bed.issueNBDClient("viewer")
            let name = "preview:\(preview.id)/root"
            #expect(
                try Self.content(bed, "nbds://localhost:\(port)/\(name)?tls-certificates=\(tls)&tls-verify-peer=false")
                    == first[0])
            #expect(try bed.read("nbdinfo 'nbd://localhost:\(port)/\(name)' 2>&1 || true").contains("TLS"))
            let stranger = try bed.issueNBDClient("stranger", role: "process-server")
            let refused = try bed.read(
                "nbdinfo 'nbds://localhost:\(port)/\(name)?tls-certificates=\(stranger)' 2>&1 || true")
            #expect(refused.contains("server replied with error"), "\(refused)")
            let said = bed.daemon?.errors ?? ""
            #expect(said.contains("may not look at previews"), "\(said)")
        }
    }
}
