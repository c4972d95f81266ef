// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import RetentionStore
import StoragePrimitives
import Testing

/// From the first synchronization to the commit, as `mtctl` sees it; a session's calls are made by hand.
@Suite struct RecoveryEndToEndTests {
    private static let size = ByteCount.mebibytes(4)

    private func firstByte(_ folder: TestFolder) throws -> UInt8? { try folder.bytes("a.img").first }

    @Test func `a group is recovered, recovered again, rolled back, recovered and committed`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", Self.size)
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            #expect(await test.mtctl("bookmark", "g", "--label", "three").code == 0)
            let points = try await test.json(PointList.self, "points", "g")
            #expect(points.bookmarks.map(\.label) == ["three"])
            let picture = await TestAppliance.mtctl(["points", "g", "--socket", test.socket], isInteractive: true)
            #expect(picture.output.contains("◆"))
            #expect(try firstByte(folder) == 3)

            // Batch 1 is the number after the sync's; its time names it.
            let time = "\(DateTime(BatchStamp.numbered(1).lastTime))"
            let unsure = await test.mtctl("recover", "g", "--point", time, "--yes")
            #expect(unsure.code == 1)
            #expect(unsure.errors.contains("--source-stopped"))
            let first = await test.mtctl("recover", "g", "--point", time, "--source-stopped", "--yes")
            #expect(first.code == 0, "\(first.errors)")
            #expect(try firstByte(folder) == 1)
            #expect(
                await test.mtctl("group", "delete", "g", "--discard-history", "--yes").errors.contains(
                    "recovered point"))
            #expect(await test.mtctl("pause", "g").code == 1)

            let second = await test.mtctl(
                "recover", "g", "--point", "\(DateTime(BatchStamp.numbered(2).lastTime))", "--source-stopped", "--yes")
            #expect(second.code == 0, "\(second.errors)")
            #expect(try firstByte(folder) == 2)
            let back = await test.mtctl("rollback", "g", "--yes")
            #expect(back.code == 0, "\(back.errors)")
            #expect(try firstByte(folder) == 3)
            let state = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(state.state == .protected)

            let verified = await test.mtctl("verify", "g")
            #expect(verified.code == 0, "\(verified.errors)")
            #expect(await test.mtctl("recover", "g", "--point", time, "--source-stopped", "--yes").code == 0)
        }
        // A recovered group is still one after a restart.
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let state = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(state.state == .recovered)
            let commit = await test.mtctl("commit", "g", "--yes")
            #expect(commit.code == 0, "\(commit.errors)")
            #expect(try firstByte(folder) == 1)
            let after = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(after.state == .released)
            #expect(await test.mtctl("rollback", "g", "--yes").errors.contains("is committed"))
            #expect(try DirectoryFolder(path: "\(folder.path)/retention").names().isEmpty)
            #expect(try DirectoryFolder(path: "\(folder.path)/state/reports").names().count == 1)
            let jobs = try await test.json(JobList.self, "jobs")
            #expect(jobs.jobs.map(\.kind) == [.recover, .recover, .rollback, .verify, .recover, .commit])
            #expect(jobs.jobs.allSatisfy { $0.state == .done })
            #expect(await test.mtctl("group", "delete", "g").code == 0)
        }
    }

    @Test func `history that cannot be made again is refused with a way out, and the way out works`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", Self.size)
        var history = ""
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let group = try await test.protect()
            #expect(await test.mtctl("bookmark", "g", "--label", "three").code == 0)
            try await until { group.status.epochs > 1 }
            history = "retention/\(try await test.json(GroupReport.self, "group", "show", "g").id)"
        }
        // The catalogue is damaged, and the journal that it could be made again from is gone.
        for name in try DirectoryFolder(path: "\(folder.path)/\(history)").names() {
            if name.hasPrefix("epoch-") { try folder.write("nothing", to: "\(history)/\(name)") }
            if name.hasPrefix("redo-") { try folder.remove("\(history)/\(name)") }
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await test.waitFor(.degraded)
            let before = try DirectoryFolder(path: "\(folder.path)/\(history)").names().sorted()
            let refused = await test.mtctl("retention", "rebuild", "g", "--accept-loss", "--yes")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("Nothing was changed"), "\(refused.errors)")
            #expect(refused.errors.contains("protect these disks in a new group"), "\(refused.errors)")
            #expect(try DirectoryFolder(path: "\(folder.path)/\(history)").names().sorted() == before)
            // As it says: the disks keep the latest point, and are protected anew.
            let deleted = await test.mtctl("group", "delete", "g", "--discard-history", "--yes")
            #expect(deleted.code == 0, "\(deleted.errors)")
            #expect(try firstByte(folder) == 3)
            _ = try await test.protect()
        }
    }

    @Test func `history is lost only when that is said`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", Self.size)
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            for arguments in [["group", "delete", "g"], ["disk", "unbind", "g", "--source", "s"]] {
                let result = await TestAppliance.mtctl(arguments + ["--socket", test.socket])
                #expect(result.code == 1)
                #expect(result.errors.contains("--discard-history"))
            }
            #expect(await test.mtctl("group", "delete", "g", "--discard-history", "--yes").code == 0)
            #expect(try DirectoryFolder(path: "\(folder.path)/retention").names().isEmpty)
            #expect(try firstByte(folder) == 3)
        }
    }

    /// Something writes to the image behind the appliance's back.
    private func touch(_ folder: TestFolder) throws {
        var buffer = AlignedBuffer(count: 4096)
        var span = buffer.mutableBytes
        span.storeBytes(of: 0x77, toByteOffset: 0, as: UInt8.self)
        try DirectoryFolder(path: folder.path).open("a.img").write(buffer.bytes, at: ByteOffset(1 << 20))
    }

    @Test func `history is not moved over disks that a machine wrote to`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", Self.size)
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            let time = "\(DateTime(BatchStamp.numbered(1).lastTime))"
            let written = await test.mtctl("rollback", "g", "--targets-written", "--discard-history", "--yes")
            #expect(written.errors.contains("is not recovered"), "\(written.errors)")
            #expect(await test.mtctl("recover", "g", "--point", time, "--source-stopped", "--yes").code == 0)
            try touch(folder)
            for arguments in [
                ["rollback", "g", "--yes"], ["rollback", "g", "--targets-untouched", "--yes"],
                ["recover", "g", "--point", "latest", "--source-stopped", "--targets-untouched", "--yes"],
            ] {
                let refused = await TestAppliance.mtctl(arguments + ["--socket", test.socket])
                #expect(refused.code == 1)
                #expect(refused.errors.contains("differs at byte 1048576"), "\(refused.errors)")
                #expect(refused.errors.contains("--targets-written"), "\(refused.errors)")
                let state = try await test.json(GroupReport.self, "group", "show", "g")
                #expect(state.state == .recovered)
                #expect(try folder.bytes("a.img")[1 << 20] == 0x77)
                #expect(try firstByte(folder) == 1)
            }
            let unsure = await test.mtctl("rollback", "g", "--targets-written", "--yes")
            #expect(unsure.code == 1)
            #expect(unsure.errors.contains("--discard-history"), "\(unsure.errors)")
            let both = await test.mtctl("rollback", "g", "--targets-written", "--targets-untouched", "--yes")
            #expect(both.code != 0)
            let over = await test.mtctl("rollback", "g", "--targets-written", "--discard-history", "--yes")
            #expect(over.code == 0, "\(over.errors)")
            let state = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(state.state == .resyncing)
            #expect(state.disks.map(\.content) == ["resync"])
            #expect(state.cause?.contains("A machine ran on") == true)
            // What the disk shows stays until it is compared with its source.
            #expect(try folder.bytes("a.img")[1 << 20] == 0x77)
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await test.waitFor(.resyncing)
            let state = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(state.disks.map(\.content) == ["resync"])
        }
    }

    @Test func `of a large disk it has to be said that nothing wrote to it`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(80))
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect(size: "80MiB")
            let time = "\(DateTime(BatchStamp.numbered(1).lastTime))"
            #expect(await test.mtctl("recover", "g", "--point", time, "--source-stopped", "--yes").code == 0)
            for arguments in [["rollback", "g"], ["recover", "g", "--point", "latest", "--source-stopped"]] {
                let refused = await TestAppliance.mtctl(arguments + ["--yes", "--socket", test.socket])
                #expect(refused.code == 1)
                #expect(refused.errors.contains("cannot tell whether a machine ran"), "\(refused.errors)")
                #expect(refused.errors.contains("--targets-untouched"), "\(refused.errors)")
            }
            let back = await test.mtctl("rollback", "g", "--targets-untouched", "--yes")
            #expect(back.code == 0, "\(back.errors)")
            #expect(try firstByte(folder) == 3)
        }
    }

    @Test func `a record that names a disk twice stops its group, and no other`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", Self.size)
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = try await test.protect()
            #expect(await test.mtctl("group", "create", "other").code == 0)
        }
        let records = try DirectoryFolder(path: "\(folder.path)/state/groups").names()
        for name in records {
            let text = try folder.read("state/groups/\(name)")
            guard let start = text.range(of: #""disks":[{"#), let end = text.range(of: "}]") else { continue }
            let disk = text[text.index(before: start.upperBound)..<text.index(after: end.lowerBound)]
            try folder.write(
                text.replacing(String(disk), with: "\(disk),\(disk)", maxReplacements: 1), to: "state/groups/\(name)")
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let state = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(state.state == .degraded)
            #expect(state.cause?.contains("names disk 0 twice") == true, "\(state.cause ?? "")")
            let other = try await test.json(GroupReport.self, "group", "show", "other")
            #expect(other.state == .created)
        }
    }
}
