// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Synchronization

/// The disks of a group as they were at one point, to read while replication goes on (promise 5).
///
/// A block is what history has of the point; else the oldest before-image that was captured since the view was opened;
/// else what is on the target. The target is read first and the before-images are asked after: if the applier has
/// captured the block meanwhile, its image wins, so that no read sees a half-applied change.
public final class PointInTimeView: Sendable {
    /// What looking things up needs: pages that one reader at a time may move.
    private final class Reading {
        let index: PointIndex
        var epochs: [FileNumber: EpochFileReader] = [:]
        /// Readers of payload that nobody uses now: there are as many as have ever read at a time.
        var idle: [Reader] = []

        init(index: PointIndex) { self.index = index }
    }

    // SAFETY: whoever takes one from the list is the only one who has it, until it is put back.
    /// Reads payload for one call at a time.
    private final class Reader: @unchecked Sendable {
        var payload: PayloadReader

        init(files: HistoryFiles) { payload = PayloadReader(files: files) }

        @_lifetime(buffer: copy buffer)
        func fill(
            _ buffer: inout MutableRawSpan, start: DiskAddress, with piece: ExtentPiece, role: HistoryFiles.Role
        ) throws(RetentionError) {
            let offset = Int(piece.address.rawValue - start.rawValue) * Int(Sector.size)
            try payload.read(piece, role: role, into: &buffer, at: offset)
        }
    }

    /// The point that it shows.
    public let point: SequenceNumber
    let shared: GroupShared
    private let lock = Mutex<Void>(())
    // SAFETY: touched under the lock only.
    nonisolated(unsafe) private let reading: Reading
    /// Epochs before it are in the index, those from it on are asked as they are.
    private let firstDynamic: EpochNumber
    private let pin: UInt64

