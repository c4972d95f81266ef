// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A disk, or what stands in for one: a block device, an image file, a point in time, memory in a test.
///
/// Calls block; they are made on disk threads. Offsets and sizes are multiples of ``logicalBlockSize``, and buffers are
/// ``AlignedBuffer`` memory, as direct I/O needs it. A short transfer is an error.
public protocol BlockDevice: AnyObject, Sendable {
    /// How errors and messages call it: a path or an identity.
    var name: String { get }

    /// Bytes that can be addressed.
    var size: ByteCount { get }

    /// The granularity of I/O in bytes: 512 or 4096.
    var logicalBlockSize: Int { get }

    /// Fills all of `buffer` from `offset` on.
    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError)

    /// Writes all of `bytes` from `offset` on. Durable only after the next ``flush()``.
    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError)

    /// Makes the range read as zeroes, without transferring them where the device can.
    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError)

    /// Makes every write before this call durable. A failed flush is final for the caller: what it covered is unknown.
    func flush() throws(DeviceError)

    /// The first stretch within `range` that may hold something else than zeroes, or nil when all of it is known to be
    /// zeroes. Devices that cannot tell answer the whole range.
    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>?
}

extension BlockDevice {
    /// All of the range: the answer of a device that cannot tell where it holds data.
    public func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        range.isEmpty ? nil : range
    }
}
