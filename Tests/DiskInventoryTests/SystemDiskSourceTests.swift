// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import Glibc
import LinuxSystem
import StoragePrimitives
import Testing

/// What is read out of sysfs and /proc, on recorded trees and on this machine.
struct SystemDiskSourceTests {
    private func source(_ tree: RecordedTree) throws -> SystemDiskSource {
        try tree.finish()
        return SystemDiskSource(root: tree.root)
    }

    @Test func `a SCSI disk is read with all that it says`() throws {
        let tree = try RecordedTree()
        try tree.scsi("sdb", number: "8:16", address: "0:0:1:0", page83: Pages.vmware83, page80: Pages.vmware80)
        let disk = try #require(try source(tree).scan().disk(named: "sdb"))
        #expect(disk.identity?.rawValue == "36000c29e4a31c5ddf1b8a86d0d5d9c2e")
        #expect(disk.deviceNumber == DeviceNumber(major: 8, minor: 16))
        #expect(disk.size == .mebibytes(64))
        #expect(disk.logicalBlockSize == 512)
        #expect(disk.physicalBlockSize == 4096)
        #expect(disk.address?.description == "0:0:1:0")
        #expect(disk.vendor == "VMware")
        #expect(disk.model == "Virtual disk")
        #expect(disk.revision == "2.0")
        #expect(disk.serialNumber == "6000c29e4a31c5ddf1b8a86d0d5d9c2e")
        #expect(disk.transport == .virtual)
        #expect(disk.isRotational)
        #expect(!disk.isReadOnly)
        #expect(disk.kind == .scsi)
    }

    @Test func `a map is the disk that its paths are`() throws {
        let tree = try RecordedTree()
        try tree.scsi("sdb", number: "8:16", address: "0:0:1:0", page83: Pages.vmware83)
        try tree.scsi("sdc", number: "8:32", address: "1:0:1:0", page83: Pages.vmware83)
        try tree.mapped(
            "dm-0", number: "254:0", mapName: "mpatha", uuid: "mpath-36000c29e4a31c5ddf1b8a86d0d5d9c2e",
            over: ["sdb", "sdc"])
        let scan = try source(tree).scan()
        let map = try #require(scan.disk(named: "dm-0"))
        #expect(map.kind == .multipathMap)
        #expect(map.identity?.rawValue == "36000c29e4a31c5ddf1b8a86d0d5d9c2e")
        #expect(scan.target(try #require(map.identity))?.name == "dm-0")
        #expect(scan.disk(named: "sdb").flatMap { scan.map(over: $0) }?.name == "dm-0")
        #expect(scan.paths(of: map).map(\.name) == ["sdb", "sdc"])
        #expect(LedgerFindings.findings(scan, ledger: Ledger(), bound: []).isEmpty)
    }

    @Test func `the disks below the root filesystem carry the system`() throws {
        let tree = try RecordedTree()
        try tree.scsi("sda", number: "8:0", address: "0:0:0:0", page83: Pages.netapp83)
        try tree.partition("sda", "sda1", number: "8:1", sectors: 2048)
        try tree.partition("sda", "sda2", number: "8:2", sectors: 65_536)
        try tree.mapped("dm-1", number: "254:1", mapName: "vg-root", uuid: "LVM-abc", over: ["sda2"])
        try tree.scsi("sdb", number: "8:16", address: "0:0:1:0", page83: Pages.vmware83)
        try tree.partition("sdb", "sdb1", number: "8:17", sectors: 2048)
        tree.mount("254:1", at: "/", source: "/dev/mapper/vg-root")
        tree.mount("8:1", at: "/boot", source: "/dev/sda1")
        tree.mount("0:44", at: "/mnt/retention", type: "btrfs", source: "/dev/sdb1")
        tree.swap("/dev/sda2")
        let scan = try source(tree).scan()
        #expect(scan.disk(named: "sda")?.roles == [.root, .boot, .swap, .state])
        #expect(scan.disk(named: "dm-1")?.roles.contains(.root) == true)
        #expect(scan.disk(named: "sdb")?.roles == [.retention])
        #expect(scan.disk(named: "sda")?.partitions.map(\.name) == ["sda1", "sda2"])
        #expect(scan.disk(named: "sda")?.partitions[1].holders == ["dm-1"])
        #expect(scan.owner(of: "sda2")?.name == "sda")
        let uses = try scan.uses(of: #require(scan.disk(named: "sda")))
        #expect(
            uses == [
                .mounted(device: "sda1", at: "/boot"), .swap(device: "sda2"),
                .held(device: "sda2", by: "dm-1", label: "vg-root"), .mounted(device: "dm-1", at: "/"),
            ])
    }

