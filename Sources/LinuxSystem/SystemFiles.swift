// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// The files in which the kernel tells about itself (sysfs, /proc): small, made when they are read, of unknown length.
///
/// Source: man 5 sysfs, man 5 proc.
public enum SystemFiles {
    /// The most bytes that one read asks for; sysfs attributes have at most a page.
    private static let chunk = 4096

    /// All of a file, or nil where there is none or the kernel has no answer (an attribute that does not apply).
    ///
    /// - Throws: ``DeviceError`` with `.outOfRange` for more than `limit` bytes.
    public static func contents(_ path: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        do {
            return try all(of: FileDescriptor(path: path, flags: O_RDONLY), limit: limit)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// What is left of a file to read; nil where the kernel has no answer.
    static func all(of file: borrowing FileDescriptor, limit: Int) throws(DeviceError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: chunk)
        while true {
            // SAFETY: the length is that of the array.
            let count = unsafe Glibc::read(file.number, &piece, chunk)
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                // What an attribute answers when it does not apply to this device.
                if [EINVAL, ENXIO, ENODEV, ENOENT, EOPNOTSUPP, EISDIR].contains(number) { return nil }
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

    /// Names in a folder, sorted, without `.` and `..`; none where there is no such folder.
    public static func names(_ path: String) throws(DeviceError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw systemError("opendir", path)
        }
        // SAFETY: the stream is open until this returns, and each entry is read before the next call.
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                // A device that goes away while it is looked at is not there.
                guard errno == 0 || errno == ENOENT else { throw systemError("readdir", path) }
                return names.sorted()
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// Where a symbolic link points, as it is written; nil where there is none. Source: man 2 readlink.
    public static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // SAFETY: the length is that of the buffer.
        let count = unsafe readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(validating: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path with every symbolic link on it followed; nil where it leads nowhere. Source: man 3 realpath.
    public static func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        // SAFETY: realpath allocated the text for us; it is copied before it is freed.
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// Whether something is there.
    public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The number of a block device by its node; nil for what is none. Source: man 2 stat, `st_rdev`.
    public static func blockDeviceNumber(_ path: String) -> DeviceNumber? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFBLK else { return nil }
        return DeviceNode.number(UInt64(status.st_rdev))
    }

    /// Writes a word to an attribute.
    public static func write(_ text: String, to path: String) throws(DeviceError) {
        let file = try FileDescriptor(path: path, flags: O_WRONLY)
        let bytes = Array(text.utf8)
        try unsafe file.write(bytes.span.bytes, at: 0)
    }

    /// The error of the last call of a C library on this thread, for the targets that link one.
    public static func lastError(_ operation: String, _ object: String) -> DeviceError {
        systemError(operation, object)
    }
}
