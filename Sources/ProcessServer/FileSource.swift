// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// A block device or an image file as a source.
///
/// Read with direct I/O. Of a file that flushes the range's dirty pages first, so that what was written to it buffered
/// is seen. Of a block device that is mounted it shows what the filesystem has written back, and no more: freeze the
/// filesystem or make a snapshot in the command before a pass.
public final class FileSource: SourceDisk {
    /// The identity under which the disk is bound to its group.
    public let id: String
    /// The path.
    public let name: String
    private let device = Mutex<DirectFile?>(nil)

    /// As many as keep a disk at work that others use too.
    public var readsAtOnce: Int { 3 }

    /// Never: a file keeps no map of what changed.
    public var tellsChanges: Bool { false }

    /// A source that is not open yet.
    ///
    /// - Parameter path: A block device or an image file; looked up anew by each ``open()``.
    public init(id: String, path: String) {
        self.id = id
        self.name = path
    }

    /// Opens the file for direct I/O, to read.
    ///
    /// - Throws: ``ProcessServerError`` when it is not there or neither a block device nor a regular file.
    public func open() throws(ProcessServerError) -> SourceGeometry {
        let file: DirectFile
        do {
            file = try DirectFile(path: name, access: .readOnly)
        } catch {
            throw .source(error)
        }
        guard file.size.rawValue > 0, file.size.rawValue % UInt64(file.logicalBlockSize) == 0 else {
            throw ProcessServerError(
                .sourceFailed,
                "\(name) has \(file.size.rawValue) bytes, which is no whole number of blocks of "
                    + "\(file.logicalBlockSize).")
        }
        device.withLock { $0 = file }
        return SourceGeometry(size: file.size, logicalBlockSize: file.logicalBlockSize)
    }

    /// Closes the file; does nothing where it is not open.
    public func close() { device.withLock { $0 = nil } }

    private func opened() throws(ProcessServerError) -> DirectFile {
        guard let file = device.withLock({ $0 }) else {
            throw ProcessServerError(.sourceFailed, "\(name) is read while it is not open.")
        }
        return file
    }

    /// Fills all of `buffer` from `offset` on.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(ProcessServerError) {
        let file = try opened()
        do {
            try file.read(into: &buffer, at: offset)
        } catch {
            throw .source(error)
        }
    }

    /// Data or a hole at the start of `range`, by the file's holes; of a block device all of the range is data.
    public func stretch(in range: Range<UInt64>, changesOnly: Bool) throws(ProcessServerError) -> SourceStretch {
        let file = try opened()
        do {
            guard let data = try file.firstDataRange(in: range) else {
                return SourceStretch(end: range.upperBound, content: .zeroes)
            }
            if data.lowerBound > range.lowerBound { return SourceStretch(end: data.lowerBound, content: .zeroes) }
            return SourceStretch(end: data.upperBound, content: .data)
        } catch {
            throw .source(error)
        }
    }
}
