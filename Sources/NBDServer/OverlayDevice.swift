// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives
import Synchronization

/// A read-only disk with a sparse file over it that takes the writes, up to a limit.
///
/// The file has the disk's length, and each granule of 64 KiB of it is either a hole, and the disk shows through, or data:
/// all of what the granule holds, at the disk's own offset. The first write to a granule copies the rest of it up. There is
/// nothing else: the file's holes say after a restart what was written. So zeroes are written as bytes, and a granule that
/// is partly a hole is a copy that a crash cut short, of which nothing was flushed: it is given back.
///
/// Calls may come from many threads. Memory: a bit for each granule, 2 MiB for each TiB.
public final class OverlayDevice: BlockDevice {
    private struct Granules {
        /// Those that are data.
        var present: ChangedRanges
        var used: UInt64 = 0
    }

    /// Whoever copies a granule up holds its lock, so that it is copied once and nobody's bytes are lost.
    private final class Stripe: Sendable {
        let lock = Mutex<Void>(())
    }

    private let base: any BlockDevice
    private let scratch: any BlockDevice
    private let limit: UInt64
    private let granules: Mutex<Granules>
    private let stripes = (0..<64).map { _ in Stripe() }

    private static let granule = ChangedRanges.granule
    private static let zeroes = AlignedBuffer(count: 1 << 20)

    /// The disk's name.
    public var name: String { base.name }
    /// Bytes of the disk.
    public var size: ByteCount { base.size }
    /// The larger one of the disk's and the file's.
    public let logicalBlockSize: Int

    /// Bytes that the file holds, in whole granules.
    public var usedBytes: ByteCount { ByteCount(granules.withLock { $0.used }) }

    /// Puts a file over a disk, with what it holds from before.
    ///
    /// - Parameters:
    ///   - base: What is read where nothing was written. It has to show the same as when the file was new.
    ///   - scratch: As long as the disk or longer, and made sparse, on a filesystem that tells where holes are.
    ///   - limit: Bytes of granules that it may hold; a write that needs more fails with `.noSpace`.
    /// - Throws: ``DeviceError`` with `.tooSmall` for a file that is shorter than the disk, or what it answers.
    public init(base: any BlockDevice, scratch: any BlockDevice, limit: ByteCount) throws(DeviceError) {
        guard scratch.size >= base.size else {
            throw DeviceError(
                .tooSmall, operation: "open", object: scratch.name,
                detail: "it has \(scratch.size), and \(base.size) are to be written to")
        }
        self.base = base
        self.scratch = scratch
        self.limit = limit.rawValue
        logicalBlockSize = max(base.logicalBlockSize, scratch.logicalBlockSize)
        granules = Mutex(try Self.found(in: scratch, size: base.size.rawValue))
    }

    private static func found(in scratch: any BlockDevice, size: UInt64) throws(DeviceError) -> Granules {
        var found = Granules(present: ChangedRanges(size: size))
        var position: UInt64 = 0
        while position < size, var data = try scratch.firstDataRange(in: position..<size) {
            while data.upperBound < size, let next = try scratch.firstDataRange(in: data.upperBound..<size),
                next.lowerBound == data.upperBound
            {
                data = data.lowerBound..<next.upperBound
            }
            let first = (data.lowerBound + granule - 1) / granule * granule
            let last = data.upperBound >= size ? size : data.upperBound / granule * granule
            if first < last {
                found.present.insert(first..<last)
                found.used += last - first
            }
            try giveBack(data.lowerBound..<min(first, data.upperBound), of: scratch)
            try giveBack(max(first, last)..<max(first, data.upperBound), of: scratch)
            position = data.upperBound
        }
        return found
    }

    private static func giveBack(_ torn: Range<UInt64>, of scratch: any BlockDevice) throws(DeviceError) {
        guard !torn.isEmpty else { return }
        // The disk's last blocks may be shorter than the file's.
        let block = UInt64(scratch.logicalBlockSize)
        let end = min((torn.upperBound + block - 1) / block * block, scratch.size.rawValue)
        try scratch.writeZeroes(at: ByteOffset(torn.lowerBound), count: ByteCount(end - torn.lowerBound))
    }

    // MARK: Reading

