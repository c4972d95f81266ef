// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// The files of a machine: this one's (`/`), or an image's or a recorded tree's under a folder.
///
/// Every symbolic link is followed inside the tree, an absolute one too, so that a tree under a folder never leads out
/// of it. Source: man 7 path_resolution. What others do to the tree meanwhile is not guarded against.
public struct RootedTree: Sendable {
    /// As many links as the kernel follows: man 7 path_resolution.
    private static let mostLinks = 40

    /// The folder that stands for `/`, without a slash at its end: empty for this machine's own.
    public let prefix: String

    /// What lies at a path, links followed.
    public struct Entry: Hashable, Sendable {
        /// What it is, as far as anybody asks.
        public enum Kind: Hashable, Sendable {
            case file
            case folder
            case other
        }
        /// What it is.
        public let kind: Kind
        /// The lowest 12 bits: rights, and the set-id and sticky bits.
        public let mode: UInt32
        /// The owner's number.
        public let owner: UInt32
        /// The group's number.
        public let group: UInt32
    }

    /// The tree under a folder; `/` is this machine.
    public init(root: String = "/") {
        var prefix = root[...]
        while prefix.last == "/" { prefix.removeLast() }
        self.prefix = String(prefix)
    }

    /// Whether it is this machine's own tree, so that its programs can be run.
    public var isThisMachine: Bool { prefix.isEmpty }

    /// Where a path leads inside the tree, without links; what is not there yet is taken as written.
    ///
    /// - Throws: ``DeviceError`` when links go in circles.
    public func resolved(_ path: String) throws(DeviceError) -> String {
        var waiting = Array(path.split(separator: "/").reversed())
        var done: [Substring] = []
        var links = 0
        var isThere = true
        while let part = waiting.popLast() {
            if part == "." { continue }
            if part == ".." {
                if !done.isEmpty { done.removeLast() }
                continue
            }
            done.append(part)
            guard isThere else { continue }
            let here = "\(prefix)/\(done.joined(separator: "/"))"
            var status = stat()
            guard unsafe lstat(here, &status) == 0 else {
                let error = systemError("lstat", here)
                guard error.code == .notFound else { throw error }
                isThere = false
                continue
            }
            guard status.st_mode & S_IFMT == S_IFLNK else { continue }
            links += 1
            guard links <= Self.mostLinks else { throw systemError("lstat", here, errno: ELOOP) }
            // A link that went away meanwhile leads nowhere.
            guard let target = SystemFiles.linkTarget(here) else {
                throw systemError("readlink", here, errno: ENOENT)
            }
            done.removeLast()
            if target.hasPrefix("/") { done = [] }
            waiting += target.split(separator: "/").reversed()
        }
        return "/" + done.joined(separator: "/")
    }

    /// Where a path lies for the kernel, links followed inside the tree.
    public func location(_ path: String) throws(DeviceError) -> String { prefix + (try resolved(path)) }

    /// What lies at a path; nil where there is nothing.
    public func entry(_ path: String) throws(DeviceError) -> Entry? {
        let place = try location(path)
        var status = stat()
        guard unsafe lstat(place, &status) == 0 else {
            let error = systemError("lstat", place)
            if error.code == .notFound { return nil }
            throw error
        }
        let kind: Entry.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            default: .other
            }
        return Entry(kind: kind, mode: status.st_mode & 0o7777, owner: status.st_uid, group: status.st_gid)
    }

    /// All of a file, also of those that the kernel makes up as they are read; nil where there is none, or where the
    /// kernel has no answer.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` for more than `limit` bytes and for what is no plain file.
    public func contents(_ path: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        do throws(DeviceError) {
            // Not to wait for somebody who opens the other end of a pipe.
            let file = try FileDescriptor(path: location(path), flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                throw DeviceError(.outOfRange, operation: "read", object: file.path, detail: "it is no plain file")
            }
            return try SystemFiles.all(of: file, limit: limit)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// All of a text file, without what is no UTF-8; nil where there is none.
    public func text(_ path: String, limit: Int = 1 << 20) throws(DeviceError) -> String? {
        try contents(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Names in a folder, sorted; none where there is no such folder.
    public func names(_ path: String) throws(DeviceError) -> [String] {
        try SystemFiles.names(location(path))
    }

    /// Room on the filesystem that holds a path.
    public func space(_ path: String) throws(DeviceError) -> FilesystemSpace {
        try FilesystemSpace(holding: location(path))
    }

    /// Where administrators' programs are looked for.
    public static let programFolders = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ]

    /// Where a program lies; nil where none of that name can be run.
    public func program(_ name: String, in folders: [String] = programFolders) throws(DeviceError) -> String? {
        for folder in folders {
            let path = "\(folder)/\(name)"
            if let entry = try entry(path), entry.kind == .file, entry.mode & 0o111 != 0 { return path }
        }
        return nil
    }
}
