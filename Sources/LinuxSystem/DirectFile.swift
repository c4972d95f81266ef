// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives
import Synchronization

/// A block device or an image file, opened for direct I/O: a replication target or a source.
///
/// Direct, so that a write goes to the device when it is made and memory is not filled with pages nobody reads again.
/// Filesystems that refuse `O_DIRECT` (tmpfs) are used through the page cache; ``flush()`` makes data durable either
/// way.
public final class DirectFile: BlockDevice {
    /// What a device is opened for.
    public enum Access: Sendable {
        case readOnly
        case readWrite
        /// Read and write; for block devices also `O_EXCL`: fails with `.busy` while it is mounted or held.
        case exclusive
    }

    private let descriptor: FileDescriptor
    private let isBlockDevice: Bool
    /// Where data was found last. To find its end takes some filesystems a walk over all of it.
    private let knownData = Mutex<Range<UInt64>>(0..<0)

    /// Bytes when it was opened: BLKGETSIZE64 of a block device, the length of a file.
    public let size: ByteCount
    /// BLKSSZGET of a block device, 512 for a file.
    public let logicalBlockSize: Int

    /// The path it was opened by.
    public var name: String { descriptor.path }

    /// - Throws: ``DeviceError`` with `.notADisk` for what is neither a block device nor a regular file.
    public init(path: String, access: Access) throws(DeviceError) {
        var flags = access == .readOnly ? O_RDONLY : O_RDWR
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw systemError("stat", path) }
        isBlockDevice = status.st_mode & S_IFMT == S_IFBLK
        guard isBlockDevice || status.st_mode & S_IFMT == S_IFREG else {
            throw DeviceError(
                .notADisk, operation: "open", object: path, detail: "it is neither a block device nor a regular file")
        }
        if access == .exclusive, isBlockDevice { flags |= O_EXCL }
        descriptor = try Self.openDirect(path, flags: flags)
        if isBlockDevice {
            var bytes: UInt64 = 0
            var block: Int32 = 0
            guard unsafe CLinux_BLKGETSIZE64(descriptor.number, &bytes) == 0 else {
                throw systemError("ioctl BLKGETSIZE64", path)
            }
            guard unsafe CLinux_BLKSSZGET(descriptor.number, &block) == 0 else {
                throw systemError("ioctl BLKSSZGET", path)
            }
            size = ByteCount(bytes)
            logicalBlockSize = Int(block)
        } else {
            size = ByteCount(UInt64(try descriptor.status().st_size))
            logicalBlockSize = Int(Sector.size)
        }
        if access == .exclusive, !isBlockDevice {
            guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
                throw DeviceError(
                    .busy, operation: "flock", object: path, errorNumber: errno, detail: "another process has it open")
            }
        }
    }

    /// Opens with `O_DIRECT`, or without where the filesystem has none.
    private static func openDirect(_ path: String, flags: Int32) throws(DeviceError) -> FileDescriptor {
        do {
            return try FileDescriptor(path: path, flags: flags | CLinux_O_DIRECT)
        } catch {
            guard error.errorNumber == EINVAL else { throw error }
            return try FileDescriptor(path: path, flags: flags)
        }
    }

    /// Fills all of `buffer` from `offset` on. Source: man 2 pread.
    ///
    /// - Throws: ``DeviceError``, with `.shortTransfer` where the end comes first.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try descriptor.read(into: &buffer, at: offset.rawValue)
    }

    /// Writes all of `bytes` from `offset` on. Source: man 2 pwrite.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` where it would pass the end: a file never grows.
    public func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        let end = offset.advanced(checkedBy: ByteCount(bytes.byteCount))
        guard let end, end.rawValue <= size.rawValue else {
            throw DeviceError(
                .outOfRange, operation: "pwrite", object: name, offset: offset,
                detail: "\(bytes.byteCount) bytes would pass the end at \(size.rawValue)")
        }
        try descriptor.write(bytes, at: offset.rawValue)
    }

    /// Makes the range read as zeroes: BLKZEROOUT of a block device, a hole in a file, else zeroes that are written.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` where it would pass the end.
    public func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        guard let end = offset.advanced(checkedBy: count), end.rawValue <= size.rawValue else {
            throw DeviceError(.outOfRange, operation: "write zeroes", object: name, offset: offset)
        }
        if isBlockDevice {
            var range: (UInt64, UInt64) = (offset.rawValue, count.rawValue)
            let answer = unsafe withUnsafeMutablePointer(to: &range) { pointer in
                // SAFETY: a homogeneous tuple is laid out as the array the call wants.
                unsafe pointer.withMemoryRebound(to: UInt64.self, capacity: 2) {
                    unsafe CLinux_BLKZEROOUT(descriptor.number, $0)
                }
            }
            guard answer == 0 else { throw systemError("ioctl BLKZEROOUT", name, offset: offset.rawValue) }
            return
        }
        // A hole reads as zeroes and costs no room: an image file stays as sparse as its source.
        let punch = CLinux_FALLOC_FL_PUNCH_HOLE | CLinux_FALLOC_FL_KEEP_SIZE
        if try descriptor.allocate(mode: punch, offset: offset.rawValue, count: count.rawValue) { return }
        try writeZeroBytes(at: offset, count: count)
    }

    private func writeZeroBytes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        let zeroes = AlignedBuffer(count: min(1 << 20, count.int))
        var done: UInt64 = 0
        while done < count.rawValue {
            let length = min(UInt64(zeroes.count), count.rawValue - done)
            try descriptor.write(zeroes.bytes.extracting(0..<Int(length)), at: offset.rawValue + done)
            done += length
        }
    }

    /// Makes every write before it durable. Source: man 2 fdatasync.
    public func flush() throws(DeviceError) { try descriptor.syncData() }

    /// The first data in `range` by a file's holes, widened to whole sectors; of a block device all of the range.
    ///
    /// What was data once is taken for data again: a hole that was made since then reads as zeroes as well.
    ///
    /// Source: man 2 lseek, SEEK_DATA and SEEK_HOLE.
    public func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        guard !range.isEmpty else { return nil }
        guard !isBlockDevice else { return range }
        let known = knownData.withLock { $0 }
        if known.contains(range.lowerBound) { return range.lowerBound..<min(range.upperBound, known.upperBound) }
        guard let start = try descriptor.seek(range.lowerBound, whence: CLinux_SEEK_DATA), start < range.upperBound
        else {
            return nil
        }
        let end = try descriptor.seek(start, whence: CLinux_SEEK_HOLE) ?? range.upperBound
        // Whole sectors: a filesystem's holes are block-aligned, the end of the file may not be.
        let first = max(start & ~(Sector.size - 1), range.lowerBound)
        let last = (end + Sector.size - 1) & ~(Sector.size - 1)
        knownData.withLock { $0 = first..<last }
        return first..<min(range.upperBound, last)
    }
}