    /// Fills all of `buffer` from `offset` on: from the file where it has data, else from the disk.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        let range = try checked(offset, UInt64(buffer.byteCount), "read")
        var position = range.lowerBound
        while position < range.upperBound {
            let (isPresent, end) = stretch(at: position, limit: range.upperBound)
            var part = buffer._mutatingExtracting(
                Int(position - range.lowerBound)..<Int(end - range.lowerBound))
            try (isPresent ? scratch : base).read(into: &part, at: ByteOffset(position))
            position = end
        }
    }

    /// What the disk and the file say together; what was written counts as data, zeroes too.
    public func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        let end = min(range.upperBound, size.rawValue)
        var position = range.lowerBound
        while position < end {
            let (isPresent, next) = stretch(at: position, limit: end)
            if isPresent { return position..<next }
            if let data = try base.firstDataRange(in: position..<next) { return data }
            position = next
        }
        return nil
    }

    // MARK: Writing

    /// Writes all of `bytes` from `offset` on, into the file.
    ///
    /// - Throws: ``DeviceError`` with `.noSpace` at the limit: what comes before it in the range was written.
    public func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        let range = try checked(offset, UInt64(bytes.byteCount), "write")
        var position = range.lowerBound
        while position < range.upperBound {
            let (isPresent, stretchEnd) = stretch(at: position, limit: range.upperBound)
            let end = isPresent ? stretchEnd : min(stretchEnd, Self.start(of: position) + Self.granule)
            let part = bytes.extracting(Int(position - range.lowerBound)..<Int(end - range.lowerBound))
            if isPresent {
                try scratch.write(part, at: ByteOffset(position))
            } else {
                try writeToAbsent(part, at: position)
            }
            position = end
        }
    }

    /// Makes the range read as zeroes. Where the disk has none but zeroes already, nothing is done.
    public func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) {
        let range = try checked(offset, count.rawValue, "write zeroes")
        var position = range.lowerBound
        while position < range.upperBound {
            let (isPresent, stretchEnd) = stretch(at: position, limit: range.upperBound)
            if isPresent {
                let end = min(stretchEnd, position + UInt64(Self.zeroes.count))
                try scratch.write(
                    Self.zeroes.bytes.extracting(0..<Int(end - position)), at: ByteOffset(position))
                position = end
                continue
            }
            guard let data = try base.firstDataRange(in: position..<stretchEnd) else {
                position = stretchEnd
                continue
            }
            position = max(position, Self.start(of: data.lowerBound))
            let end = min(range.upperBound, Self.start(of: position) + Self.granule)
            try writeToAbsent(Self.zeroes.bytes.extracting(0..<Int(end - position)), at: position)
            position = end
        }
    }

    /// Makes every write before it durable.
    public func flush() throws(DeviceError) { try scratch.flush() }

    /// Bytes within one granule that was not in the file a moment ago.
    private func writeToAbsent(_ bytes: RawSpan, at position: UInt64) throws(DeviceError) {
        let start = Self.start(of: position)
        let stripe = stripes[Int(start / Self.granule) % stripes.count]
        try stripe.lock.withLock { (_) throws(DeviceError) in
            if stretch(at: start, limit: start + 1).isPresent {
                return try scratch.write(bytes, at: ByteOffset(position))
            }
            try copyUp(start, with: bytes, at: position)
        }
    }

    private func copyUp(_ start: UInt64, with bytes: RawSpan, at position: UInt64) throws(DeviceError) {
        let end = min(size.rawValue, start + Self.granule)
        try reserve(end - start)
        do throws(DeviceError) {
            let block = UInt64(scratch.logicalBlockSize)
            if bytes.byteCount == Int(end - start), UInt64(bytes.byteCount) % block == 0 {
                try scratch.write(bytes, at: ByteOffset(start))
            } else {
                var buffer = AlignedBuffer(count: Int(Self.granule))
                var span = buffer.mutableBytes
                var part = span._mutatingExtracting(0..<Int(end - start))
                try base.read(into: &part, at: ByteOffset(start))
                part.replace(at: Int(position - start), with: bytes)
                // The disk's last blocks may be shorter than the file's.
                let count = min((end - start + block - 1) / block * block, scratch.size.rawValue - start)
                try scratch.write(buffer.bytes.extracting(0..<Int(count)), at: ByteOffset(start))
            }
        } catch {
            granules.withLock { $0.used -= end - start }
            throw error
        }
        granules.withLock { $0.present.insert(start..<end) }
    }

    private func reserve(_ bytes: UInt64) throws(DeviceError) {
        let isFree = granules.withLock { granules in
            guard bytes <= limit, granules.used <= limit - bytes else { return false }
            granules.used += bytes
            return true
        }
        guard isFree else {
            throw DeviceError(
                .noSpace, operation: "write", object: name,
                detail: "what was written fills the \(ByteCount(limit)) that it may")
        }
    }

    // MARK: Granules

    private static func start(of position: UInt64) -> UInt64 { position / granule * granule }

    private func stretch(at position: UInt64, limit: UInt64) -> (isPresent: Bool, end: UInt64) {
        let (isPresent, end) = granules.withLock { $0.present.stretch(at: position, limit: limit) }
        return (isPresent, end)
    }

    private func checked(
        _ offset: ByteOffset, _ count: UInt64, _ operation: String
    ) throws(DeviceError) -> Range<UInt64> {
        guard let end = offset.advanced(checkedBy: ByteCount(count)), end.rawValue <= size.rawValue else {
            throw DeviceError(
                .outOfRange, operation: operation, object: name, offset: offset,
                detail: "\(count) bytes would pass the end at \(size.rawValue)")
        }
        return offset.rawValue..<end.rawValue
    }
}
