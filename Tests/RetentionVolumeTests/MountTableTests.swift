// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import RetentionVolume
import StoragePrimitives
import Testing

@Suite struct MountTableTests {
    static let table = [
        Sample.mount("/dev/sda1", on: "/", type: "ext4", minor: 1), Sample.mount("/dev/sdb", on: "/mnt", minor: 16),
        Sample.mount("/dev/sdc", on: "/mnt/retention"), Sample.mount("/dev/sdd", on: "/mnt/retention", minor: 48),
    ]

    @Test(arguments: [
        ("/", "/dev/sda1"), ("/etc", "/dev/sda1"), ("/mnt", "/dev/sdb"), ("/mntx", "/dev/sda1"),
        ("/mnt/other", "/dev/sdb"),
        ("/mnt/retention", "/dev/sdd"), ("/mnt/retention/g", "/dev/sdd"), ("/mnt/retentionx", "/dev/sdb"),
    ])
    func `a path lies on the longest and latest mount`(path: String, source: String) {
        #expect(Self.table.covering(path)?.source == source)
    }

    @Test func `what is on top at a path is the latest`() {
        #expect(Self.table.at("/mnt/retention")?.source == "/dev/sdd")
        #expect(Self.table.at("/mnt/other") == nil)
        #expect([MountEntry]().covering("/") == nil)
    }

    @Test func `a recorded table is read with escapes, roots and options`() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/mountinfo"
        let lines = """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
            30 22 8:33 / /mnt/my\\040disk rw,noatime - xfs /dev/sdc1 ro,attr2
            31 22 8:33 /history /srv/h ro,noatime - xfs /dev/sdc1 rw,attr2
            32 22 0:45 / /mnt/share rw - nfs4 host:/export rw,vers=4.2
            33 22 0:46 / /run rw,nosuid shared:3 master:2 - tmpfs tmpfs rw,size=1024k

            """
        try Data(lines.utf8).write(to: URL(filePath: path))
        let mounts = try SystemMounter(mountTable: path).mounts()
        #expect(mounts.map(\.target) == ["/", "/mnt/my disk", "/srv/h", "/mnt/share", "/run"])
        #expect(mounts.map(\.type) == ["ext4", "xfs", "xfs", "nfs4", "tmpfs"])
        #expect(mounts.map(\.isReadOnly) == [false, true, true, false, false])
        #expect(mounts.map(\.isBindMount) == [false, false, true, false, false])
        #expect(mounts[1].device == Sample.number(33))
        #expect(mounts[3].source == "host:/export")
    }

    @Test func `recorded swap areas are read`() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/swaps"
        let lines = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1  partition\t2097148\t\t0\t\t-2\n"
        try Data(lines.utf8).write(to: URL(filePath: path))
        #expect(try SystemMounter(swapTable: path).swaps() == [SwapEntry(source: "/dev/dm-1")])
        #expect(try SystemMounter(swapTable: "\(scratch.path)/none").swaps().isEmpty)
    }

    @Test func `a table that is not there is named`() {
        let error = #expect(throws: RetentionVolumeError.self) { try SystemMounter(mountTable: "/nowhere").mounts() }
        #expect(error?.code == .unreadableTable)
        #expect(error?.description.contains("/nowhere") == true)
    }

    @Test func `this machine has a root filesystem`() throws {
        #expect(try SystemMounter().mounts().covering("/")?.target == "/")
        _ = try SystemMounter().swaps()
    }

    @Test func `the mounter in memory does as the real one`() throws {
        let mounter = MemoryMounter(mounts: Array(Self.table.prefix(1)), swaps: [SwapEntry(source: "/dev/sdx")])
        mounter.addFilesystem(source: "/dev/sdc", type: "xfs", device: Sample.number(32))
        try mounter.mount(source: "/dev/sdc", target: Sample.path, type: "xfs", options: "noatime")
        #expect(try mounter.mounts().covering(Sample.path)?.device == Sample.number(32))
        mounter.setReadOnly(true, target: Sample.path)
        #expect(try mounter.mounts().at(Sample.path)?.isReadOnly == true)
        #expect(throws: RetentionVolumeError.self) {
            try mounter.mount(source: "/dev/sdc", target: "/x", type: "ext4", options: "")
        }
        try mounter.unmount(target: Sample.path)
        #expect(throws: RetentionVolumeError.self) { try mounter.unmount(target: Sample.path) }
        #expect(try mounter.swaps().count == 1)
        mounter.fail(with: RetentionVolumeError(.unreadableTable, object: "memory"))
        #expect(throws: RetentionVolumeError.self) { try mounter.mounts() }
    }
}
