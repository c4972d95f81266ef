// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// One record of before-images on its way from the targets to the undo log: planned, read, then appended.
///
/// Two of them take turns, so that one is read while the other is written.
final class CaptureDraft {
    /// What one reader found, by the stretches it read.
    private final class Lane {
        var contents: [Extent.Content] = []
    }

    private let shared: GroupShared
    private let capacity: Int
    private let buffer = IOBufferPool.shared.take()
    /// With where in the buffer each is read to.
    private var stretches: [(stretch: CaptureWalk.Stretch, offset: Int)] = []
    /// What was read, for a record's header.
    private(set) var extents: [Extent] = []
    private var payloadBytes = 0

    /// Readers that share the work where it consists of many small reads.
    static let lanes = 4
    /// Reads for which a further reader is worth its while.
    static let readsOfLane = 4

    init(_ shared: GroupShared) {
        self.shared = shared
        capacity = min(Self.capacity(shared.settings), buffer.byteCount)
    }

    /// A chunk makes a few records at least, so that they can take turns; a record is as long as an extent at most.
    private static func capacity(_ settings: RetentionSettings) -> Int {
        min(Extent.maximumDataBytes, max(SegmentWriter.block, settings.chunkBytes.int / 4 & ~(SegmentWriter.block - 1)))
    }

    deinit { IOBufferPool.shared.giveBack(buffer) }

    /// Takes as much of what has to be captured as a record holds.
    func plan(_ walk: inout CaptureWalk) throws(RetentionError) {
        stretches = []
        extents = []
        payloadBytes = 0
        var filled = 0
        while stretches.count < RecordHeader.maximumExtents, let target = walk.target {
            let block = target.logicalBlockSize
            // Direct I/O wants aligned memory; what that leaves open is closed when everything is read.
            filled = (filled + block - 1) / block * block
            guard let stretch = try walk.next(room: capacity - filled) else { return }
            stretches.append((stretch, filled))
            if !stretch.isHole { filled += stretch.byteCount }
        }
    }

    /// Reads what is planned.
    func read(with team: any IOTeam) throws(RetentionError) {
        let count = min(Self.lanes, max(1, stretches.count / Self.readsOfLane))
        let lanes = (0..<count).map { _ in Lane() }
        let share = (stretches.count + count - 1) / count
        try team.runAll(
            lanes.enumerated().map { number, lane in
                IOJob { [self] () throws(RetentionError) in
                    let range = min(number * share, stretches.count)..<min((number + 1) * share, stretches.count)
                    for index in range { lane.contents.append(try content(of: index)) }
                }
            })
        gather(lanes.flatMap(\.contents))
    }

    private func content(of index: Int) throws(RetentionError) -> Extent.Content {
        let (stretch, offset) = stretches[index]
        guard !stretch.isHole, let disk = shared.disks[stretch.start.disk] else { return .zeroes }
        let range = offset..<offset + stretch.byteCount
        do {
            try buffer.withMutableBytes(range) { (bytes) throws(DeviceError) in
                try disk.target.read(into: &bytes, at: stretch.start.byteOffset)
            }
        } catch {
            throw .target(error)
        }
        return buffer.withBytes(range) { bytes in bytes.isAllZeroes ? .zeroes : .data(Checksum(of: bytes)) }
    }

    /// Closes the gaps that zeroes and alignment have left: a payload has none.
    private func gather(_ contents: [Extent.Content]) {
        for ((stretch, offset), content) in zip(stretches, contents) {
            extents.append(
                Extent(
                    disk: stretch.start.disk, sector: stretch.start.sector, sectorCount: stretch.sectorCount,
                    content: content))
            guard case .data = content else { continue }
            if offset != payloadBytes { buffer.move(offset..<offset + stretch.byteCount, to: payloadBytes) }
            payloadBytes += stretch.byteCount
        }
    }

    /// Calls `body` with the payload of the record.
    func withPayload<Value>(_ body: (RawSpan) throws(DeviceError) -> Value) throws(DeviceError) -> Value {
        try buffer.withBytes(0..<payloadBytes, body)
    }
}
