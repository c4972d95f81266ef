// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// An open file descriptor with one owner, closed with it. The calls below are the only ones made on files.
struct FileDescriptor: ~Copyable {
    let number: Int32
    /// What errors call it.
    let path: String

    init(path: String, flags: Int32, mode: mode_t = 0o600) throws(DeviceError) {
        let number = unsafe Glibc::open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw systemError("open", path) }
        self.number = number
        self.path = path
    }

    /// Owns a descriptor that another call than man 2 open made.
    init(adopting number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { _ = Glibc::close(number) }

    /// man 2 pread: repeats short reads; end of file is an error.
    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: UInt64) throws(DeviceError) {
        var done = 0
        let total = buffer.byteCount
        // Past what the system counts to, it answers EINVAL.
        let start = off_t(clamping: offset)
        while done < total {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                // SAFETY: done < total keeps the pointer and the length inside the span.
                unsafe pread(number, bytes.baseAddress.map { unsafe $0 + done }, total - done, start + off_t(done))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw systemError("pread", path, offset: offset)
            }
            guard count > 0 else {
                throw DeviceError(
                    .shortTransfer, operation: "pread", object: path, offset: ByteOffset(offset),
                    detail: "the end was reached after \(done) of \(total) bytes")
            }
            done += count
        }
    }

    /// man 2 pwrite: repeats short writes.
    func write(_ bytes: RawSpan, at offset: UInt64) throws(DeviceError) {
        var done = 0
        let total = bytes.byteCount
        let start = off_t(clamping: offset)
        while done < total {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                // SAFETY: done < total keeps the pointer and the length inside the span.
                unsafe pwrite(number, buffer.baseAddress.map { unsafe $0 + done }, total - done, start + off_t(done))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw systemError("pwrite", path, offset: offset)
            }
            guard count > 0 else {
                throw DeviceError(.shortTransfer, operation: "pwrite", object: path, offset: ByteOffset(offset))
            }
            done += count
        }
    }

    /// Two pieces of memory behind each other in the file with one man 2 pwritev; the rest of a short write is written
    /// as usual.
    func write(_ head: RawSpan, _ tail: RawSpan, at offset: UInt64) throws(DeviceError) {
        let count = unsafe head.withUnsafeBytes { first in
            unsafe tail.withUnsafeBytes { second in
                // SAFETY: both spans live for the call, which only reads them.
                let parts = unsafe [
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count),
                ]
                return unsafe pwritev(number, parts, 2, off_t(clamping: offset))
            }
        }
        guard count >= 0 || errno == EINTR else { throw systemError("pwritev", path, offset: offset) }
        let done = max(0, count)
        if done < head.byteCount {
            try write(head.extracting(done..<head.byteCount), at: offset + UInt64(done))
        }
        let tailDone = max(0, done - head.byteCount)
        if tailDone < tail.byteCount {
            try write(
                tail.extracting(tailDone..<tail.byteCount), at: offset + UInt64(head.byteCount) + UInt64(tailDone))
        }
    }

    /// man 2 fdatasync. Not repeated: after a failure the kernel may have dropped the pages.
    func syncData() throws(DeviceError) {
        guard fdatasync(number) == 0 else { throw systemError("fdatasync", path) }
    }

    /// man 2 fsync: for folders and for files whose size matters.
    func sync() throws(DeviceError) {
        guard fsync(number) == 0 else { throw systemError("fsync", path) }
    }

    func status() throws(DeviceError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw systemError("fstat", path) }
        return status
    }

    func truncate(to size: UInt64) throws(DeviceError) {
        guard ftruncate(number, off_t(size)) == 0 else { throw systemError("ftruncate", path) }
    }

    /// man 2 fallocate; false where the filesystem does not support the mode.
    func allocate(mode: Int32, offset: UInt64, count: UInt64) throws(DeviceError) -> Bool {
        guard CLinux_fallocate(number, mode, Int64(offset), Int64(count)) == 0 else {
            if errno == EOPNOTSUPP || errno == ENOSYS { return false }
            throw systemError("fallocate", path, offset: offset)
        }
        return true
    }

    /// man 2 lseek, SEEK_DATA and SEEK_HOLE; nil at the end of the data.
    func seek(_ offset: UInt64, whence: Int32) throws(DeviceError) -> UInt64? {
        let position = lseek(number, off_t(offset), whence)
        guard position >= 0 else {
            if errno == ENXIO { return nil }
            throw systemError("lseek", path, offset: offset)
        }
        return UInt64(position)
    }
}
