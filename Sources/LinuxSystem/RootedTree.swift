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
    /// The most bytes that one read asks for.
    private static let chunk = 16384

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
            let target = try Self.link(here)
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
            return try Self.all(of: file, limit: limit)
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
        do throws(DeviceError) {
            let folder = try DirectoryFolder(path: location(path))
            var names = try folder.names()
            names.sort()
            return names
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    /// Bytes of the filesystem that holds a path, and those that can still be written. Source: man 3 statvfs.
    public func space(_ path: String) throws(DeviceError) -> (total: ByteCount, available: ByteCount) {
        let place = try location(path)
        var status = statvfs()
        guard unsafe statvfs(place, &status) == 0 else { throw systemError("statvfs", place) }
        func bytes(_ blocks: UInt64) -> ByteCount {
            let (product, overflow) = blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize))
            return ByteCount(overflow ? UInt64.max : product)
        }
        return (bytes(UInt64(status.f_blocks)), bytes(UInt64(status.f_bavail)))
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

    private static func link(_ path: String) throws(DeviceError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // SAFETY: the length is that of the buffer.
        let count = unsafe readlink(path, &buffer, buffer.count)
        guard count >= 0 else { throw systemError("readlink", path) }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func all(of file: borrowing FileDescriptor, limit: Int) throws(DeviceError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: chunk)
        while true {
            // SAFETY: the length is that of the array.
            let count = unsafe Glibc::read(file.number, &piece, chunk)
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                // What an attribute of sysfs answers when it does not apply.
                if [EINVAL, ENXIO, ENODEV, ENOENT, EOPNOTSUPP].contains(number) { return nil }
                throw systemError("read", file.path, errno: number)
            }
            guard bytes.count + count <= limit else {
                throw DeviceError(
                    .outOfRange, operation: "read", object: file.path,
                    detail: "more than the \(limit) bytes it may have")
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
