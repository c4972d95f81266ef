// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import LinuxSystem
import StoragePrimitives
import Testing

@Suite struct LinuxHostTests {
    @Test func `programs by PATH, filesystems by the kernel's lists`() throws {
        let machine = try RecordedMachine()
        try machine.write("/usr/sbin/multipathd", "", mode: 0o755)
        try machine.write("/usr/bin/wget", "", mode: 0o644)
        try machine.write("/opt/kexec", "", mode: 0o755)
        try machine.link("/sbin/kexec", to: "/opt/kexec")
        try machine.link("/bin/perl", to: "/nowhere")
        let software = try LinuxHost(tree: machine.tree, state: nil).software()
        #expect(software.programs == ["multipathd", "kexec"])
        #expect(software.filesystems.isSuperset(of: ["ext4", "xfs", "reiserfs"]))
        try machine.write(
            "/lib/modules/6.1.0-9-amd64/modules.dep",
            "kernel/fs/reiserfs-not.ko:\nx/xreiserfs.ko: "
                + "reiserfs.ko\n")
        #expect(try !LinuxHost(tree: machine.tree, state: nil).software().filesystems.contains("reiserfs"))
    }

    @Test func `the layout names the disks under the root and under history`() throws {
        let machine = try RecordedMachine()
        let host = LinuxHost(tree: machine.tree, state: nil)
        var layout = try host.layout()
        #expect(layout.rootDevice == "253:0" && layout.rootDisks == ["sda"])
        #expect(layout.retentionDevice == "8:17" && layout.retentionDisks == ["sdb"])
        #expect(layout.swap == .kibibytes(8) && !layout.hasCrashFolder)
        #expect(layout.rootTotal > .zero && layout.rootAvailable <= layout.rootTotal)
        try FolderTree.make("\(machine.path)/var/crash")
        try machine.write("/proc/self/mountinfo", "garbage\n\n1 2 3\n22 1 0:30 / / rw - overlay o rw\n")
        layout = try host.layout()
        #expect(layout.hasCrashFolder && layout.rootDisks.isEmpty && layout.retentionDevice == nil)
    }

    @Test func `load is the kernel's average first, then what was measured over the last 15 minutes`() throws {
        let machine = try RecordedMachine()
        let clock = ManualClock()
        let host = LinuxHost(tree: machine.tree, state: nil, steady: clock)
        var load = try host.load()
        #expect(load.memory == .init(percent: 75, seconds: 0))
        // 1.5 on two processors.
        #expect(load.processors == .init(percent: 75, seconds: 900))
        clock.advance(seconds: 100)
        try machine.memory(total: 1000, available: 750)
        try machine.processors(busy: 200, idle: 1000)
        load = try host.load()
        #expect(load.memory == .init(percent: 50, seconds: 100))
        #expect(load.processors == .init(percent: 50, seconds: 100))
        // The window moves: after an hour of samples only the last 15 minutes count.
        for minute in 1...60 {
            clock.advance(seconds: 60)
            try machine.processors(busy: 200, idle: 1000 + minute * 100)
            load = try host.load()
        }
        #expect(load.memory == .init(percent: 25, seconds: 900))
        #expect(load.processors == .init(percent: 0, seconds: 900))
        // A machine that was restored counts from anew.
        try machine.processors(busy: 1, idle: 1)
        #expect(try host.load().processors == .init(percent: 75, seconds: 900))
    }

    @Test func `pressure is shown where the kernel counts it`() throws {
        let machine = try RecordedMachine()
        #expect(try LinuxHost(tree: machine.tree, state: nil).load().memoryPressure == nil)
        try machine.write("/proc/pressure/memory", "some avg10=0.00 avg60=1.00 avg300=2.50 total=7\nfull avg10=0.00\n")
        #expect(try LinuxHost(tree: machine.tree, state: nil).load().memoryPressure == 2.5)
    }

