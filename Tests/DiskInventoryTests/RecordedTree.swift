// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import StoragePrimitives

/// A sysfs and /proc as a machine had them, in a folder that goes with this object.
final class RecordedTree {
    let root: String
    private var mounts = "22 1 0:20 / /proc rw - proc proc rw\n"
    private var swaps = "Filename\tType\tSize\tUsed\tPriority\n"

    init() throws {
        var template = Array("/tmp/master-target-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
        }
        root = unsafe String(cString: made)
        try FolderTree.make(root + "/sys/block")
        try FolderTree.make(root + "/proc/self")
        try finish()
    }

    deinit {
        // The folder was made by mkdtemp above, so its name needs no quoting. What cannot be removed harms no test.
        _ = ShellCommand.run("rm -rf \(root)", environment: [], timeout: 60_000_000_000, clock: MachineSteadyClock())
    }

    func file(_ path: String, _ bytes: [UInt8]) throws {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        try FolderTree.make("\(root)/\(folder)")
        guard let stream = unsafe fopen(root + path, "w") else {
            throw DeviceError(.inputOutput, operation: "fopen", object: path, errorNumber: errno)
        }
        unsafe _ = fwrite(bytes, 1, bytes.count, stream)
        unsafe _ = fclose(stream)
    }

    func text(_ path: String, _ text: String) throws { try file(path, Array((text + "\n").utf8)) }

    func link(_ path: String, to target: String) throws {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        try FolderTree.make("\(root)/\(folder)")
        unsafe _ = symlink(target, root + path)
    }

    /// A block device's own folder, as far as every device has it.
    func block(_ path: String, number: String, sectors: UInt64) throws {
        let name = String(path.split(separator: "/").last ?? "")
        try text("\(path)/dev", number)
        try text("\(path)/size", "\(sectors)")
        try text("\(path)/ro", "0")
        try text("\(path)/removable", "0")
        try text("\(path)/queue/logical_block_size", "512")
        try text("\(path)/queue/physical_block_size", "4096")
        try text("\(path)/queue/rotational", "1")
        try FolderTree.make("\(root)\(path)/holders")
        try FolderTree.make("\(root)\(path)/slaves")
        try link("/sys/block/\(name)", to: root + path)
    }

    /// A SCSI disk. `bus` is the path of what its host hangs on.
    func scsi(
        _ name: String, number: String, address: String, sectors: UInt64 = 131_072, page83: [UInt8]? = nil,
        page80: [UInt8]? = nil, vendor: String = "VMware  ", model: String = "Virtual disk    ",
        bus: String = "/sys/devices/pci0000:00/0000:00:03.0"
    ) throws {
        let parts = address.split(separator: ":")
        let device = "\(bus)/host\(parts[0])/target\(parts[0]):\(parts[1]):\(parts[2])/\(address)"
        try text("\(device)/vendor", vendor)
        try text("\(device)/model", model)
        try text("\(device)/rev", "2.0 ")
        try text("\(device)/type", "0")
        if let page83 { try file("\(device)/vpd_pg83", page83) }
        if let page80 { try file("\(device)/vpd_pg80", page80) }
        try block("\(device)/block/\(name)", number: number, sectors: sectors)
        try link("\(device)/block/\(name)/device", to: root + device)
    }

    func partition(_ disk: String, _ name: String, number: String, sectors: UInt64) throws {
        try text("/sys/block/\(disk)/\(name)/partition", "1")
        try text("/sys/block/\(disk)/\(name)/dev", number)
        try text("/sys/block/\(disk)/\(name)/start", "2048")
        try text("/sys/block/\(disk)/\(name)/size", "\(sectors)")
        try FolderTree.make("\(root)/sys/block/\(disk)/\(name)/holders")
    }

    func mapped(_ name: String, number: String, mapName: String, uuid: String, over slaves: [String]) throws {
        try block("/sys/devices/virtual/block/\(name)", number: number, sectors: 131_072)
        try text("/sys/block/\(name)/dm/name", mapName)
        try text("/sys/block/\(name)/dm/uuid", uuid)
        for slave in slaves {
            try FolderTree.make("\(root)/sys/block/\(name)/slaves/\(slave)")
            let disk =
                SystemFiles.exists("\(root)/sys/block/\(slave)")
                ? slave : String(slave.prefix { !$0.isNumber })
            let place = disk == slave ? "\(slave)" : "\(disk)/\(slave)"
            try FolderTree.make("\(root)/sys/block/\(place)/holders/\(name)")
        }
    }

    func mount(_ number: String, at place: String, type: String = "ext4", source: String = "/dev/x") {
        mounts += "30 22 \(number) / \(place) rw,relatime shared:1 - \(type) \(source) rw\n"
    }

    func swap(_ path: String) { swaps += "\(path)\tpartition\t1048572\t0\t-2\n" }

    /// Writes the tables of /proc.
    func finish() throws {
        try text("/proc/self/mountinfo", mounts)
        try text("/proc/swaps", swaps)
    }
}
