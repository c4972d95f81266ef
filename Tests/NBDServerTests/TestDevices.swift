// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// Holds threads until it is opened.
final class Gate: Sendable {
    private let bell = Doorbell()
    private let hasOpened = Mutex(false)

    var isOpen: Bool { hasOpened.withLock { $0 } }

    func wait() {
        bell.wait()
        bell.ring()
    }

    func open() {
        hasOpened.withLock { $0 = true }
        bell.ring()
    }
}

/// A device that stands before another, and fails or waits as a test wants.
final class HookedDevice: BlockDevice {
    enum Call: Hashable, Sendable { case read, write, zero, flush, probe }

    typealias Hook = @Sendable (Call, ByteOffset, Int) throws(DeviceError) -> Void

    private let device: any BlockDevice
    private let hook: Hook
    private let counts = Mutex<[Call: Int]>([:])

    init(_ device: any BlockDevice, hook: @escaping Hook = { _, _, _ in }) {
        self.device = device
        self.hook = hook
    }

    func count(_ call: Call) -> Int { counts.withLock { $0[call] ?? 0 } }

    var name: String { device.name }
    var size: ByteCount { device.size }
    var logicalBlockSize: Int { device.logicalBlockSize }

    private func note(_ call: Call, _ offset: ByteOffset, _ count: Int) throws(DeviceError) {
        counts.withLock { $0[call, default: 0] += 1 }
        try hook(call, offset, count)
    }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try note(.read, offset, buffer.byteCount)
        try device.read(into: &buffer, at: offset)
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try note(.write, offset, bytes.byteCount)
        try device.write(bytes, at: offset)
    }

    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        try note(.zero, offset, count.int)
        try device.writeZeroes(at: offset, count: count)
    }

    func flush() throws(DeviceError) {
        try note(.flush, .zero, 0)
        try device.flush()
    }

    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        try note(.probe, ByteOffset(range.lowerBound), range.count)
        return try device.firstDataRange(in: range)
    }

    static func failure(_ code: DeviceError.Code = .inputOutput) -> DeviceError {
        DeviceError(code, operation: "test", object: "hooked")
    }
}
