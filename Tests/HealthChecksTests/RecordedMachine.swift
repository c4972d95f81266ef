// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import StoragePrimitives
import Synchronization

/// Steady time that stands still until it is moved.
final class ManualClock: SteadyClock {
    private let time = Mutex<Int64>(0)
    func nanoseconds() -> Int64 { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }
}

/// A recorded tree of a machine, in a folder that goes with this object.
final class RecordedMachine {
    let path: String
    let tree: RootedTree

    init() throws {
        // In memory where that is, since every change is synced.
        let place = FolderTree.isFolder("/dev/shm") ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/master-target-machine-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
        }
        path = unsafe String(cString: made)
        tree = RootedTree(root: path)
        try write("/proc/filesystems", "nodev\tsysfs\n\text4\n\txfs\n")
        try write("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n")
        try write("/lib/modules/6.1.0-9-amd64/modules.dep", "kernel/fs/reiserfs/reiserfs.ko.zst: kernel/x/crc.ko\n")
        try write(
            "/proc/self/mountinfo",
            "22 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n40 22 8:17 / /mnt/retention rw - xfs /dev/sdb1 rw\n")
        try memory(total: 1000, available: 250)
        try processors(busy: 100, idle: 900)
        try write("/proc/loadavg", "0.10 0.20 1.50 1/200 4242\n")
        try write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse hypervisor lm\n")
        try write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        try write("/sys/class/dmi/id/product_uuid", "4C4C4544-0001-0002-8003-B1C04F000001\n")
        try write("/sys/class/dmi/id/sys_vendor", "VMware, Inc.\n")
        try write("/sys/class/dmi/id/product_name", "VMware7,1\n")
        try write("/sys/devices/sda/sda2/partition", "2\n")
        try write("/sys/devices/sda/size", "1\n")
        try write("/sys/devices/sdb/sdb1/partition", "1\n")
        try link("/sys/devices/dm-0/slaves/sda2", to: "../../sda/sda2")
        try link("/sys/dev/block/253:0", to: "../../devices/dm-0")
        try link("/sys/dev/block/8:17", to: "../../devices/sdb/sdb1")
    }

    deinit {
        _ = ShellCommand.run("rm -r '\(path)'", environment: [], timeout: 60_000_000_000, clock: MachineSteadyClock())
    }

    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
        let end = name.lastIndex(of: "/") ?? name.startIndex
        try FolderTree.make("\(path)\(name[..<end])", mode: 0o755)
        try tree.replaceFile(name, with: Array(text.utf8), mode: mode)
    }

    func link(_ name: String, to target: String) throws {
        let end = name.lastIndex(of: "/") ?? name.startIndex
        try FolderTree.make("\(path)\(name[..<end])", mode: 0o755)
        guard unsafe symlink(target, path + name) == 0 else {
            throw DeviceError(.inputOutput, operation: "symlink", object: name, errorNumber: errno)
        }
    }

    func memory(total: Int, available: Int) throws {
        try write(
            "/proc/meminfo",
            "MemTotal: \(total) kB\nMemFree: 1 kB\nMemAvailable: \(available) kB\nSwapTotal: "
                + "8 kB\n")
    }

    /// Ticks of two processors together.
    func processors(busy: Int, idle: Int) throws {
        try write("/proc/stat", "cpu  \(busy) 0 0 \(idle) 0 0 0 0 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5\n")
    }
}
