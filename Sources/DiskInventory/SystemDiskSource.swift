// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// The block devices of this machine, or of a tree that was recorded from one.
public struct SystemDiskSource: DiskSource {
    /// The largest table of /proc that is taken.
    private static let tableLimit = 16 << 20
    /// Changes that wait for a reader; more of them say nothing new.
    private static let waitingChanges = 256

    private let tree: SysfsTree
    private let inquiry: any InquirySource
    private let assembly: StackAssembly
    private let group: DiskMonitor.Group
    private let readsSignatures: Bool

    /// - Parameters:
    ///   - root: The folder that holds `sys` and `proc`: `/`, or that of a recorded tree.
    ///   - inquiry: Who is asked for pages that sysfs does not have; none for a recorded tree.
    ///   - readsSignatures: Whether the first and last bytes of every disk are read too. A path that is dead makes
    ///     that slow, so it is for the choice of a disk, not for the watch over them.
    public init(
        root: String = "/", inquiry: (any InquirySource)? = nil, assembly: StackAssembly = StackAssembly(),
        group: DiskMonitor.Group = .udev, readsSignatures: Bool = false
    ) {
        tree = SysfsTree(root: root)
        self.inquiry = inquiry ?? (root == "/" ? SystemInquiry() : NoInquiry())
        self.assembly = assembly
        self.group = group
        self.readsSignatures = readsSignatures
    }

    /// Every block device, as of now. Blocks.
    ///
    /// - Throws: ``DeviceError`` where the tables of /proc cannot be read. A device that goes away meanwhile is left out.
    public func scan() throws(DeviceError) -> DiskScan {
        let reader = DeviceReader(tree: tree, inquiry: inquiry)
        var disks: [Disk] = []
        for name in tree.names("/sys/block") {
            guard var disk = reader.disk(name) else { continue }
            // Loop and RAM devices without anything in them are not there for anybody.
            guard disk.size > .zero || disk.isPhysical || disk.kind == .optical else { continue }
            if readsSignatures, disk.isPhysical || disk.kind == .multipathMap || disk.kind == .loop {
                // A device that cannot be read has signatures that nobody knows: nil says so.
                disk.signatures = try? SignatureProbe.signatures(of: disk.devnode)
            }
            disks.append(disk)
        }
        return assembly.scan(disks, tables: try tables(), platform: platform())
    }

    private func tables() throws(DeviceError) -> StackAssembly.Tables {
        var tables = StackAssembly.Tables()
        tables.mounts = MountTable.mounts(try tree.table("/proc/self/mountinfo", limit: Self.tableLimit))
        // A kernel without swap has no such file.
        tables.swaps =
            tree.exists("/proc/swaps")
            ? MountTable.swaps(try tree.table("/proc/swaps", limit: Self.tableLimit)) : []
        for uuid in tree.names("/sys/fs/btrfs") {
            let devices = tree.names("/sys/fs/btrfs/\(uuid)/devices")
            if !devices.isEmpty { tables.btrfs[uuid] = devices }
        }
        for path in tables.swaps + tables.mounts.map(\.source) where path.hasPrefix("/dev/") {
            tables.nodes[path] = SystemFiles.blockDeviceNumber(tree.root + path)
        }
        return tables
    }

    /// By what the firmware says of the machine. Source: the kernel's `sysfs-firmware-dmi`.
    private func platform() -> DiskScan.Platform {
        let vendor = tree.text("/sys/class/dmi/id/sys_vendor") ?? ""
        let product = tree.text("/sys/class/dmi/id/product_name") ?? ""
        if vendor.hasPrefix("VMware") || product.hasPrefix("VMware") { return .vmware }
        if vendor == "QEMU" || product == "KVM" || product.hasPrefix("Standard PC") { return .qemu }
        return vendor == "Microsoft Corporation" && product == "Virtual Machine" ? .hyperV : .other
    }

    /// What changes from now on.
    ///
    /// - Throws: ``DeviceError`` where there is no monitor.
    public func changes() throws(DeviceError) -> AsyncStream<DiskChange> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DiskChange.self, bufferingPolicy: .bufferingNewest(Self.waitingChanges))
        let monitor = try DiskMonitor(group: group) { continuation.yield($0) }
        continuation.onTermination = { _ in monitor.stop() }
        return stream
    }
}
