// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Makes one epoch of two neighbours: the older before-image of a block wins, the point between them is given up.
///
/// What counts is copied to new segments and verified on the way; the two go when the new one is durable.
struct EpochMerge {
    let shared: GroupShared

    func merge(_ earlier: SealedEpoch, _ later: SealedEpoch) throws(RetentionError) {
        let readers = [
            try EpochFileReader(earlier.file, files: shared.files),
            try EpochFileReader(later.file, files: shared.files),
        ]
        var sweep = try ExtentSweep(HistoryMerge(redo: [], undo: readers))
        var copier = Copier(shared: shared, epoch: later.summary.number)
        let rows: [StoredExtent]
        let undoFiles: [FileNumber]
        do throws(RetentionError) {
            while let piece = try sweep.next() { try copier.take(piece) }
            (rows, undoFiles) = try copier.finish()
        } catch {
            copier.remove()
            throw error
        }
        var summary = later.summary
        summary.mergedFrom = earlier.summary.mergedFrom
        summary.firstSequence = earlier.summary.firstSequence
        summary.firstTime = earlier.summary.firstTime
        summary.accuracyBefore = earlier.summary.accuracyBefore
        // Of all that was in it only its end is a point.
        summary.leastAccuracy = summary.accuracy
        summary.firstReceived = earlier.summary.firstReceived
        summary.firstRedoFile = earlier.summary.firstRedoFile
        summary.bookmarks = earlier.summary.bookmarks + later.summary.bookmarks
        summary.undoFiles = undoFiles
        summary.undoBytes = rows.reduce(.zero) { $0 + ByteCount($1.isZeroes ? 0 : $1.byteCount) }
        summary.undoCount = UInt32(rows.count)
        summary.redoCount = 0
        summary.batchCount = 0
        let file: FileNumber
        do {
            file = try EpochFile.write(
                summary, batches: [], redo: [], undo: rows, files: shared.files, created: shared.clock.now())
        } catch {
            // What was copied would take room until the next start. After a failed sync its file may be there all the
            // same, and be read then: the group is broken, and nothing of it may go.
            if error.code == .noSpace { copier.remove() }
            throw .retention(error)
        }
        let merged = SealedEpoch(summary: summary, file: file)
        do {
            shared.state.withLock { state in
                guard let index = state.sealed.firstIndex(where: { $0.file == earlier.file }) else { return }
                state.sealed.replaceSubrange(index...index + 1, with: [merged])
            }
            for old in [earlier, later] {
                try shared.files.release(.epoch, old.file)
                try shared.files.folder.sync()
                for file in old.summary.undoFiles { try shared.files.release(.undo, file) }
            }
        } catch {
            throw .retention(error)
        }
    }

    /// Copies pieces into undo records.
    private struct Copier: ~Copyable {
        let shared: GroupShared
        let epoch: EpochNumber
        let writer: SegmentWriter
        var reader: PayloadReader
        var buffer = AlignedBuffer(uninitialized: Extent.maximumDataBytes)
        var filled = 0
        var extents: [Extent] = []
        var rows: [StoredExtent] = []
        var files: [FileNumber] = []
        var ordinal: UInt64 = 0

        init(shared: GroupShared, epoch: EpochNumber) {
            self.shared = shared
            self.epoch = epoch
            writer = SegmentWriter(role: .undo, files: shared.files)
            reader = PayloadReader(files: shared.files)
        }

        mutating func take(_ piece: ExtentPiece) throws(RetentionError) {
            if extents.count == RecordHeader.maximumExtents { try flush() }
            var content = Extent.Content.zeroes
            if !piece.stored.isZeroes {
                if filled + piece.byteCount > buffer.count { try flush() }
                content = .data(try Self.copy(piece, into: &buffer, at: filled, from: &reader))
                filled += piece.byteCount
            }
            extents.append(
                Extent(
                    disk: piece.address.disk, sector: piece.address.sector, sectorCount: piece.sectorCount,
                    content: content))
        }

        private static func copy(
            _ piece: ExtentPiece, into buffer: inout AlignedBuffer, at offset: Int, from reader: inout PayloadReader
        ) throws(RetentionError) -> Checksum {
            var span = buffer.mutableBytes
            try reader.read(piece, role: .undo, into: &span, at: offset)
            return Checksum(of: span.bytes.extracting(offset..<offset + piece.byteCount))
        }

        private mutating func flush() throws(RetentionError) {
            guard !extents.isEmpty else { return }
            ordinal += 1
            var header = RecordHeader(kind: .beforeImages, sequence: ordinal, epoch: epoch)
            header.received = shared.clock.now()
            header.extents = extents
            do {
                let (template, writer) = (header, writer)
                let place = try buffer.withBytes(0..<filled) { (bytes) throws(DeviceError) in
                    try writer.append(template, payload: bytes)
                }
                var position = place.payloadOffset
                for extent in extents {
                    rows.append(StoredExtent(extent, file: place.file, payloadOffset: position))
                    position += UInt64(extent.payloadBytes)
                }
                if files.last != place.file { files.append(place.file) }
            } catch {
                throw .retention(error)
            }
            extents = []
            filled = 0
        }

        /// Takes back what was copied. What stays behind belongs to no epoch: the next start removes it.
        func remove() {
            for file in files { try? shared.files.release(.undo, file) }
        }

        mutating func finish() throws(RetentionError) -> ([StoredExtent], [FileNumber]) {
            try flush()
            do {
                if let (file, length) = try writer.endSegment() {
                    try shared.files.trim(.undo, file, to: ByteCount(length))
                }
            } catch {
                throw .retention(error)
            }
            return (rows, files)
        }
    }
}
