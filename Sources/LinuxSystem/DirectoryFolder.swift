// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// A ``StoreFolder`` on a mounted filesystem.
public final class DirectoryFolder: StoreFolder {
    /// The folder, as it was named when it was opened.
    public let path: String
    private let descriptor: FileDescriptor

    /// - Parameter create: Whether to make the folder (mode 0700) when it is not there; its parent must be.
    public init(path: String, create: Bool = false) throws(DeviceError) {
        self.path = path
        if create, unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw systemError("mkdir", path) }
        descriptor = try FileDescriptor(path: path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Names in the folder, in no order, without `.` and `..`.
    public func names() throws(DeviceError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw systemError("opendir", path) }
        // SAFETY: the stream is open until this returns, and each entry is read before the next call.
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw systemError("readdir", path) }
                return names
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// Makes a file that must not be there yet, mode 0600.
    ///
    /// - Throws: ``DeviceError`` with `.exists` when it is.
    public func create(_ name: String) throws(DeviceError) -> any StoreFile {
        try DirectoryFile(path: "\(path)/\(name)", flags: O_RDWR | O_CREAT | O_EXCL)
    }

    /// Opens a file, to read and write.
    ///
    /// - Throws: ``DeviceError`` with `.notFound` when there is none.
    public func open(_ name: String) throws(DeviceError) -> any StoreFile {
        try DirectoryFile(path: "\(path)/\(name)", flags: O_RDWR)
    }

    /// Renames in one step; a file that has the new name is replaced. Durable after ``sync()``. Source: man 2 rename.
    public func rename(_ name: String, to newName: String) throws(DeviceError) {
        guard unsafe Glibc::rename("\(path)/\(name)", "\(path)/\(newName)") == 0 else {
            throw systemError("rename", "\(path)/\(name)")
        }
    }

    /// Removes a file. Durable after ``sync()``. Source: man 2 unlink.
    public func remove(_ name: String) throws(DeviceError) {
        guard unsafe unlink("\(path)/\(name)") == 0 else { throw systemError("unlink", "\(path)/\(name)") }
    }

    /// Makes what was created, renamed and removed before durable: man 2 fsync of the folder.
    public func sync() throws(DeviceError) { try descriptor.sync() }

    /// Bytes that the filesystem has for this process: man 3 statvfs, `f_bavail`.
    public func freeSpace() throws(DeviceError) -> ByteCount {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw systemError("statvfs", path) }
        return ByteCount(UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// All of a small file, or nil when there is none.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` for a file of more than `limit` bytes: nothing of it is read then.
    public func contents(of name: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor(path: "\(path)/\(name)", flags: O_RDONLY)
        } catch {
            if error.errorNumber == ENOENT { return nil }
            throw error
        }
        let size = Int(try file.status().st_size)
        guard size <= limit else {
            throw DeviceError(
                .outOfRange, operation: "read", object: file.path,
                detail: "\(size) bytes, more than the \(limit) it may have")
        }
        guard size > 0 else { return [] }
        var buffer = AlignedBuffer(count: size)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: 0)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for index in 0..<size {
            // SAFETY: index is below the size of the buffer.
            bytes.append(unsafe buffer.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
        }
        return bytes
    }

    /// Replaces a small file in one durable step: `<name>.new` is written, synced and renamed, then the folder is
    /// synced.
    public func replace(_ name: String, with contents: [UInt8]) throws(DeviceError) {
        try replace(name, with: contents, mode: 0o600)
    }

    /// Replaces a small file that others may read, in one durable step.
    ///
    /// - Parameter mode: The permissions of the new file, whatever the mask of the process is. Source: man 2 fchmod.
    public func replace(_ name: String, with contents: [UInt8], mode: UInt32) throws(DeviceError) {
        let temporary = "\(path)/\(name).new"
        let file = try FileDescriptor(path: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode_t(mode))
        guard fchmod(file.number, mode_t(mode)) == 0 else { throw systemError("fchmod", temporary) }
        try unsafe file.write(contents.span.bytes, at: 0)
        try file.sync()
        try rename("\(name).new", to: name)
        try sync()
    }
}

/// A ``StoreFile`` on a mounted filesystem, with direct I/O where the filesystem has it.
final class DirectoryFile: StoreFile {
    private let descriptor: FileDescriptor

    var name: String { descriptor.path }

    init(path: String, flags: Int32) throws(DeviceError) {
        do {
            descriptor = try FileDescriptor(path: path, flags: flags | CLinux_O_DIRECT)
        } catch {
            guard error.errorNumber == EINVAL else { throw error }
            // The failed open may have made the file (man 2 open, O_DIRECT): exclusive creation is settled already.
            descriptor = try FileDescriptor(path: path, flags: flags & ~O_EXCL)
        }
    }

    func size() throws(DeviceError) -> ByteCount { ByteCount(UInt64(try descriptor.status().st_size)) }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try descriptor.read(into: &buffer, at: offset.rawValue)
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try descriptor.write(bytes, at: offset.rawValue)
    }

    func write(_ head: RawSpan, _ tail: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try descriptor.write(head, tail, at: offset.rawValue)
    }

    func sync() throws(DeviceError) { try descriptor.syncData() }

    func allocate(_ size: ByteCount) throws(DeviceError) {
        if try !descriptor.allocate(mode: 0, offset: 0, count: size.rawValue) {
            try descriptor.truncate(to: size.rawValue)
        }
    }

    func truncate(to size: ByteCount) throws(DeviceError) { try descriptor.truncate(to: size.rawValue) }
}
