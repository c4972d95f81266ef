// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// How much room a mounted filesystem has. Source: man 3 statvfs.
public struct FilesystemSpace: Hashable, Sendable {
    /// Bytes of the filesystem.
    public let total: ByteCount
    /// Bytes that a service may still write: `f_bavail`.
    public let available: ByteCount
    /// Whether it takes no writes: `ST_RDONLY`.
    public let isReadOnly: Bool

    /// A filesystem with that room.
    public init(total: ByteCount, available: ByteCount, isReadOnly: Bool) {
        self.total = total
        self.available = available
        self.isReadOnly = isReadOnly
    }

    /// Of the filesystem that holds `path`.
    public init(holding path: String) throws(DeviceError) {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw systemError("statvfs", path) }
        func bytes(_ blocks: UInt64) -> ByteCount {
            let (product, overflow) = blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize))
            return ByteCount(overflow ? UInt64.max : product)
        }
        total = bytes(UInt64(status.f_blocks))
        available = bytes(UInt64(status.f_bavail))
        isReadOnly = UInt64(status.f_flag) & 1 != 0  // ST_RDONLY
    }
}
