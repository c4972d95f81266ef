// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

extension BlockTree {
    /// The most devices that are read.
    private static let mostDevices = 65_536
    /// The most bytes of an attribute.
    private static let longestAttribute = 64 << 10

    /// The devices of this machine. A device that goes away meanwhile is left out.
    ///
    /// Source: kernel documentation, "ABI/stable/sysfs-block", "ABI/testing/sysfs-class-block".
    ///
    /// - Parameter sysfs: Where sysfs is mounted, or a folder like it.
    /// - Throws: ``RetentionVolumeError`` with `.unreadableDevices`.
    public static func read(sysfs: String = "/sys") throws(RetentionVolumeError) -> BlockTree {
        let folder = "\(sysfs)/class/block"
        do {
            var names: [DeviceNumber: String] = [:]
            var numbers: [String: DeviceNumber] = [:]
            for name in try SystemFiles.names(folder).prefix(mostDevices) {
                guard let number = try text("\(folder)/\(name)/dev").flatMap({ DeviceNumber($0) }) else { continue }
                names[number] = name
                numbers[name] = number
            }
            var nodes: [Node] = []
            for (number, name) in names {
                if let node = try node(name, number, folder: folder, numbers: numbers) { nodes.append(node) }
            }
            return BlockTree(nodes)
        } catch {
            throw RetentionVolumeError(.unreadableDevices, object: folder, detail: "\(error)")
        }
    }

    private static func node(
        _ name: String, _ number: DeviceNumber, folder: String, numbers: [String: DeviceNumber]
    ) throws(DeviceError) -> Node? {
        let path = "\(folder)/\(name)"
        // In sectors of 512 bytes, whatever the device's own are.
        guard let sectors = try text("\(path)/size").flatMap({ UInt64($0) }) else { return nil }
        let (bytes, overflow) = sectors.multipliedReportingOverflow(by: 512)
        guard !overflow else { return nil }
        var parts: [DeviceNumber] = []
        for slave in try SystemFiles.names("\(path)/slaves") {
            if let number = numbers[slave] { parts.append(number) }
        }
        let isPartition = SystemFiles.exists("\(path)/partition")
        if isPartition, let link = SystemFiles.linkTarget(path), let disk = link.split(separator: "/").dropLast().last,
            let number = numbers[String(disk)]
        {
            parts.append(number)
        }
        let backing = try text("\(path)/loop/backing_file")
        // A loop device without a file is a name and no more.
        if name.hasPrefix("loop"), backing == nil, !isPartition { return nil }
        var identity = try text("\(path)/device/wwid")
        if identity == nil { identity = try text("\(path)/wwid") }
        identity = identity.map(Self.identity)
        if let map = try text("\(path)/dm/uuid") {
            identity = map.hasPrefix("mpath-") ? String(map.dropFirst("mpath-".count)) : map
        }
        return Node(
            name, number: number, kind: kind(name, isPartition: isPartition, backing: backing), size: ByteCount(bytes),
            isReadOnly: try text("\(path)/ro") == "1", parts: parts, identity: identity)
    }

    /// A disk's identity as everybody else has it, out of the kernel's form. Source: man 8 scsi_id; the kernel's
    /// `scsi_vpd_lun_id`.
    private static func identity(_ wwid: String) -> String {
        for (kernel, type) in [("naa.", "3"), ("eui.", "2")] where wwid.hasPrefix(kernel) {
            return type + wwid.dropFirst(kernel.count)
        }
        return wwid
    }

    private static func kind(_ name: String, isPartition: Bool, backing: String?) -> Node.Kind {
        if isPartition { return .partition }
        if let backing { return .loop(backing: backing) }
        if name.hasPrefix("dm-") { return .mapper }
        if name.hasPrefix("md") { return .array }
        if name.hasPrefix("ram") || name.hasPrefix("zram") { return .memory }
        if name.hasPrefix("sr") { return .optical }
        return .disk
    }

    /// An attribute without white space at its ends; nil where there is none, or it is empty or no text.
    private static func text(_ path: String) throws(DeviceError) -> String? {
        guard let bytes = try SystemFiles.contents(path, limit: longestAttribute),
            let text = String(validating: bytes, as: UTF8.self),
            let start = text.firstIndex(where: { !$0.isWhitespace }),
            let end = text.lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        return String(text[start...end])
    }
}
