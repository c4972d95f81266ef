// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import LinuxSystem
import StoragePrimitives
import Testing

/// The texts that keep others off bound disks.
struct GuardTests {
    private func mark(_ identity: String, map: String? = nil) throws -> String {
        let identity = try #require(DiskIdentity(rawValue: identity))
        return try UdevGuard.files(for: [.init(identity: identity, mapUUID: map)])[0].text
    }

    @Test(arguments: [
        (
            "36000c29e4a31c5ddf1b8a86d0d5d9c2e",
            #"ATTR{device/wwid}=="naa.6000c29e4a31c5ddf1b8a86d0d5d9c2e", ENV{MASTER_TARGET_BOUND}="1""#
        ),
        ("20011223344556677", #"ATTR{device/wwid}=="eui.0011223344556677""#),
        ("8iqn.2001-04.com.x:y", #"ATTR{device/wwid}=="iqn.2001-04.com.x:y""#),
        ("1VENDOR_a", #"--page=0x83 -d $devnode", RESULT=="1VENDOR_a""#),
        ("SVMware_Virtual_disk_1", #"--page=0x80 -d $devnode", RESULT=="SVMware_Virtual_disk_1""#),
        ("eui.00112233445566778899aabbccddeeff", #"ATTR{nguid}=="00112233-4455-6677-8899-aabbccddeeff""#),
        ("eui.002538b100000001", #"ATTR{eui}=="00 25 38 b1 00 00 00 01""#),
        ("uuid.00112233-4455-6677-8899-aabbccddeeff", #"ATTR{uuid}=="00112233-4455-6677-8899-aabbccddeeff""#),
        ("virtio-disk_7", #"ATTR{serial}=="disk?*7""#),
    ])
    func `a bound disk is known by what the kernel says of it`(identity: String, rule: String) throws {
        let text = try mark(identity)
        #expect(text.contains(rule), "\(text)")
        #expect(text.contains(#"ENV{DM_UUID}=="mpath-\#(identity)""#))
    }

    @Test func `a map is known by its own UUID where that is another`() throws {
        #expect(
            try mark("333333330000007d0", map: "mpath-1Linux_scsi_debug_2000").contains("mpath-1Linux_scsi_debug_2000"))
    }

    @Test func `nobody probes, mounts or starts what is bound`() throws {
        let files = try UdevGuard.files(for: [.init(identity: identity(first)), .init(identity: identity(second))])
        #expect(files.map(\.name) == ["59-master-target.rules", "61-master-target.rules"])
        for words in [
            "UDISKS_IGNORE}=\"1\"", "SYSTEMD_READY}=\"0\"", "UDEV_DISABLE_PERSISTENT_STORAGE_BLKID_FLAG}=\"1\"",
            "OPTIONS:=\"nowatch\"", "IMPORT{parent}=\"MASTER_TARGET_BOUND\"", first, second,
        ] { #expect(files[0].text.contains(words)) }
        #expect(files[1].text.contains("ENV{ID_FS_TYPE}=\"\""))
        // Every jump has its place.
        for file in files {
            for line in file.text.split(separator: "\n") where line.contains("GOTO=") {
                let label = line.split(separator: "GOTO=\"")[1].prefix { $0 != "\"" }
                #expect(file.text.contains("\nLABEL=\"\(label)\""))
            }
        }
    }

    @Test(arguments: ["1a\"b", "1a\\x20b", "1né", "1a*", "1a|b", "1$devnode"])
    func `an identity that could end a rule or mean more than itself is refused`(text: String) throws {
        let error = #expect(throws: InventoryError.self) { try mark(text) }
        #expect(error?.code == .unguardable)
    }

    @Test func `rules are installed, replaced, and removed with the last disk`() throws {
        let tree = try RecordedTree()
        let folder = tree.root + UdevGuard.runtimeFolder
        try UdevGuard.install([.init(identity: identity(first))], root: tree.root)
        try UdevGuard.install([.init(identity: identity(second))], root: tree.root)
        #expect(try SystemFiles.names(folder) == ["59-master-target.rules", "61-master-target.rules"])
        let text = String(
            decoding: try #require(try SystemFiles.contents("\(folder)/59-master-target.rules", limit: 10_000)),
            as: UTF8.self)
        #expect(text.contains(second) && !text.contains(first))
        try UdevGuard.install([], root: tree.root)
        try UdevGuard.install([], root: tree.root)
        #expect(try SystemFiles.names(folder).isEmpty)
    }

    @Test func `LVM refuses bound disks by every name`() {
        let text = LVMGuard.localConfiguration(for: [.init(identity: identity(first))])
        #expect(
            text.contains(
                #"global_filter = [ "r|/dev/disk/by-id/.*3\#(first)$|", "r|/dev/mapper/3\#(first)$|", "a|.*|" ]"#))
    }
}