    @Test(arguments: [
        ("/proc/meminfo", "MemTotal: 0 kB\n"), ("/proc/meminfo", "MemTotal: 1 kB\nMemAvailable: 2 kB\n"),
        ("/proc/meminfo", "MemTotal: 99999999999999999999 kB\n"),
        (
            "/proc/stat",
            "cpu 1 2\ncpu0 "
                + "1\n"
        ), ("/proc/stat", ""),
        ("/proc/stat", "cpu  1 2 3 4\n"), ("/proc/loadavg", "1 2\n"), ("/proc/loadavg", "a b nan\n"),
        ("/proc/loadavg", "0 0 -1\n"),
    ]) func `files that make no sense are an error`(file: String, text: String) throws {
        let machine = try RecordedMachine()
        try machine.write(file, text)
        #expect(throws: HealthError.self) { try LinuxHost(tree: machine.tree, state: nil).load() }
    }

    @Test func `counters at their limit do not trap`() throws {
        let machine = try RecordedMachine()
        let clock = ManualClock()
        let host = LinuxHost(tree: machine.tree, state: nil, steady: clock)
        let most = UInt64.max
        try machine.write("/proc/stat", "cpu  \(most) \(most) 0 \(most) \(most)\ncpu0 1\n")
        _ = try host.load()
        clock.advance(seconds: 120)
        _ = try host.load()
    }

    @Test(
        arguments: [
            ("flags : fpu hypervisor", "VMware, Inc.", "VMware7,1", nil, true, "VMware"),
            ("flags : fpu hypervisor", "QEMU", "Standard PC (Q35 + ICH9, 2009)", nil, true, "QEMU"),
            ("flags : fpu hypervisor", "Microsoft Corporation", "Virtual Machine", nil, true, "Hyper-V"),
            ("flags : fpu", "Microsoft Corporation", "Surface", nil, false, nil),
            ("flags : fpu", "Amazon EC2", "m5.metal", nil, false, nil),
            ("flags : fpu", "Dell Inc.", "PowerEdge R640", nil, false, nil),
            ("flags : fpu hypervisor", "Someone", "Something", nil, true, nil),
            ("flags : fpu hypervisor", "Xen", "HVM domU", "xen", true, "Xen"),
            ("Features : fp asimd", "QEMU", "KVM Virtual Machine", nil, true, "KVM"),
            ("", "", "", nil, false, nil),
        ] as [(String, String, String, String?, Bool, String?)])
    func `product and hypervisor`(
        flags: String, vendor: String, product: String, type: String?, isVirtual: Bool, hypervisor: String?
    ) throws {
        let machine = try RecordedMachine()
        try machine.write("/proc/cpuinfo", "processor : 0\n\(flags)\n")
        try machine.write("/sys/class/dmi/id/sys_vendor", vendor + "\n")
        try machine.write("/sys/class/dmi/id/product_name", product + "\n")
        if let type { try machine.write("/sys/hypervisor/type", type + "\n") }
        let platform = try LinuxHost(tree: machine.tree, state: nil).platform()
        #expect(platform.isVirtual == isVirtual && platform.hypervisor == hypervisor)
        try machine.write("/proc/xen/capabilities", "control_d\n")
        #expect(try !LinuxHost(tree: machine.tree, state: nil).platform().isVirtual)
    }

    @Test func `the identity is recorded on the first run, and accepted on demand`() throws {
        let machine = try RecordedMachine()
        let state = try DirectoryFolder(path: "\(machine.path)/state", create: true)
        let host = LinuxHost(tree: machine.tree, state: state)
        let first = try host.identity()
        #expect(first.current == first.recorded)
        try machine.write("/sys/class/dmi/id/product_uuid", "4C4C4544-0001-0002-8003-B1C04F00FFFF\n")
        let cloned = try host.identity()
        #expect(cloned.recorded == first.current && !cloned.current.hasProduct(of: cloned.recorded))
        try host.acceptIdentity()
        #expect(try host.identity().recorded == cloned.current)
        try machine.write("/state/host-identity.json", "{")
        #expect(throws: HealthError.self) { try host.identity() }
        try machine.write("/etc/machine-id", "uninitialized\n")
        #expect(throws: HealthError.self) { try host.acceptIdentity() }
        #expect(throws: HealthError.self) { try LinuxHost(tree: machine.tree, state: nil).identity() }
    }
}
