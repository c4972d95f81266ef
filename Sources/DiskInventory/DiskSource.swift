// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Where block devices are looked up: this machine, a recorded tree, or memory.
public protocol DiskSource: Sendable {
    /// Every block device, as of now. Blocks: it reads sysfs, and asks devices that sysfs does not know.
    func scan() throws(DeviceError) -> DiskScan

    /// What changes from now on, until the stream's reader ends. Several changes may arrive as the last few of them:
    /// every one means "scan again".
    func changes() throws(DeviceError) -> AsyncStream<DiskChange>
}
