// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Cuts the ranges that have to be captured into what is read in one go and what is known to be zeroes.
struct CaptureWalk {
    /// A part of a range.
    struct Stretch {
        var start: DiskAddress
        var sectorCount: UInt32
        /// Known without reading.
        var isHole: Bool

        var byteCount: Int { Int(sectorCount) * Int(Sector.size) }
    }

    private let gaps: [(start: DiskAddress, end: DiskAddress)]
    private let disks: [DiskNumber: GroupDisk]
    private var index = 0
    private var position = DiskAddress(rawValue: 0)
    /// Bytes of the current range's disk of which it is known that they may hold data.
    private var data: Range<UInt64>?

    /// - Parameter gaps: Sorted and disjoint. Those of disks that are not bound are passed over.
    init(_ gaps: [(start: DiskAddress, end: DiskAddress)], disks: [DiskNumber: GroupDisk]) {
        self.gaps = gaps.filter { disks[$0.start.disk] != nil && $0.start < $0.end }
        self.disks = disks
        if let first = self.gaps.first { position = first.start }
    }

    var isAtEnd: Bool { index == gaps.count }

    /// The disk that ``next(room:)`` goes on with; nil at the end.
    var target: (any BlockDevice)? { isAtEnd ? nil : disks[gaps[index].start.disk]?.target }

    /// The next part, with at most `room` bytes of data; nil at the end, and where data comes next and there is no
    /// room.
    mutating func next(room: Int) throws(RetentionError) -> Stretch? {
        guard let target else { return nil }
        let end = gaps[index].end
        let bytes =
            position.byteOffset.rawValue..<position.byteOffset.rawValue + (end.rawValue - position.rawValue)
            * Sector.size
        if data?.contains(bytes.lowerBound) != true {
            do {
                data = try target.firstDataRange(in: bytes)
            } catch {
                throw .target(error)
            }
        }
        let dataStart = data?.lowerBound ?? bytes.upperBound
        guard dataStart <= bytes.lowerBound else {
            return take(UInt64(min(dataStart, bytes.upperBound) - bytes.lowerBound), isHole: true)
        }
        guard room > 0 else { return nil }
        let dataEnd = min(data?.upperBound ?? bytes.upperBound, bytes.upperBound)
        return take(min(dataEnd - bytes.lowerBound, UInt64(room)), isHole: false)
    }

    private mutating func take(_ bytes: UInt64, isHole: Bool) -> Stretch {
        let sectors = UInt32(clamping: bytes / Sector.size)
        let stretch = Stretch(start: position, sectorCount: sectors, isHole: isHole)
        position = position + sectors
        if position >= gaps[index].end {
            index += 1
            data = nil
            if index < gaps.count { position = gaps[index].start }
        }
        return stretch
    }
}
