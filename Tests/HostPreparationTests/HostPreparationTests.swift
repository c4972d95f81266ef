// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HostPreparation
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct HostPreparationTests {
    static let dropIn = "/etc/multipath/conf.d/master-target.conf"
    static let record = "/var/lib/master-target/host-preparation.json"
    static let disk = "36000c29b8f0e3b1c"

    @Test func `apply, then a second plan is empty, then undo leaves the tree as it was`() throws {
        let root = try machine()
        try root.write("/etc/lvm/lvmlocal.conf", "# ours\ndevices {\n    dir = \"/dev\"\n}\n", mode: 0o640)
        let before = try root.snapshot()
        let prepared = preparation(root.tree, bound: [Self.disk])
        let plan = try prepared.plan()
        #expect(try root.snapshot() == before)
        #expect(try prepared.apply(plan) == [])
        #expect(try prepared.plan().lines == ["Nothing to change."])
        #expect(try root.text(Self.dropIn) == "# rules\n")
        #expect(try root.tree.entry("/var/lib/master-target")?.mode == 0o700)
        #expect(try root.tree.entry(Self.record)?.mode == 0o600)
        #expect(try root.tree.entry("/mnt/retention")?.kind == .folder)
        #expect(try root.tree.entry("/etc/lvm/lvmlocal.conf")?.mode == 0o640)
        // Nothing to do is nothing done.
        #expect(try prepared.apply(prepared.plan()) == [])
        #expect(try prepared.undo() == [])
        #expect(try root.snapshot() == before)
        #expect(try prepared.undo() == [])
    }

    @Test(arguments: [false, true]) func `an apply that is interrupted anywhere can be undone or made again`(
        isAfter: Bool
    ) throws {
        for step in 0..<200 {
            let root = try machine()
            try root.write("/etc/lvm/lvm.conf", "devices {\n}\n")
            try FolderTree.make("\(root.path)/var/crash", mode: 0o700)
            let before = try root.snapshot()
            let fragile = preparation(FragileTree(root.tree, changes: step, isAfter: isAfter), bound: [Self.disk])
            let isDone = (try? fragile.apply(fragile.plan())) != nil
            let whole = preparation(FragileTree(root.tree), bound: [Self.disk])
            if step % 2 == 0 {
                _ = try whole.apply(whole.plan())
                #expect(try whole.plan().isEmpty, "step \(step)")
                #expect(try root.text(Self.dropIn) == "# rules\n")
            }
            #expect(try whole.undo() == [], "step \(step)")
            #expect(try root.snapshot() == before, "step \(step)")
            if isDone {
                #expect(step > 10)
                return
            }
        }
        Issue.record("the apply never ended")
    }

    @Test(arguments: [false, true]) func `an undo that is interrupted anywhere can be made again`(isAfter: Bool) throws
    {
        for step in 0..<200 {
            let root = try machine()
            try root.write("/etc/lvm/lvmlocal.conf", "devices/global_filter = [ \"a|.*|\" ]\n")
            let before = try root.snapshot()
            let whole = preparation(FragileTree(root.tree), bound: [Self.disk])
            _ = try whole.apply(whole.plan())
            let fragile = preparation(FragileTree(root.tree, changes: step, isAfter: isAfter), bound: [Self.disk])
            let isDone = (try? fragile.undo()) != nil
            #expect(try whole.undo() == [], "step \(step)")
            #expect(try root.snapshot() == before, "step \(step)")
            if isDone { return }
        }
        Issue.record("the undo never ended")
    }

    @Test func `what a crash left of a replacement goes with the undo`() throws {
        let root = try machine()
        let before = try root.snapshot()
        let prepared = preparation(root.tree)
        _ = try prepared.apply(prepared.plan())
        try root.write(Self.dropIn + RootedTree.temporarySuffix, "half")
        try root.write(Self.record + RootedTree.temporarySuffix, "half")
        #expect(try prepared.undo() == [])
        #expect(try root.snapshot() == before)
    }

    @Test func `a file that somebody changed since is not undone`() throws {
        let root = try machine()
        let prepared = preparation(root.tree)
        _ = try prepared.apply(prepared.plan())
        try root.write(Self.dropIn, "# mine\n")
        let steps = try prepared.undoSteps()
        #expect(steps.filter(\.isRefused).map(\.path) == [Self.dropIn])
        #expect(steps.first { $0.isRefused }?.diff.suffix(2) == ["-# rules", "+# mine"])
        let remarks = try prepared.undo()
        #expect(remarks.contains { $0.contains("\(Self.dropIn) was changed by somebody else") })
        #expect(try root.text(Self.dropIn) == "# mine\n")
        // What is refused stays recorded; when it is ours again, it is undone.
        try root.write(Self.dropIn, "# rules\n")
        #expect(try !prepared.undo().contains { $0.contains("somebody") })
        #expect(try root.text(Self.dropIn) == nil)
        #expect(try root.text(Self.record) == nil)
    }

    @Test func `preparing again over a change takes it for what was there before`() throws {
        let root = try machine()
        let prepared = preparation(root.tree)
        _ = try prepared.apply(prepared.plan())
        try root.write(Self.dropIn, "# mine\n")
        let again = try prepared.plan()
        #expect(again.changes.map(\.path) == [Self.dropIn])
        #expect(
            again.changes.first?.detail == [
                "--- \(Self.dropIn)", "+++ \(Self.dropIn)", "@@ -1 +1 @@", "-# mine", "+# rules",
            ])
        _ = try prepared.apply(again)
        _ = try prepared.undo()
        #expect(try root.text(Self.dropIn) == "# mine\n")
    }

    @Test func `a second preparation with other texts still undoes to the first state`() throws {
        let root = try machine()
        let before = try root.snapshot()
        let first = preparation(root.tree)
        _ = try first.apply(first.plan())
        let second = preparation(root.tree, texts: PlainTexts(head: "# newer\n"))
        #expect(try second.plan().changes.map(\.path) == [Self.dropIn])
        _ = try second.apply(second.plan())
        #expect(try second.undo() == [])
        #expect(try root.snapshot() == before)
    }

    @Test func `a plan that is no longer true is refused`() throws {
        let root = try machine()
        let prepared = preparation(root.tree)
        let plan = try prepared.plan()
        try root.write(Self.dropIn, "# mine\n")
        do {
            _ = try prepared.apply(plan)
            Issue.record("it was applied")
        } catch let error as PreparationError {
            #expect(error.code == .changedSince)
            #expect(error.sentence == "\(Self.dropIn) was changed after the plan was made.")
        }
        #expect(try root.text(Self.dropIn) == "# mine\n")
    }

    @Test func `folders that are in use stay, with a sentence`() throws {
        let root = try machine()
        let prepared = preparation(root.tree)
        _ = try prepared.apply(prepared.plan())
        try root.write("/var/crash/dump", "x")
        try root.write("/var/lib/master-target/key", "x")
        #expect(
            try prepared.undo() == [
                "/var/crash stays: there is something in it.",
                "/var/lib/master-target stays: there is more in it than the record of the preparation.",
            ])
        #expect(try root.text("/var/lib/master-target/key") == "x")
        #expect(try root.text(Self.record) == nil)
    }

    @Test func `a folder with wrong rights gets them, and gets the old ones back`() throws {
        let root = try machine()
        try FolderTree.make("\(root.path)/var/lib/master-target", mode: 0o755)
        let before = try root.snapshot()
        let prepared = preparation(root.tree)
        let plan = try prepared.plan()
        #expect(plan.changes.first?.detail == ["/var/lib/master-target: mode 0755 → 0700"])
        _ = try prepared.apply(plan)
        #expect(try root.tree.entry("/var/lib/master-target")?.mode == 0o700)
        #expect(try prepared.undo() == [])
        #expect(try root.snapshot() == before)
    }

    @Test func `links are followed inside the tree`() throws {
        let root = try machine()
        try root.write("/elsewhere/local.conf", "devices {\n}\n")
        try root.link("/etc/lvm/lvmlocal.conf", to: "/elsewhere/local.conf")
        let prepared = preparation(root.tree, bound: [Self.disk])
        _ = try prepared.apply(prepared.plan())
        #expect(try root.text("/elsewhere/local.conf")?.contains(Self.disk) == true)
        try root.link("/etc/loop", to: "loop")
        #expect(throws: DeviceError.self) { try root.tree.entry("/etc/loop") }
    }

    @Test func `a record that cannot be read is not written over`() throws {
        let root = try machine()
        try root.write(Self.record, "{")
        let prepared = preparation(root.tree)
        #expect(throws: PreparationError.self) { try prepared.plan() }
        #expect(throws: PreparationError.self) { try prepared.undo() }
        #expect(try root.text(Self.record) == "{")
    }

    @Test func `what is no system's root is refused`() throws {
        let root = try TemporaryTree()
        let prepared = preparation(root.tree)
        let plan = try prepared.plan()
        #expect(throws: PreparationError.self) { try prepared.apply(plan) }
        #expect(try root.snapshot().isEmpty)
    }
}