    init(at point: SequenceNumber, shared: GroupShared) throws(RetentionError) {
        self.point = point
        self.shared = shared
        var number: UInt64 = 0
        var dynamic = EpochNumber.none
        let outcome = shared.state.withLock { state -> Result<Void, RetentionError> in
            do throws(RetentionError) {
                guard point <= state.applied else {
                    throw RetentionError(
                        .noSuchPoint,
                        "Point \(point) is not applied yet; \(state.applied) is. Wait for the backlog to drain.")
                }
                let place = try PointLocator.place(point, in: state)
                dynamic = max(
                    place.base, state.live.first?.summary.number ?? (state.sealed.last?.summary.number ?? .none).next)
                number = state.nextPin
                state.nextPin += 1
                state.pins[number] = place.base
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
        pin = number
        firstDynamic = dynamic
        do {
            let merge = try PointLocator(shared).merge(at: point, before: dynamic)
            let index = try PointIndex(merge, name: "\(number)", folder: shared.files.folder)
            unsafe reading = Reading(index: index)
        } catch {
            shared.state.withLock { $0.pins[number] = nil }
            throw error
        }
    }

    deinit {
        unsafe reading.index.remove()
        _ = shared.state.withLock { $0.pins.removeValue(forKey: pin) }
    }

    /// One of the group's disks at the point, read-only.
    public func disk(_ number: DiskNumber) -> (any BlockDevice)? {
        shared.disks[number].map { PointInTimeDisk(view: self, disk: $0) }
    }

    /// Fills `buffer` from `start` on.
    func read(_ disk: GroupDisk, into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(RetentionError) {
        let start = DiskAddress(disk: disk.number, sector: offset.rawValue / Sector.size)
        let end = DiskAddress(rawValue: start.rawValue + UInt64(buffer.byteCount) / Sector.size)
        do {
            try disk.target.read(into: &buffer, at: offset)
        } catch {
            throw .target(error)
        }
        let images = try images(from: start, to: end)
        let (pieces, redoCount) = try locked { (reading) throws(RetentionError) in
            (try reading.index.pieces(from: start, to: end), reading.index.redoCount)
        }
        guard !images.isEmpty || !pieces.isEmpty else { return }
        // Disks answer several at a time: only looking up is one after the other.
        let reader =
            try locked { (reading) throws(RetentionError) in reading.idle.popLast() } ?? Reader(files: shared.files)
        for image in images { try reader.fill(&buffer, start: start, with: image, role: .undo) }
        for piece in pieces {
            try reader.fill(&buffer, start: start, with: piece, role: piece.rank < redoCount ? .redo : .undo)
        }
        // One that failed is not used again.
        try locked { (reading) throws(RetentionError) in reading.idle.append(reader) }
    }

    /// The first stretch of `range`, in bytes, that may hold something else than zeroes.
    ///
    /// As for a read the target is asked first: what it says of a block that is captured meanwhile is not used.
    func firstDataRange(_ disk: GroupDisk, in range: Range<UInt64>) throws(RetentionError) -> Range<UInt64>? {
        var position = range.lowerBound
        while position < range.upperBound {
            // Bounded, so that what history says of it is.
            let window = position..<min(range.upperBound, position + Self.probeBytes)
            let found = try firstDataRange(disk, window: window)
            if let found { return found }
            position = window.upperBound
        }
        return nil
    }

    private static let probeBytes: UInt64 = 16 << 20

    private func firstDataRange(_ disk: GroupDisk, window: Range<UInt64>) throws(RetentionError) -> Range<UInt64>? {
        let onTarget: Range<UInt64>?
        do {
            onTarget = try disk.target.firstDataRange(in: window)
        } catch {
            throw .target(error)
        }
        let start = DiskAddress(disk: disk.number, sector: window.lowerBound / Sector.size)
        let end = DiskAddress(disk: disk.number, sector: window.upperBound / Sector.size)
        var known = try images(from: start, to: end)
        known += try locked { (reading) throws(RetentionError) in try reading.index.pieces(from: start, to: end) }
        var first = onTarget
        for piece in known where !piece.stored.isZeroes {
            let offset = piece.address.byteOffset.rawValue
            let stretch = offset..<offset + UInt64(piece.byteCount)
            guard let known = first else {
                first = stretch
                continue
            }
            if stretch.lowerBound < known.lowerBound {
                first =
                    stretch
                    .lowerBound..<(stretch.upperBound >= known.lowerBound
                    ? max(stretch.upperBound, known.upperBound) : stretch.upperBound)
            }
        }
        return first
    }

    /// Before-images captured in the epochs that the index does not cover, newest epoch first, so that older ones win.
    private func images(from start: DiskAddress, to end: DiskAddress) throws(RetentionError) -> [ExtentPiece] {
        let (live, sealed) = shared.state.withLock { state -> ([[StoredExtent]], [FileNumber]) in
            var live: [[StoredExtent]] = []
            for epoch in state.live.reversed() where epoch.summary.number >= firstDynamic {
                var rows: [StoredExtent] = []
                epoch.captured.forEach(from: start, to: end) { rows.append($0) }
                live.append(rows)
            }
            return (live, state.sealed.reversed().filter { $0.summary.number >= firstDynamic }.map(\.file))
        }
        var rows = live.flatMap { $0 }
        for file in sealed {
            rows.append(
                contentsOf: try locked { (reading) throws(RetentionError) in
                    let reader: EpochFileReader
                    if let known = reading.epochs[file] {
                        reader = known
                    } else {
                        reader = try EpochFileReader(file, files: shared.files)
                        reading.epochs[file] = reader
                    }
                    return try reader.undo(from: start, to: end)
                })
        }
        return rows.map { row in
            let from = max(row.address, start)
            return ExtentPiece(
                address: from, sectorCount: UInt32(min(row.end, end).rawValue - from.rawValue), stored: row, rank: 0)
        }
    }

    private func locked<Value>(
        _ body: (Reading) throws(RetentionError) -> Value
    ) throws(RetentionError) -> Value {
        try lock.withLock { (_) throws(RetentionError) in unsafe try body(reading) }
    }
}

/// A disk of a view.
final class PointInTimeDisk: BlockDevice {
    private let view: PointInTimeView
    private let disk: GroupDisk

    init(view: PointInTimeView, disk: GroupDisk) {
        self.view = view
        self.disk = disk
    }

    var name: String { "\(disk.target.name) at point \(view.point)" }
    var size: ByteCount { disk.size }
    var logicalBlockSize: Int { disk.target.logicalBlockSize }

    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError) {
        do {
            try view.read(disk, into: &buffer, at: offset)
        } catch {
            throw error.cause
                ?? DeviceError(.inputOutput, operation: "read", object: name, offset: offset, detail: error.message)
        }
    }

    func firstDataRange(in range: Range<UInt64>) throws(DeviceError) -> Range<UInt64>? {
        do {
            return try view.firstDataRange(disk, in: range)
        } catch {
            throw error.cause
                ?? DeviceError(.inputOutput, operation: "look for data", object: name, detail: error.message)
        }
    }

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError) { throw readOnly("write") }
    func writeZeroes(at offset: ByteOffset, count: ByteCount) throws(DeviceError) { throw readOnly("write zeroes") }
    func flush() throws(DeviceError) {}

    private func readOnly(_ operation: String) -> DeviceError {
        DeviceError(.readOnly, operation: operation, object: name, detail: "a point in time cannot be written to")
    }
}
