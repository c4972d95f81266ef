// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Reads attributes below one root: that of this machine, or of a recorded tree.
struct SysfsTree {
    /// The folder that stands for `/`, without a separator at its end.
    let root: String
    /// The root as links resolve to it: it may itself lie behind one.
    private let base: String
    /// The largest attribute that is taken; the kernel gives at most a page, page 0x83 of a disk being one of them.
    private static let limit = 64 << 10

    init(root: String) {
        self.root = root == "/" ? "" : root
        base = self.root.isEmpty ? "" : SystemFiles.resolved(root) ?? root
    }

    func bytes(_ path: String) -> [UInt8]? {
        // An attribute that cannot be read is as good as none: devices come and go while they are looked at.
        (try? SystemFiles.contents(root + path, limit: Self.limit)) ?? nil
    }

    /// An attribute without the line end and the spaces around it; nil where there is none or it is empty.
    func text(_ path: String) -> String? {
        guard let bytes = bytes(path) else { return nil }
        let text = SCSIText.readable(bytes)
        return text.isEmpty ? nil : text
    }

    func number(_ path: String) -> UInt64? { text(path).flatMap { UInt64($0) } }

    func flag(_ path: String) -> Bool { text(path) == "1" }

    func names(_ path: String) -> [String] {
        // A folder that cannot be listed is as good as an empty one, as with attributes.
        (try? SystemFiles.names(root + path)) ?? []
    }

    func exists(_ path: String) -> Bool { SystemFiles.exists(root + path) }

    /// Where a link in the tree leads, from the root on.
    func resolved(_ path: String) -> String? {
        guard let target = SystemFiles.resolved(root + path) else { return nil }
        guard target.hasPrefix(base + "/") else { return nil }
        return String(target.dropFirst(base.count))
    }

    /// All of a file, for the tables of /proc.
    func table(_ path: String, limit: Int) throws(DeviceError) -> String {
        guard let bytes = try SystemFiles.contents(root + path, limit: limit) else {
            throw DeviceError(.notFound, operation: "read", object: root + path)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
