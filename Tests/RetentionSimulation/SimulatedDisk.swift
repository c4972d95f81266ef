// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A target disk in memory that fails as disks fail.
public final class SimulatedDisk: BlockDevice {
    /// How errors call it.
    public let name: String
    /// Bytes; a multiple of 512.
    public let size: ByteCount
    /// As the oldest disks have it.
    public let logicalBlockSize = 512
    private let media: SimulatedMedia
    private let power: SimulatedPower

    /// A disk of zeroes that hangs on `power`.
    public init(name: String, size: ByteCount, power: SimulatedPower) {
        self.name = name
        self.size = size
        self.power = power
        media = SimulatedMedia()
        media.resize(to: size.int / 512)
    }

    /// A disk with the same content, from here on apart, on a supply of its own.
    init(copying other: SimulatedDisk, power: SimulatedPower) {
        name = other.name
        size = other.size
        self.power = power
        media = SimulatedMedia(copying: other.media)
    }

    private func failure(_ operation: String, _ offset: UInt64? = nil) -> DeviceError {
        DeviceError(
            .inputOutput, operation: operation, object: name, offset: offset.map { ByteOffset($0) },
            detail: power.isOff ? "the power is off" : "injected failure")
    }

    private func check(_ offset: ByteOffset, _ count: Int, _ operation: String) throws(DeviceError) {
        guard offset.rawValue % 512 == 0, count % 512 == 0, offset.rawValue + UInt64(count) <= size.rawValue else {
            throw DeviceError(.outOfRange, operation: operation, object: name, offset: offset)
        }
    }

    /// Reads what was written last, synced or not.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        try check(offset, buffer.byteCount, "read")
        guard power.outcome(.read) == .happens else { throw failure("read", offset.rawValue) }
        media.read(into: &buffer, at: offset.rawValue)
    }

    /// Writes to the disk's cache; a torn write leaves a prefix of it there.
    public func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try check(offset, bytes.byteCount, "write")
        switch power.outcome(.write) {
        case .happens: media.write(bytes, at: offset.rawValue)
        case .torn:
            media.write(bytes, at: offset.rawValue, sectors: power.random(below: bytes.byteCount / 512 + 1))
            throw failure("write", offset.rawValue)
        case .fails: throw failure("write", offset.rawValue)
        }
    }

    /// Knows its zeroes, as a sparse file does; nothing is read, so nothing fails.
    public func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        var found: Range<UInt64>?
        var sector = AlignedBuffer(count: 512)
        for offset in stride(from: range.lowerBound, to: range.upperBound, by: 512) {
            var span = sector.mutableBytes
            media.read(into: &span, at: offset)
            if !span.bytes.isAllZeroes {
                found = (found?.lowerBound ?? offset)..<offset + 512
            } else if found != nil {
                break
            }
        }
        return found
    }

    /// Writes zeroes as any other bytes.
    public func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        let zeroes = AlignedBuffer(count: count.int)
        try write(zeroes.bytes, at: offset)
    }

    /// Makes what the cache holds durable. After a failure some of it is lost.
    public func flush() throws(DeviceError) {
        guard power.outcome(.sync) == .happens else {
            // What a failed flush covered is unknown: some of it is lost.
            if !power.isOff { media.crash(power) }
            throw failure("flush")
        }
        media.sync()
    }

    /// The power goes: what was not flushed is kept, lost or torn at random.
    public func crash() { media.crash(power) }

    /// All of it, past any fault.
    public var contents: [UInt8] { (0..<media.sectorCount).flatMap { media.sector($0) } }
}
