// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem
import NIOPosix
import ProcessServer
import StoragePrimitives

/// Copies a preview's disk to a raw image file or a block device, and reads it back to compare. Blocks.
///
/// What the source tells to be zeroes is not read, and is a hole in a file. Both sides are read with direct I/O, so that
/// the comparison is with what the device holds.
struct PointCopy {
    /// Bytes read, written and compared at a time.
    private static let step: UInt64 = 1 << 20
    /// For the digests of one copy: nobody else's content meets them.
    private static let seed: UInt64 = 0

    let source: NBDSource
    let path: String
    let progress: (_ phase: String, _ done: ByteCount, _ total: ByteCount) -> Void

    init(
        uri: String, path: String, progress: @escaping (_ phase: String, _ done: ByteCount, _ total: ByteCount) -> Void
    ) throws(ControlFailure) {
        guard let address = NBDAddress(uri) else {
            throw ControlFailure(.internalFailure, "\(uri) is no address of an export.", remedy: "")
        }
        source = NBDSource(id: uri, address: address, group: MultiThreadedEventLoopGroup.singleton)
        self.path = path
        self.progress = progress
    }

    /// The name of a file until all of it is there and was compared.
    private var passing: String { path + ".part" }
    private var isDevice: Bool { SystemFiles.blockDeviceNumber(path) != nil }

    /// - Returns: Bytes of the disk, and how many of them were data.
    func run() throws -> (size: ByteCount, data: ByteCount) {
        guard !isDevice else { return try copy(to: path) }
        let (folder, name) = PathText.split(path)
        do {
            let folder = try DirectoryFolder(path: folder)
            guard try !folder.names().contains(name) else {
                throw ControlFailure(
                    .exists, "\(path) exists, and nothing is overwritten.", remedy: "Name another file.")
            }
            // What a copy that was interrupted has left.
            if try folder.names().contains(PathText.split(passing).name) {
                try folder.remove(PathText.split(passing).name)
            }
            let done = try copy(to: passing)
            try folder.rename(PathText.split(passing).name, to: name)
            try folder.sync()
            return done
        } catch let error as DeviceError {
            throw failure(error)
        }
    }

    private func copy(to place: String) throws -> (size: ByteCount, data: ByteCount) {
        let size = try source.open().size
        defer { source.close() }
        let target = try open(place, size)
        var digests: [RangeDigest?] = []
        var buffer = AlignedBuffer(count: Int(Self.step))
        var data: UInt64 = 0
        var position: UInt64 = 0
        while position < size.rawValue {
            let range = position..<min(size.rawValue, position + Self.step)
            let found = try source.stretch(in: range, changesOnly: false)
            let isZero = found.content == .zeroes && found.end >= range.upperBound
            if isZero {
                try target.writeZeroes(at: ByteOffset(position), count: ByteCount(range.count))
                digests.append(nil)
            } else {
                let digest = try buffer.withMutableBytes(0..<range.count) { span in
                    try source.read(into: &span, at: ByteOffset(position))
                    if span.bytes.isAllZeroes {
                        try target.writeZeroes(at: ByteOffset(position), count: ByteCount(range.count))
                        return nil as RangeDigest?
                    }
                    try target.write(span.bytes, at: ByteOffset(position))
                    return RangeDigest(of: span.bytes, seed: Self.seed)
                }
                if digest != nil { data += UInt64(range.count) }
                digests.append(digest)
            }
            position = range.upperBound
            progress("copied", ByteCount(position), size)
        }
        try target.flush()
        try verify(digests, target, size)
        return (size, ByteCount(data))
    }

    /// Every block again, from the device.
    private func verify(_ digests: [RangeDigest?], _ target: DirectFile, _ size: ByteCount) throws {
        var buffer = AlignedBuffer(count: Int(Self.step))
        for (index, digest) in digests.enumerated() {
            let start = UInt64(index) * Self.step
            let count = Int(min(Self.step, size.rawValue - start))
            let isSame: Bool
            if digest == nil, try target.firstDataRange(in: start..<start + UInt64(count)) == nil {
                isSame = true
            } else {
                isSame = try buffer.withMutableBytes(0..<count) { span in
                    try target.read(into: &span, at: ByteOffset(start))
                    return digest.map { RangeDigest(of: span.bytes, seed: Self.seed) == $0 } ?? span.bytes.isAllZeroes
                }
            }
            guard isSame else {
                throw ControlFailure(
                    .corrupt, "\(path) does not hold what was written to it, at byte \(start).",
                    remedy: "Its disk or its filesystem is not sound: copy to another one.")
            }
            progress("verified", ByteCount(start + UInt64(count)), size)
        }
    }

    private func open(_ place: String, _ size: ByteCount) throws -> DirectFile {
        if !isDevice {
            let (folder, name) = PathText.split(place)
            try DirectoryFolder(path: folder).create(name).truncate(to: size)
        }
        let target: DirectFile
        do {
            target = try DirectFile(path: place, access: .exclusive)
        } catch {
            throw failure(error)
        }
        guard target.size >= size else {
            throw ControlFailure(
                .refused, "\(path) has \(target.size), and the disk has \(size).",
                remedy: "Name a device that is at least as large.")
        }
        return target
    }

    private func failure(_ error: DeviceError) -> ControlFailure {
        ControlFailure(
            error.code == .busy ? .busy : .inputOutput, "\(path) cannot be written to (\(error)).",
            remedy: error.code == .busy ? "Unmount it, and stop what uses it." : "Put it right, or name another.")
    }
}
