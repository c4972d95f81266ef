// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ConfigurationAPI
import ControlAPI
import FoundationEssentials
import LinuxSystem
import RetentionStore
import StoragePrimitives
import Testing

/// What a configuration server asks of a master target, and what comes of it.
@Suite struct SiteTaskDeskTests {
    private static let sender = "0b6f2a3c-7d4e-4f5a-8b9c-0d1e2f3a4b5c"

    private func task(_ kind: SiteTask.Kind, _ change: (inout SiteTask) -> Void = { _ in }) -> SiteTask {
        var task = SiteTask(id: UUID().uuidString.lowercased(), group: "g", kind: kind)
        change(&task)
        return task
    }

    private func prepare(
        _ folder: TestFolder, target: String = "a.img", bytes: ByteCount = .mebibytes(4),
        making: GroupMaking? = GroupMaking()
    ) -> SiteTask {
        task(.prepare) {
            $0.prepare = PrepareRequest(
                policy: GroupPolicy(rpoThresholdSeconds: 60), sender: Self.sender,
                disks: [BindDiskRequest(source: "s", target: "file:\(folder.path)/\(target)", sizeBytes: bytes)],
                making: making)
        }
    }

    /// Asks, as often as it takes until the task has ended.
    @discardableResult
    private func ask(_ test: TestAppliance, _ task: SiteTask) async throws -> SiteTaskReport {
        let desk = test.appliance.core.siteTasks
        await desk.received([task])
        for _ in 0..<1000 {
            if let report = desk.progress().first(where: { $0.id == task.id }), report.state != .running {
                return report
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestAppliance.Refused(errors: "the task \(task.kind) did not end")
    }

    private func run(_ body: (TestAppliance, TestFolder) async throws -> Void) async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(4))
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in try await body(test, folder) }
    }

    @Test func `a group is prepared, and prepared again without a change`() async throws {
        try await run { test, folder in
            let first = try await ask(test, prepare(folder))
            #expect(first.state == .done, "\(first)")
            let group = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(group.senders == [Self.sender] && group.policy.rpoThresholdSeconds == 60)
            #expect(group.disks.map(\.source) == ["s"] && group.disks[0].target == "file:\(folder.path)/a.img")
            #expect(try await ask(test, prepare(folder)).state == .done)
            #expect(try await test.json(GroupReport.self, "group", "show", "g") == group)
        }
    }

    @Test func `what a group has and is not wanted is refused and stays`() async throws {
        try await run { test, folder in
            try await ask(test, prepare(folder))
            try folder.makeImage("b.img", .mebibytes(4))
            let other = try await ask(test, prepare(folder, target: "b.img"))
            #expect(other.state == .failed && other.failure?.code == .exists)
            let resized = try await ask(test, prepare(folder, bytes: .mebibytes(2)))
            #expect(resized.failure?.code == .exists)
            #expect(try await test.json(GroupReport.self, "group", "show", "g").disks.count == 1)
        }
    }

    @Test func `a target that the rules refuse is refused with their words`() async throws {
        try await run { test, folder in
            let refused = try await ask(test, prepare(folder, target: "missing.img"))
            #expect(refused.state == .failed && refused.failure?.message.contains("missing.img") == true, "\(refused)")
        }
    }

    @Test func `a group is made because an operator asked, and not over a commit that was not known`() async throws {
        try await run { test, folder in
            #expect(try await ask(test, prepare(folder, making: nil)).failure?.code == .notFound)
            try await ask(test, prepare(folder, making: GroupMaking(fencingToken: 7)))
            let group = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(group.fencingToken == 7, "who had the group before is kept out")
            #expect(try await ask(test, prepare(folder, making: nil)).state == .done, "what is there is kept in step")
            #expect(try folder.names("state/site-tasks").count == 1, "and nothing is kept of that")
            _ = try await test.synchronize()
            try await ask(test, task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: true) })
            try await ask(test, task(.commit) { $0.commit = CommitRequest(dropHistory: true) })
            try await test.waitFor(.released)
            for _ in 0..<2 {
                #expect(try await ask(test, prepare(folder, making: nil)).failure?.code == .notFound)
                for unknown in [[], ["another"]] {
                    let old = try await ask(test, prepare(folder, making: GroupMaking(knownCommits: unknown)))
                    #expect(old.failure?.code == .refused && old.failure?.message.contains("committed") == true)
                    #expect(old.failure?.remedy.contains("--targets-unused") == true)
                }
                // Nor when the group is gone.
                _ = await test.mtctl("group", "delete", "g", "--yes")
            }
            let known = GroupMaking(knownCommits: [group.id])
            #expect(try await ask(test, prepare(folder, making: known)).state == .done)
            _ = await test.mtctl("group", "delete", "g", "--yes", "--discard-history")
            let meant = GroupMaking(targetsAreUnused: true)
            #expect(try await ask(test, prepare(folder, making: meant)).state == .done)
        }
    }

    @Test func `a disk on which another group was committed is added to none, until somebody says that it is unused`()
        async throws
    {
        try await run { test, folder in
            try folder.makeImage("b.img", .mebibytes(4))
            #expect(try await ask(test, prepare(folder)).state == .done)
            let first = try await test.json(GroupReport.self, "group", "show", "g")
            _ = try await test.synchronize()
            try await ask(test, task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: true) })
            try await ask(test, task(.commit) { $0.commit = CommitRequest(dropHistory: true) })
            try await test.waitFor(.released)

            /// Another group, with the disk of the first one besides its own.
            func other(_ disks: [String], _ making: GroupMaking) -> SiteTask {
                var task = task(.prepare) {
                    $0.prepare = PrepareRequest(
                        policy: GroupPolicy(), sender: Self.sender,
                        disks: disks.map {
                            BindDiskRequest(source: $0, target: "file:\(folder.path)/\($0)", sizeBytes: .mebibytes(4))
                        }, making: making)
                }
                task.group = "h"
                return task
            }
            #expect(try await ask(test, other(["b.img"], GroupMaking())).state == .done)
            let refused = try await ask(test, other(["b.img", "a.img"], GroupMaking(knownCommits: ["another"])))
            #expect(refused.failure?.code == .refused, "the group is there, and the disk is not its own: \(refused)")
            #expect(try await test.json(GroupReport.self, "group", "show", "h").disks.count == 1)
            let meant = other(["b.img", "a.img"], GroupMaking(targetsAreUnused: true))
            #expect(try await ask(test, meant).state == .done)
            #expect(try await test.json(GroupReport.self, "group", "show", "h").disks.count == 2)
            // Its own commit will tell of that one, so that nobody has to say it again.
            let id = try await test.json(GroupReport.self, "group", "show", "h").id
            let kept = try folder.read("state/groups/\(id).json")
            #expect(kept.contains("madeOver") && kept.contains(first.id))
        }
    }

    @Test func `questions are answered, and nothing is kept of them`() async throws {
        try await run { test, folder in
            try await ask(test, prepare(folder))
            _ = try await test.synchronize()
            let points = try await ask(test, task(.points))
            let latest = try #require(points.points?.latest)
            let resolved = try await ask(test, task(.resolve) { $0.point = .latest })
            #expect(resolved.resolved?.point.sequence == latest.sequence)
            let unknown = try await ask(
                test, SiteTask(id: UUID().uuidString.lowercased(), group: "nobody", kind: .points))
            #expect(unknown.failure?.code == .notFound)
            #expect(try folder.names("state/site-tasks").count == 1, "only the preparation is on record")
        }
    }

    @Test func `a point is recovered, another one, and committed, each once however often it is asked for`()
        async throws
    {
        try await run { test, folder in
            try await ask(test, prepare(folder))
            _ = try await test.synchronize()
            let group = try await test.json(GroupReport.self, "group", "show", "g")
            #expect(await test.mtctl("bookmark", "g", "--label", "three").code == 0)
            let recover = task(.recover) { $0.recover = RecoverRequest(point: .bookmark("three"), sourceStopped: true) }
            let first = try await ask(test, recover)
            #expect(first.state == .done && first.resolved != nil, "\(first)")
            let jobs = try await test.json(JobList.self, "jobs").jobs.count
            #expect(try await ask(test, recover) == first)
            #expect(try await test.json(JobList.self, "jobs").jobs.count == jobs)

            // Every block of so small a disk is compared before anything is changed: nobody has to say anything.
            let earlier = PointReference.time(DateTime(BatchStamp.numbered(1).lastTime))
            let second = try await ask(
                test, task(.recover) { $0.recover = RecoverRequest(point: earlier, sourceStopped: true) })
            #expect(second.state == .done && second.resolved?.point.sequence != first.resolved?.point.sequence)
            let unsure = try await ask(
                test, task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: false) })
            #expect(unsure.failure?.code == .notConfirmed)
            let commit = task(.commit) { $0.commit = CommitRequest(dropHistory: true) }
            #expect(try await ask(test, commit).state == .done)
            try await test.waitFor(.released)
            #expect(try await ask(test, commit).state == .done)
            // The name is free for the way back.
            let back = prepare(folder, making: GroupMaking(knownCommits: [group.id]))
            #expect(try await ask(test, back).state == .done)
            #expect(try await ask(test, commit).state == .done, "what was done stays done")
            try await test.waitFor(.created)
        }
    }

    @Test func `what was done is known after a restart, and what was not is refused by its state`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(4))
        let recover = task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: true) }
        var before: SiteTaskReport?
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await ask(test, prepare(folder))
            _ = try await test.synchronize()
            before = try await ask(test, recover)
            #expect(before?.state == .done)
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await test.waitFor(.recovered)
            #expect(try await ask(test, recover) == before)
            #expect(try await test.json(JobList.self, "jobs").jobs.filter { $0.kind == .recover }.count == 1)
            // A preparation of an old backup meets a group that is past it.
            #expect(try await ask(test, prepare(folder)).failure?.code == .refused)
            try await test.waitFor(.recovered)
        }
    }

    @Test func `a job that was started before its number was written down is found again`() async throws {
        let folder = try TestFolder()
        try folder.makeFolder("retention")
        try folder.makeImage("a.img", .mebibytes(4))
        let recover = task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: true) }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await ask(test, prepare(folder))
            _ = try await test.synchronize()
            try await ask(test, recover)
        }
        // The ledger as it was when the plug was pulled: begun, and no job yet.
        try folder.replace(in: "state/site-tasks/\(recover.id).json") { text in
            let start = try #require(text.range(of: #""job":"#)?.lowerBound)
            let end = try #require(text[start...].firstIndex(of: ","))
            return text.replacing(text[start...end], with: "").replacing(
                #""state":"done""#, with: #""state":"running""#)
        }
        try await TestAppliance.run(in: folder) { (test: TestAppliance) async throws in
            try await test.waitFor(.recovered)
            let report = try await ask(test, recover)
            #expect(report.state == .done, "\(report)")
            #expect(try await test.json(JobList.self, "jobs").jobs.filter { $0.kind == .recover }.count == 1)
        }
    }

    @Test func `a rollback that gives history up is done without a job`() async throws {
        try await run { test, folder in
            try await ask(test, prepare(folder))
            _ = try await test.synchronize()
            try await ask(test, task(.recover) { $0.recover = RecoverRequest(point: .latest, sourceStopped: true) })
            let rollback = try await ask(
                test, task(.rollback) { $0.rollback = RollbackRequest(targets: .written, discardHistory: true) })
            #expect(rollback.state == .done && rollback.message?.isEmpty == false, "\(rollback)")
            try await test.waitFor(.resyncing)
        }
    }

    @Test func `ids that are none are not taken, and tasks without their part are refused`() async throws {
        try await run { test, _ in
            for id in [
                "", "../../etc/passwd", "0B6F2A3C-7D4E-4F5A-8B9C-0D1E2F3A4B5C", String(repeating: "a", count: 36),
            ] {
                await test.appliance.core.siteTasks.received([SiteTask(id: id, group: "g", kind: .points)])
                #expect(test.appliance.core.siteTasks.progress().isEmpty)
            }
            let empty = try await ask(test, task(.commit))
            #expect(empty.failure?.code == .invalidRequest)
        }
    }
}
