// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HostPreparation
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct LVMTests {
    static let local = "/etc/lvm/lvmlocal.conf"
    static let disk = "36000c29b8f0e3b1c"

    /// What the local file holds after a preparation.
    static func prepared(local: String?, main: String?, bound: [String] = [disk]) throws -> String? {
        let root = try machine()
        if let local { try root.write(Self.local, local) }
        if let main { try root.write("/etc/lvm/lvm.conf", main) }
        let prepared = preparation(root.tree, bound: bound)
        _ = try prepared.apply(prepared.plan())
        #expect(try prepared.plan().isEmpty)
        return try root.text(Self.local)
    }

    @Test(
        arguments: [
            // Neither file.
            (nil, nil, "[ \"r|36000c29b8f0e3b1c|\" ]"),
            // The main file's filter is taken along, but for what accepts everything.
            (
                nil, "devices {\n  global_filter = [ \"r|/dev/sr0|\", \"a|.*|\" ]\n}\n",
                "[ \"r|36000c29b8f0e3b1c|\", "
                    + "\"r|/dev/sr0|\" ]"
            ),
            // A comment is no setting.
            ("", "devices {\n  # global_filter = [ \"r|x|\" ]\n}\n", "[ \"r|36000c29b8f0e3b1c|\" ]"),
            (nil, "devices/global_filter=\"r|/dev/sr0|\"", "[ \"r|36000c29b8f0e3b1c|\", \"r|/dev/sr0|\" ]"),
        ] as [(String?, String?, String)])
    func `bound disks come first in the filter`(local: String?, main: String?, filter: String) throws {
        let text = try #require(try Self.prepared(local: local, main: main))
        #expect(text.hasSuffix("devices {\n    global_filter = \(filter)\n}\n"))
    }

    @Test func `a filter in the local file is changed in its place`() throws {
        let before =
            "# site\ndevices { # all\n  global_filter = [ 'r|/dev/x\\y|', # why\n \"a|.*|\" ] # end\n  dir "
            + "= \"/dev\"\n}\n"
        let text = try Self.prepared(local: before, main: nil)
        #expect(
            text
                == "# site\ndevices { # all\n  global_filter = [ \"r|36000c29b8f0e3b1c|\", \"r|/dev/x\\\\y|\" ] # "
                + "end\n  dir = \"/dev\"\n}\n"
        )
    }

    @Test func `nothing bound changes nothing`() throws {
        #expect(try Self.prepared(local: nil, main: "devices {\n}\n", bound: []) == nil)
        let own = "devices/global_filter = [ \"a|.*|\" ]\n"
        #expect(try Self.prepared(local: own, main: nil, bound: []) == own)
    }

    @Test func `a disk that is free again leaves the filter`() throws {
        let root = try machine()
        try root.write(Self.local, "devices/global_filter = [ \"r|/dev/sr0|\" ]\n")
        let first = preparation(root.tree, bound: [Self.disk, "36000c29ffffffff"])
        _ = try first.apply(first.plan())
        let second = preparation(root.tree, bound: ["36000c29ffffffff"])
        _ = try second.apply(second.plan())
        #expect(try root.text(Self.local) == "devices/global_filter = [ \"r|36000c29ffffffff|\", \"r|/dev/sr0|\" ]\n")
        let none = preparation(root.tree)
        _ = try none.apply(none.plan())
        #expect(try root.text(Self.local) == "devices/global_filter = [ \"r|/dev/sr0|\" ]\n")
        #expect(try none.plan().isEmpty)
    }

    @Test func `patterns that accept are noted`() throws {
        let root = try machine()
        try root.write(Self.local, "devices/global_filter = [ \"a|/dev/sd.*|\", \"r|.*|\" ]\n")
        #expect(try preparation(root.tree, bound: [Self.disk]).plan().notes.first?.contains("a|/dev/sd.*|") == true)
    }

    @Test(arguments: ["devices {", "}", "devices = ", "x", "a = [ \"b\"", "a = \"b", "= 3", "a { { } }", "a = [ [ ] ]"])
    func `a configuration that cannot be understood is refused, with the line`(text: String) throws {
        let root = try machine()
        try root.write(Self.local, "# first\n" + text)
        do {
            _ = try preparation(root.tree, bound: [Self.disk]).plan()
            Issue.record("it was understood")
        } catch let error as PreparationError {
            #expect(error.code == .malformedFile)
            #expect(error.sentence.contains("lvmlocal.conf line "))
        }
    }

    @Test(arguments: ["", "abc", "a\"bcdef", "ab|cdef", "abc\ndef", "a*bcdef"])
    func `an identity that a pattern cannot hold is refused`(identity: String) throws {
        let root = try machine()
        #expect(throws: PreparationError.self) { try preparation(root.tree, bound: [identity]).plan() }
    }

    static let devices = """
        # LVM uses devices listed in this file.
        HASH=123
        VERSION=1.1.3
        IDTYPE=sys_wwid IDNAME=naa.6000c29aaaaaaaaa DEVNAME=/dev/sda2 PVID=abcdefghijklmnopqrstuvwxyz012345 PART=2
        IDTYPE=sys_wwid IDNAME=naa.6000c29b8f0e3b1c DEVNAME=/dev/sdb PVID=ABCDEFGHIJKLMNOPQRSTUVWXYZ012345

        """

    @Test func `a devices file is changed by LVM's own command, and undone exactly`() throws {
        let root = try machine()
        try root.write("/etc/lvm/devices/system.devices", Self.devices, mode: 0o600)
        let before = try root.snapshot()
        let path = "\(root.path)/etc/lvm/devices/system.devices"
        let runner = RecordingRunner { command in
            guard command.hasPrefix("lvmdevices") else { return nil }
            // As LVM does it: the line goes, and it counts the version up.
            return ShellCommand.run(
                "sed --in-place --expression '/b8f0e3b1c/d' --expression s/1.1.3/1.1.4/ '\(path)'", environment: [],
                timeout: 60_000_000_000, clock: MachineSteadyClock())
        }
        let prepared = preparation(FragileTree(root.tree), bound: [Self.disk], runner: runner)
        let plan = try prepared.plan()
        #expect(plan.changes.contains { $0.command == "lvmdevices --yes --delpvid ABCDEFGHIJKLMNOPQRSTUVWXYZ012345" })
        #expect(try prepared.apply(plan) == [])
        #expect(try prepared.plan().isEmpty)
        #expect(try root.text(Self.local) == nil)
        #expect(try prepared.undo() == [])
        #expect(try root.snapshot() == before)
    }

    @Test func `a devices file that is switched off is not used`() throws {
        let root = try machine()
        try root.write("/etc/lvm/devices/system.devices", Self.devices)
        try root.write("/etc/lvm/lvm.conf", "devices {\n use_devicesfile = 0\n}\n")
        let prepared = preparation(root.tree, bound: [Self.disk])
        _ = try prepared.apply(prepared.plan())
        #expect(try root.text(Self.local)?.contains(Self.disk) == true)
        #expect(try root.text("/etc/lvm/devices/system.devices") == Self.devices)
    }
}
