// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HostPreparation
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct CommandTests {
    @Test(arguments: [
        ("ID=debian\n", "apt-get install --yes --no-install-recommends multipath-tools kexec-tools"),
        (
            "ID=pop\nID_LIKE=\"ubuntu debian\"\n",
            "apt-get install --yes --no-install-recommends multipath-tools "
                + "kexec-tools"
        ),
        (
            "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
            "dnf install --assumeyes --setopt=install_weak_deps=False device-mapper-multipath kexec-tools"
        ),
    ]) func `packages by the family's names, for programs that are missing`(system: String, command: String) throws {
        let root = try machine(programs: ["mkfs.xfs", "lsscsi", "modprobe", "perl", "rsync", "wget"], system: system)
        let path = root.path
        let runner = RecordingRunner { command in
            guard command.contains("install") else { return nil }
            return ShellCommand.run(
                "cd \(path)/usr/sbin && cp perl multipathd && cp perl kexec", environment: [], timeout: 60_000_000_000,
                clock: MachineSteadyClock())
        }
        let prepared = preparation(FragileTree(root.tree), runner: runner)
        let plan = try prepared.plan()
        #expect(plan.changes.first?.command == command)
        #expect(runner.asked.isEmpty)
        _ = try prepared.apply(plan)
        #expect(runner.asked == [command, "systemctl try-reload-or-restart multipathd.service"])
        #expect(try prepared.plan().isEmpty)
        #expect(try prepared.undo().contains { $0.hasPrefix("The packages that were installed stay") })
    }

    @Test func `an unknown system and another tree are notes, not commands`() throws {
        let other = try machine(programs: [], system: "ID=gentoo\nNAME=Gentoo\n")
        let unknown = try preparation(FragileTree(other.tree)).plan()
        #expect(unknown.notes.first?.hasPrefix("Gentoo has no package names") == true)
        #expect(unknown.changes.allSatisfy { $0.command == nil })

        let image = try machine(programs: [])
        let runner = RecordingRunner()
        let prepared = preparation(image.tree, runner: runner)
        #expect(try prepared.plan().notes.first?.contains("run 'apt-get install") == true)
        _ = try prepared.apply(prepared.plan())
        #expect(try prepared.plan().isEmpty)
        #expect(runner.asked.isEmpty)
    }

    @Test func `a command that fails stops, and the next run goes on`() throws {
        let root = try machine(programs: [])
        let prepared = preparation(FragileTree(root.tree), runner: RecordingRunner { _ in "no network" })
        do {
            _ = try prepared.apply(prepared.plan())
            Issue.record("it was applied")
        } catch let error as PreparationError {
            #expect(error.code == .commandFailed)
            #expect(error.sentence.hasSuffix("failed: no network."))
        }
        #expect(try prepared.plan().changes.first?.what == "Install packages")
    }

    @Test func `what could not be brought into force is planned again`() throws {
        let root = try machine()
        let failing = preparation(FragileTree(root.tree), runner: RecordingRunner { _ in "not now" })
        #expect(try failing.apply(failing.plan()).count == 1)
        let runner = RecordingRunner()
        let working = preparation(FragileTree(root.tree), runner: runner)
        let plan = try working.plan()
        #expect(plan.changes.compactMap(\.command).count == 1)
        #expect(try working.apply(plan) == [])
        #expect(runner.asked.count == 1)
        #expect(try working.plan().isEmpty)
    }
}
