// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// What a path leads to, as far as disks and volumes ask.
public enum DeviceNode {
    /// The number of the filesystem that holds a path; nil where there is no such path. Source: man 2 stat, `st_dev`.
    ///
    /// That of a filesystem without a device of its own (tmpfs, overlay, NFS, btrfs) has the major 0.
    public static func filesystem(holding path: String) -> DeviceNumber? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return number(UInt64(status.st_dev))
    }

    /// A device number out of the form that C libraries hand out. Source: man 3 makedev.
    public static func number(_ device: UInt64) -> DeviceNumber {
        DeviceNumber(major: CLinux_major(device), minor: CLinux_minor(device))
    }

    /// Opens a block device exclusively, to read, and lets it go; why that was not possible: `.busy` where somebody has
    /// it to himself, because it is mounted, swap, held by another device or opened exclusively. Nothing is written, so
    /// nobody is told of a change. Source: man 2 open, `O_EXCL`.
    public static func exclusiveOpenFailure(_ path: String) -> DeviceError? {
        do {
            _ = try FileDescriptor(path: path, flags: O_RDONLY | O_EXCL | O_NONBLOCK)
            return nil
        } catch { return error }
    }
}
