// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A target disk that can be given back while something still knows it: the descriptor closes when the calls under way
/// have ended, and later calls fail.
final class ReleasableTarget: BlockDevice {
    let name: String
    let size: ByteCount
    let logicalBlockSize: Int
    private let device: Mutex<(any BlockDevice)?>

    init(_ device: any BlockDevice, name: String) {
        self.name = name
        size = device.size
        logicalBlockSize = device.logicalBlockSize
        self.device = Mutex(device)
    }

    func release() { device.withLock { $0 = nil } }

    private func held() throws(DeviceError) -> any BlockDevice {
        guard let device = device.withLock({ $0 }) else {
            throw DeviceError(.notFound, operation: "access", object: name, detail: "the target was released")
        }
        return device
    }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try held().read(into: &buffer, at: offset)
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) { try held().write(bytes, at: offset) }

    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        try held().writeZeroes(at: offset, count: count)
    }

    func flush() throws(DeviceError) { try held().flush() }

    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        try held().firstDataRange(in: range)
    }
}