    @Test func `NVMe and virtio disks are known by their own names`() throws {
        let tree = try RecordedTree()
        let nvme = "/sys/devices/pci0000:00/0000:00:04.0/nvme/nvme0"
        try tree.text("\(nvme)/model", "Model X")
        try tree.text("\(nvme)/serial", "S1")
        try tree.text("\(nvme)/transport", "pcie")
        try tree.block("\(nvme)/nvme0n1", number: "259:0", sectors: 131_072)
        try tree.text("\(nvme)/nvme0n1/nguid", "00112233-4455-6677-8899-aabbccddeeff")
        try tree.link("\(nvme)/nvme0n1/device", to: tree.root + nvme)
        let virtio = "/sys/devices/pci0000:00/0000:00:01.0/virtio0"
        try tree.block("\(virtio)/block/vda", number: "253:0", sectors: 131_072)
        try tree.text("\(virtio)/block/vda/serial", "disk 7")
        try tree.link("\(virtio)/block/vda/device", to: tree.root + virtio)
        try tree.block("\(nvme)/nvme0c0n1", number: "259:1", sectors: 131_072)
        try tree.text("\(nvme)/nvme0c0n1/hidden", "1")
        try tree.text("\(nvme)/nvme0c0n1/nguid", "00112233-4455-6677-8899-aabbccddeeff")
        try tree.block("/sys/devices/virtual/block/loop0", number: "7:0", sectors: 0)
        let scan = try source(tree).scan()
        let disk = try #require(scan.disk(named: "nvme0n1"))
        #expect(disk.identity?.rawValue == "eui.00112233445566778899aabbccddeeff")
        #expect(disk.transport == .nvmePCIe)
        #expect(disk.model == "Model X")
        #expect(scan.disk(named: "vda")?.identity?.rawValue == "virtio-disk_7")
        #expect(scan.disk(named: "loop0") == nil)
        #expect(scan.disk(named: "nvme0c0n1") == nil)
    }

    /// Answers from a list, and counts what it was asked.
    private struct Answers: InquirySource {
        let pages: [UInt8: [UInt8]]
        func page(_ page: UInt8, of devnode: String) throws(DeviceError) -> [UInt8]? {
            guard let answer = pages[page] else {
                throw DeviceError(.inputOutput, operation: "INQUIRY", object: devnode, detail: "asked for page \(page)")
            }
            return answer
        }
    }

    @Test func `what sysfs does not have is asked of the disk, and only what it says it has`() throws {
        let tree = try RecordedTree()
        try tree.scsi("sdb", number: "8:16", address: "0:0:1:0")
        func identity(_ pages: [UInt8: [UInt8]]) throws -> Disk? {
            try SystemDiskSource(root: tree.root, inquiry: Answers(pages: pages)).scan().disk(named: "sdb")
        }
        #expect(try identity([0: [0, 0, 0, 2, 0, 0x83], 0x83: Pages.vmware83])?.identity?.kind == .naa)
        #expect(try identity([0: [0, 0, 0, 2, 0, 0x80], 0x80: Pages.vmware80])?.identity?.kind == .unitSerial)
        #expect(try identity([0: [0, 0, 0, 1, 0]])?.identifiers.problems == [])
        let failed = try #require(try identity([0: [0, 0, 0, 2, 0, 0x83]]))
        #expect(failed.identity == nil)
        #expect(failed.identifiers.problems.count == 1)
    }

    @Test func `256 disks are listed in less than 200 ms`() throws {
        let tree = try RecordedTree()
        for index in 0..<256 {
            let page = page83(
                designator(1, 3, hex("6000c29e4a31c5ddf1b8a86d0d5d9c2e").dropLast(2) + [1, UInt8(index)]))
            try tree.scsi(
                "sd\(index)", number: "8:\(index * 16)", address: "0:0:\(index):0", page83: page, page80: Pages.vmware80
            )
        }
        let source = try source(tree)
        var (best, bestProcessor) = (Duration.seconds(60), Duration.seconds(60))
        for _ in 0..<5 {
            let (wall, processor) = (ContinuousClock().now, Self.processorTime())
            let scan = try source.scan()
            best = min(best, ContinuousClock().now - wall)
            bestProcessor = min(bestProcessor, Self.processorTime() - processor)
            #expect(scan.disks.count == 256)
            #expect(Set(scan.disks.compactMap(\.identity)).count == 256)
        }
        print("256 disks listed in \(best), of which \(bestProcessor) on the processor")
        // What else the machine does while the tests run is not the inventory's.
        #expect(bestProcessor < .milliseconds(200))
    }

    /// What this thread has used of the processor. Source: man 3 clock_gettime, CLOCK_THREAD_CPUTIME_ID.
    private static func processorTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test func `this machine's disks are listed, and one of them carries the system`() throws {
        let scan = try SystemDiskSource().scan()
        #expect(!scan.disks.isEmpty)
        #expect(scan.disks.allSatisfy { $0.logicalBlockSize >= 512 })
        // Where the root filesystem lies on a block device at all.
        let number = MountTable.mounts(
            String(decoding: try SystemFiles.contents("/proc/self/mountinfo", limit: 1 << 24) ?? [], as: UTF8.self)
        ).last { $0.mountPoint == "/" }?.deviceNumber
        if let number, scan.disks.contains(where: { $0.deviceNumber == number }) {
            #expect(scan.disks.contains { $0.roles.contains(.root) })
        }
    }

    @Test func `the mount table is read with its escapes, and lines of another form are passed over`() {
        let mounts = MountTable.mounts(
            """
            36 35 8:33 / /mnt/a\\040b rw,noatime master:1 shared:2 - xfs /dev/sdc1 rw
            broken
            37 35 0:44 /@ /srv rw - btrfs /dev/mapper/vg-data rw,subvol=/@

            """)
        #expect(
            mounts == [
                Mount(
                    deviceNumber: DeviceNumber(major: 8, minor: 33), mountPoint: "/mnt/a b", filesystem: "xfs",
                    source: "/dev/sdc1"),
                Mount(
                    deviceNumber: DeviceNumber(major: 0, minor: 44), mountPoint: "/srv", filesystem: "btrfs",
                    source: "/dev/mapper/vg-data"),
            ])
        #expect(
            MountTable.swaps("Filename Type\n/dev/sda3   partition 1 0 -2\n/a\\040b file 1 0 -3\n") == [
                "/dev/sda3", "/a b",
            ])
    }
}
