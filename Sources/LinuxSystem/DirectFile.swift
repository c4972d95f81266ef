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
/// way. An image on a filesystem whose direct I/O wants blocks of 4096 bytes has such blocks.
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
    private let memoryAlignment: Int

    /// Bytes when it was opened: BLKGETSIZE64 of a block device, the length of a file.
    public let size: ByteCount
    /// BLKSSZGET of a block device; for a file what its filesystem's direct I/O wants, 512 at least.
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
        var isDirect = true
        descriptor = try Self.patiently { () throws(DeviceError) in
            try Self.openDirect(path, flags: flags, isDirect: &isDirect)
        }
        let alignment = isDirect ? DirectAlignment.of(descriptor) : .buffered
        memoryAlignment = alignment.memory
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
            logicalBlockSize = alignment.block
        }
        guard logicalBlockSize >= Int(Sector.size), logicalBlockSize <= AlignedBuffer.alignment else {
            throw DeviceError(
                .notADisk, operation: "open", object: path,
                detail: "it wants blocks of \(logicalBlockSize) bytes; 512 to \(AlignedBuffer.alignment) can be had")
        }
        if access == .exclusive, !isBlockDevice {
            let number = descriptor.number
            try Self.patiently { () throws(DeviceError) in
                guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
                    throw DeviceError(
                        .busy, operation: "flock", object: path, errorNumber: errno,
                        detail: "another process has it open")
                }
            }
        }
    }

    /// Tries again for a moment while something is held: a program that this process is just starting holds copies of all
    /// its descriptors, also of those that were closed here meanwhile, until its `execve` lets them go.
    private static func patiently<Value: ~Copyable>(
        _ body: () throws(DeviceError) -> Value
    ) throws(DeviceError) -> Value {
        for _ in 1..<attempts {
            do throws(DeviceError) {
                return try body()
            } catch {
                guard error.code == .busy else { throw error }
                usleep(attemptMicroseconds)
            }
        }
        return try body()
    }

    private static let (attempts, attemptMicroseconds): (Int, UInt32) = (10, 25_000)

    /// Opens with `O_DIRECT`, or without where the filesystem has none.
    private static func openDirect(
        _ path: String, flags: Int32, isDirect: inout Bool
    ) throws(DeviceError) -> FileDescriptor {
        do {
            return try FileDescriptor(path: path, flags: flags | CLinux_O_DIRECT)
        } catch {
            guard error.errorNumber == EINVAL else { throw error }
            isDirect = false
            return try FileDescriptor(path: path, flags: flags)
        }
    }

    /// A range that is not in whole blocks is refused here, in words; the system would say EINVAL.
    private func check(_ operation: String, _ offset: ByteOffset, _ count: UInt64) throws(DeviceError) {
        let block = UInt64(logicalBlockSize)
        // The last block of an image may be short.
        guard offset.rawValue % block == 0,
            count % block == 0 || offset.advanced(checkedBy: ByteCount(count))?.rawValue == size.rawValue
        else {
            throw DeviceError(
                .outOfRange, operation: operation, object: name, offset: offset,
                detail: "\(count) bytes; it takes whole blocks of \(block)")
        }
    }

    private func isAligned(_ bytes: RawSpan) -> Bool {
        // SAFETY: only the address is looked at.
        unsafe bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) % memoryAlignment == 0 }
    }

    /// Fills all of `buffer` from `offset` on. Source: man 2 pread.
    ///
    /// - Throws: ``DeviceError``, with `.shortTransfer` where the end comes first.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try check("pread", offset, UInt64(buffer.byteCount))
        if isAligned(buffer.bytes) { return try descriptor.read(into: &buffer, at: offset.rawValue) }
        var bounce = AlignedBuffer(count: max(1, buffer.byteCount))
        var span = bounce.mutableBytes
        var part = span._mutatingExtracting(0..<buffer.byteCount)
        try descriptor.read(into: &part, at: offset.rawValue)
        buffer.replace(at: 0, with: part.bytes)
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
        try check("pwrite", offset, UInt64(bytes.byteCount))
        if isAligned(bytes) { return try descriptor.write(bytes, at: offset.rawValue) }
        var bounce = AlignedBuffer(count: max(1, bytes.byteCount))
        var span = bounce.mutableBytes
        span.replace(at: 0, with: bytes)
        try descriptor.write(span.bytes.extracting(0..<bytes.byteCount), at: offset.rawValue)
    }

    /// Makes the range read as zeroes: BLKZEROOUT of a block device, a hole in a file, else zeroes that are written.
    ///
    /// - Throws: ``DeviceError``, with `.outOfRange` where it would pass the end.
    public func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        guard let end = offset.advanced(checkedBy: count), end.rawValue <= size.rawValue else {
            throw DeviceError(.outOfRange, operation: "write zeroes", object: name, offset: offset)
        }
        try check("write zeroes", offset, count.rawValue)
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
        // Whole blocks: a filesystem's holes have its own, and the end of the file may be anywhere.
        let block = UInt64(logicalBlockSize)
        let first = max(start / block * block, range.lowerBound)
        let last = (end + block - 1) / block * block
        knownData.withLock { $0 = first..<last }
        return first..<min(range.upperBound, last)
    }
}
