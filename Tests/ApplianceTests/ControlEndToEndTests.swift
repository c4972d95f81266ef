// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import StoragePrimitives
import Testing

/// The appliance's services, asked by `mtctl` over a real socket.
@Suite struct ControlEndToEndTests {
    private func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(8))
        try folder.makeImage("b.img", .mebibytes(4))
        return folder
    }

    private func bind(
        _ test: TestAppliance, _ group: String, _ source: String, _ image: String, _ size: String
    ) async
        -> TestAppliance.Result
    {
        await test.mtctl(
            "disk", "bind", group, "--source", source, "--target", "file:\(test.folder.path)/\(image)", "--size", size,
            "--yes")
    }

    @Test func `a group is made, bound, shown, and survives a restart`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            #expect(await test.mtctl("group", "create", "erp", "--retention", "2h", "--sender", "ps-1").code == 0)
            #expect(await bind(test, "erp", "sda", "a.img", "8MiB").code == 0)
            #expect(await bind(test, "erp", "sdb", "b.img", "4MiB").code == 0)
            #expect(try folder.mode("control.sock") == 0o660)
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let group = try await test.json(GroupReport.self, "group", "show", "erp")
            #expect(group.state == .created)
            #expect(group.disks.map(\.source) == ["sda", "sdb"])
            #expect(group.disks.map(\.number) == [DiskNumber(0), DiskNumber(1)])
            #expect(group.policy.retentionSeconds == 7200)
            #expect(group.policy.rpoThresholdSeconds == 900)
            #expect(group.senders == ["ps-1"])
            let shown = await test.mtctl("group", "show", "erp")
            #expect(shown.output.contains("8 MiB"))
            let list = await test.mtctl("group", "list")
            #expect(list.output.contains("erp"))
        }
    }

    @Test func `refusals are sentences with the object and a remedy`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = await test.mtctl("group", "create", "g")
            _ = await bind(test, "g", "s", "a.img", "8MiB")
            _ = await test.mtctl("group", "create", "other")
            let refused: [(TestAppliance.Result, String)] = [
                (await test.mtctl("group", "create", "g"), "Group g exists."),
                (await test.mtctl("group", "show", "none"), "There is no group none."),
                (await bind(test, "g", "s", "b.img", "4MiB"), "Source s is bound in group g already."),
                (await bind(test, "g", "t", "a.img", "8MiB"), "is bound in group g already."),
                (await bind(test, "other", "t", "a.img", "8MiB"), "is held by something else."),
                (await bind(test, "other", "t", "b.img", "8MiB"), "has 4 MiB, and source t has 8 MiB."),
                (await bind(test, "other", "t", "none.img", "8MiB"), "is not there."),
                (await bind(test, "other", "t", "retention/x", "8MiB"), "lies on the retention volume"),
                (await bind(test, "other", "t", "state", "8MiB"), "neither a block device nor a regular file"),
                (await test.mtctl("disk", "unbind", "g", "--source", "x"), "Source x is not bound in group g."),
                (await test.mtctl("bookmark", "g", "--label", "x"), "Group g is not protected now"),
                (
                    await test.mtctl("recover", "g", "--point", "latest", "--source-stopped", "--yes"),
                    "is not in history"
                ),
                (await test.mtctl("rollback", "g", "--yes"), "Group g is not recovered."),
                (await test.mtctl("commit", "g", "--yes"), "Group g is not recovered."),
                (await test.mtctl("resume", "g"), "Group g is not paused."),
                (await test.mtctl("jobs", "99"), "There is no job 99."),
            ]
            for (result, sentence) in refused {
                #expect(result.code == 1, "\(sentence)")
                #expect(result.errors.contains(sentence), "\(result.errors)")
                #expect(result.output.isEmpty, "\(sentence)")
            }
        }
    }

    @Test func `pause and resume are remembered`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = await test.mtctl("group", "create", "g")
            _ = await bind(test, "g", "s", "a.img", "8MiB")
            #expect(await test.mtctl("pause", "g").code == 0)
            #expect(await test.mtctl("pause", "g").errors.contains("paused already"))
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let paused = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(paused.state == .paused)
            #expect(await test.mtctl("resume", "g").code == 0)
            let resumed = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(resumed.state == .created)
        }
    }

    @Test func `a disk is released, and the group deleted`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = await test.mtctl("group", "create", "g")
            _ = await bind(test, "g", "s", "a.img", "8MiB")
            _ = await bind(test, "g", "t", "b.img", "4MiB")
            #expect(await test.mtctl("disk", "unbind", "g", "--source", "s").code == 0)
            // It is free for another group at once, and its number is not used again.
            _ = await test.mtctl("group", "create", "other")
            #expect(await bind(test, "other", "s", "a.img", "8MiB").code == 0)
            let rest = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(rest.disks.map(\.number) == [DiskNumber(1)])
            #expect(await test.mtctl("group", "delete", "g").code == 0)
            #expect(await bind(test, "other", "t", "b.img", "4MiB").code == 0)
            let groups = try await test.json(GroupList.self, "group", "list")
            #expect(groups.groups.map(\.name) == ["other"])
        }
    }

    @Test func `without the retention volume the agent starts, and says so`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = await test.mtctl("group", "create", "g")
            _ = await bind(test, "g", "s", "a.img", "8MiB")
        }
        try folder.remove("retention")
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let status = try await test.json(ApplianceReport.self, "status")
            #expect(!status.retention.isUsable)
            #expect(status.groups.map(\.state) == [.degraded])
            #expect(status.groups[0].cause?.contains("retention volume") == true)
            #expect(status.groups[0].underlyingState == .created)
            #expect(await bind(test, "g", "t", "b.img", "4MiB").code == 1)
        }
    }

    @Test func `a group whose target is gone is degraded, the other is not, and it comes back`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            for (group, image, size) in [("one", "a.img", "8MiB"), ("two", "b.img", "4MiB")] {
                _ = await test.mtctl("group", "create", group)
                _ = await bind(test, group, "s", image, size)
            }
        }
        try folder.remove("a.img")
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let status = try await test.json(ApplianceReport.self, "status")
            #expect(status.groups.map(\.state) == [.degraded, .created])
            #expect(status.groups[0].cause?.contains("a.img is not there") == true)
            #expect(await test.mtctl("resume", "one").errors.contains("a.img"))
            try folder.makeImage("a.img", .mebibytes(8))
            #expect(await test.mtctl("resume", "one").code == 0)
            let back = try await test.json(GroupReport.self, "group", "show", "one")
            #expect(back.state == .created)
        }
    }

    @Test func `a record with a state of a later version stops that group`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            _ = await test.mtctl("group", "create", "g")
        }
        let name = try #require(try DirectoryFolder(path: "\(folder.path)/state/groups").names().first)
        let record = try folder.read("state/groups/\(name)")
        try folder.write(
            record.replacing(#""name":"created""#, with: #""name":"teleporting""#), to: "state/groups/\(name)")
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            let group = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(group.state == .degraded)
            #expect(group.cause?.contains("teleporting") == true)
            #expect(await bind(test, "g", "s", "a.img", "8MiB").code == 1)
            #expect(await test.mtctl("resume", "g").code == 1)
            #expect(try folder.read("state/groups/\(name)").contains("teleporting"))
        }
    }

    @Test func `two agents do not share a state folder`() async throws {
        let folder = try folder()
        try await TestAppliance.run(in: folder) { _ in
            let failure = await #expect(throws: ControlFailure.self) {
                try await TestAppliance.run(in: folder) { _ in }
            }
            #expect(failure?.code == .busy)
        }
    }
}
