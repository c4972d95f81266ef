// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import LinuxSystem
import StoragePrimitives

/// A folder that stands for a machine's root, on a real filesystem, and goes with this object.
final class TemporaryTree {
    let path: String
    let tree: RootedTree

    init() throws {
        // In memory where that is, since every change is synced.
        let place = FolderTree.isFolder("/dev/shm") ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/master-target-tree-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw DeviceError(.inputOutput, operation: "mkdtemp", object: "/tmp", errorNumber: errno)
        }
        path = unsafe String(cString: made)
        tree = RootedTree(root: path)
    }

    deinit {
        _ = ShellCommand.run(
            "rm -r '\(path)'", environment: [], timeout: 60_000_000_000, clock: MachineSteadyClock())
    }

    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
        let end = name.lastIndex(of: "/") ?? name.startIndex
        try FolderTree.make("\(path)\(name[..<end])", mode: 0o755)
        try tree.replaceFile(name, with: Array(text.utf8), mode: mode)
    }

    func text(_ name: String) throws -> String? { try tree.text(name) }

    func link(_ name: String, to target: String) throws {
        let end = name.lastIndex(of: "/") ?? name.startIndex
        try FolderTree.make("\(path)\(name[..<end])", mode: 0o755)
        guard unsafe symlink(target, path + name) == 0 else {
            throw DeviceError(.inputOutput, operation: "symlink", object: name, errorNumber: errno)
        }
    }

    /// Everything in it: each path with its kind, rights and content.
    func snapshot() throws -> [String: String] {
        var found: [String: String] = [:]
        func visit(_ folder: String) throws {
            for name in try tree.names(folder) {
                let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                guard let entry = try tree.entry(place) else { continue }
                found[place] = "\(entry.kind) \(entry.mode) \(entry.owner) \(entry.group) "
                if entry.kind == .folder {
                    try visit(place)
                } else {
                    found[place, default: ""] += try tree.contents(place, limit: 1 << 20).map { "\($0)" } ?? "?"
                }
            }
        }
        try visit("/")
        return found
    }
}
