// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem
import StoragePrimitives
import Testing

/// Volumes judged and prepared on loop devices.
@Suite(.serialized, .enabled(if: hasLoopDisks, "needs root and loop devices")) struct RetentionSetupTests {
    private struct Bench {
        let folder: TestFolder
        let loop: LoopDisk
        let setup: RetentionSetup
        var path: String { "\(folder.path)/history" }

        init(_ size: ByteCount = .gibibytes(3)) throws {
            folder = try TestFolder()
            loop = try LoopDisk(in: folder, "volume", size)
            try folder.makeFolder("units")
            var configuration = ApplianceConfiguration(statePath: "\(folder.path)/state")
            configuration.retentionPath = "\(folder.path)/history"
            setup = RetentionSetup(AppliancePlaces(configuration), unitFolder: "\(folder.path)/units")
        }

        func candidate() async throws -> RetentionCandidateReport {
            try #require(try await setup.candidates(loop.devnode).candidates.first)
        }

        func prepare(
            _ filesystem: String = "xfs", destroying: Set<String> = [], isAdopting: Bool = false,
            isDryRun: Bool = false,
            isMeant: Bool = true
        ) async throws -> RetentionPreparationReport {
            let request = RetentionSetup.Request(
                volume: loop.devnode, filesystem: filesystem, destroying: destroying, isAdopting: isAdopting)
            return try await setup.prepare(request, isDryRun: isDryRun) { _ in
                if !isMeant { throw ControlFailure(.notConfirmed, "No.", remedy: "") }
            } progress: { _ in
            }
        }

        func failure(_ body: () async throws -> some Any) async -> ControlFailure? {
            do {
                _ = try await body()
                return nil
            } catch { return error as? ControlFailure }
        }

        // What is not mounted cannot be unmounted, and that is as well.
        func unmount() { try? LoopDisk.run("umount \(path)") }
    }

    @Test(arguments: ["xfs", "ext4"]) func `a blank volume is prepared, and a second run changes nothing`(
        filesystem: String
    ) async throws {
        let bench = try Bench()
        defer { bench.unmount() }
        #expect(try await bench.candidate().verdict == "offeredAfterPreparation")
        #expect(try await bench.candidate().rules.count == 14)
        let shown = try await bench.prepare(filesystem, isDryRun: true)
        #expect(!shown.isDone && shown.steps.count >= 3 && shown.losing.isEmpty)
        #expect(await bench.failure { try await bench.prepare(filesystem, isMeant: false) }?.code == .notConfirmed)
        #expect(try await bench.candidate().signatures.isEmpty)
        let done = try await bench.prepare(filesystem)
        #expect(done.isDone)
        let after = try await bench.candidate()
        #expect(after.verdict == "offered")
        #expect(after.signatures == [filesystem])
        #expect(after.mountedOn == [bench.path])
        let again = try await bench.prepare(filesystem)
        #expect(again.isDone && again.steps.isEmpty && again.uuid == done.uuid)
        #expect(try await bench.setup.candidates().candidates.contains(after))
    }

    @Test func `what carries something is left alone until that is named`() async throws {
        let bench = try Bench()
        defer { bench.unmount() }
        try LoopDisk.run("mkfs.ext4 -q -F \(bench.loop.devnode)")
        let refused = try #require(await bench.failure { try await bench.prepare() })
        #expect(refused.code == .notConfirmed)
        #expect(refused.message.contains("--yes-destroy ext4") && refused.message.contains("--adopt"))
        #expect(try await bench.candidate().signatures == ["ext4"])
        let named = try await bench.prepare(destroying: ["ext4"])
        #expect(named.losing == ["ext4"])
        #expect(try await bench.candidate().signatures == ["xfs"])
    }

    @Test func `refusals name the rule: too small, mounted elsewhere, swap, unknown`() async throws {
        let small = try Bench(.mebibytes(64))
        #expect(
            await small.failure { try await small.prepare() }?.message.contains("at least 2 GiB are needed") == true)
        let bench = try Bench()
        try LoopDisk.run("mkfs.ext4 -q -F \(bench.loop.devnode)")
        try bench.folder.makeFolder("elsewhere")
        try LoopDisk.run("mount \(bench.loop.devnode) \(bench.folder.path)/elsewhere")
        let mounted = await bench.failure { try await bench.prepare(destroying: ["ext4"]) }
        try LoopDisk.run("umount \(bench.folder.path)/elsewhere")
        #expect(mounted?.message.contains("\(bench.folder.path)/elsewhere is mounted") == true)
        try LoopDisk.run("mkswap -f \(bench.loop.devnode)")
        #expect(try await bench.candidate().verdict == "refused")
        #expect(
            try await bench.candidate().rules.contains { $0.rule == "retention.not-swap" && $0.outcome == "failed" })
        let unknown = await bench.failure { try await bench.setup.candidates("/dev/no-such-disk") }
        #expect(unknown?.code == .notFound)
    }
}
