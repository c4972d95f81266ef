// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A filesystem that is mounted, from this process's mount table.
public struct Mount: Hashable, Sendable {
    /// The number of its device; of filesystems with none of their own (btrfs, tmpfs) the major is 0.
    public let deviceNumber: DeviceNumber
    /// Where it is mounted.
    public let mountPoint: String
    /// `xfs`, `ext4`, `btrfs`.
    public let filesystem: String
    /// What was mounted: usually a device's node.
    public let source: String

    /// A mounted filesystem.
    public init(deviceNumber: DeviceNumber, mountPoint: String, filesystem: String, source: String) {
        self.deviceNumber = deviceNumber
        self.mountPoint = mountPoint
        self.filesystem = filesystem
        self.source = source
    }
}

/// The mount table and the table of swap, as the kernel prints them.
///
/// Source: man 5 proc, `/proc/pid/mountinfo` and `/proc/swaps`.
public enum MountTable {
    /// Reads mountinfo. Lines that have another form are passed over: the kernel may add fields, never change them.
    ///
    /// A line: id, parent, `major:minor`, root, mount point, options, optional fields, `-`, type, source, options.
    public static func mounts(_ text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 9, let number = DeviceNumber(fields[2]),
                let separator = fields.dropFirst(6).firstIndex(of: "-"), separator + 2 < fields.count
            else { return nil }
            return Mount(
                deviceNumber: number, mountPoint: unescaped(fields[4]), filesystem: String(fields[separator + 1]),
                source: unescaped(fields[separator + 2]))
        }
    }

    /// The devices and files that /proc/swaps lists.
    public static func swaps(_ text: String) -> [String] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { unescaped($0) }
        }
    }

    /// Spaces, tabs, line ends and backslashes are written as a backslash and three octal digits.
    static func unescaped(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count {
                let digits = bytes[(index + 1)...(index + 3)]
                if digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) {
                    let value = digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
                    result.append(UInt8(truncatingIfNeeded: value))
                    index += 4
                    continue
                }
            }
            result.append(bytes[index])
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}
