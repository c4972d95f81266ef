// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

extension LinuxHost {
    /// How deep devices stand on each other at most.
    private static let deepestStack = 16

    /// Free space on `/`, swap, `/var/crash`, and which disks are under `/` and under the retention volume.
    public func layout() throws -> LayoutFacts {
        let space = try tree.space("/")
        let memory = try MemoryInformation(tree)
        var facts = LayoutFacts(
            rootTotal: space.total, rootAvailable: space.available, swap: memory.swap,
            hasCrashFolder: try tree.entry("/var/crash")?.kind == .folder)
        guard let text = try tree.text("/proc/self/mountinfo", limit: 4 << 20) else {
            throw HealthError(.malformedSource, "/proc/self/mountinfo is not there.")
        }
        let mounts = MountInformation(parsing: text)
        facts.rootDevice = mounts.device(on: "/")
        facts.retentionDevice = mounts.device(on: retentionMount)
        if let device = facts.rootDevice { facts.rootDisks = try disks(under: device) }
        if let device = facts.retentionDevice { facts.retentionDisks = try disks(under: device) }
        return facts
    }

    /// The disks that a block device lies on, by sysfs: a partition's disk, and below device mapper and md their parts.
    private func disks(under device: String) throws -> Set<String> {
        var disks: Set<String> = []
        var level: Set<String> = [try tree.resolved("/sys/dev/block/\(device)")]
        for _ in 0..<Self.deepestStack where !level.isEmpty {
            var next: Set<String> = []
            for folder in level {
                guard try tree.entry(folder)?.kind == .folder, let slash = folder.lastIndex(of: "/") else { continue }
                if try tree.entry("\(folder)/partition") != nil {
                    next.insert(String(folder[..<slash]))
                    continue
                }
                let parts = try tree.names("\(folder)/slaves")
                if parts.isEmpty { disks.insert(String(folder[folder.index(after: slash)...])) }
                for part in parts { next.insert(try tree.resolved("\(folder)/slaves/\(part)")) }
            }
            level = next
        }
        return disks
    }
}

/// What is mounted where. Source: man 5 proc, `/proc/pid/mountinfo`.
struct MountInformation {
    private var devices: [(place: String, device: String)] = []

    init(parsing text: String) {
        for line in text.split(separator: "\n") {
            // id, parent, major:minor, root, mount point, …
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count > 5 else { continue }
            devices.append((Self.unescaped(fields[4]), String(fields[2])))
        }
    }

    /// The device that is mounted on a folder; the last one of several on top of each other is seen.
    func device(on place: String) -> String? { devices.last { $0.place == place }?.device }

    /// Blanks and the like stand as a backslash and three octal digits.
    static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let text = String(digits),
                let value = UInt8(text, radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
