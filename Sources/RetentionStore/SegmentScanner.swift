// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// A record found in a segment.
struct ScannedRecord {
    var header: RecordHeader
    var file: FileNumber
    /// Bytes from the start of the segment to the record.
    var offset: UInt64

    var payloadOffset: UInt64 { offset + UInt64(header.headerLength) }
    var end: UInt64 { offset + UInt64(header.recordLength) }
    var stored: [StoredExtent] {
        var position = payloadOffset
        return header.extents.map { extent in
            defer { position += UInt64(extent.payloadBytes) }
            return StoredExtent(extent, file: file, payloadOffset: position)
        }
    }
}

/// Finds the records of a journal or of an epoch's undo after a start or a crash: the longest prefix that checks.
///
/// Headers are read for all; payloads only of records that are not known to have been synced, because only those can be
/// torn. What does not check although a later record says that it was synced is damage, and is thrown.
struct SegmentScanner: ~Copyable {
    private let role: HistoryFiles.Role
    private let files: HistoryFiles
    private var window = AlignedBuffer(uninitialized: 1 << 20)
    private var windowFile: FileNumber?
    private var windowStart: UInt64 = 0
    private var windowCount = 0

    init(role: HistoryFiles.Role, files: HistoryFiles) {
        self.role = role
        self.files = files
    }

    /// - Parameters:
    ///   - segments: In order; the first from `start` on.
    ///   - known: The sequence (undo: ordinal) that is known from elsewhere to be durable.
    ///   - expected: The number of the first record.
    mutating func scan(
        _ segments: [FileNumber], from start: UInt64, expecting expected: UInt64, known: UInt64
    ) throws(RetentionError) -> [ScannedRecord] {
        var records: [ScannedRecord] = []
        var known = known
        // What was before the place where the reading starts is not known: the first record is believed.
        var chain: UInt64?
        for (index, number) in segments.enumerated() {
            let header = try fileHeader(number)
            var offset = index == 0 ? start : UInt64(FileHeader.size)
            var isFirst = offset == UInt64(FileHeader.size)
            let size = try length(number)
            // A segment is begun when everything before it is durable.
            known = max(known, header.first - min(header.first, 1))
            while let record = try record(number, at: offset, size: size) {
                // After a start the chain begins anew, with a segment.
                guard chain == nil || record.header.previous == chain || (isFirst && record.header.previous == 0) else {
                    break
                }
                chain = record.header.checksum
                if isFirst, record.header.part == 0 { records.removeAll { $0.header.sequence >= header.first } }
                isFirst = false
                records.append(record)
                offset = record.end
            }
            // A segment that was begun and not written to: what it was to replace does not count.
            if isFirst, index > 0 { records.removeAll { $0.header.sequence >= header.first } }
            if index == segments.count - 1 {
                try lookBehind(
                    number, from: offset, size: size,
                    last: records.last { $0.header.isLast }?.header.sequence ?? expected - 1)
            }
        }
        return try prefix(of: records, expecting: expected, known: known)
    }

    /// The records without gaps from `expected` on that are complete.
    private mutating func prefix(
        of records: [ScannedRecord], expecting first: UInt64, known: UInt64
    ) throws(RetentionError) -> [ScannedRecord] {
        let durable = max(known, records.map(\.header.durable).max() ?? 0)
        var result: [ScannedRecord] = []
        // Parts of the batch that is not complete yet.
        var open: [ScannedRecord] = []
        var expected = first
        for record in records {
            let header = record.header
            let continues = !open.isEmpty && header.sequence == expected && header.part == UInt32(open.count)
            let begins = header.sequence == expected && header.part == 0
            guard continues || begins else {
                // Begun before where the reading starts, or given up: it has no bearing.
                if header.sequence < expected { continue }
                break
            }
            if header.sequence > durable, try !payloadIsWhole(record) { break }
            if begins { open = [] }
            open.append(record)
            if header.isLast {
                result.append(contentsOf: open)
                open = []
                expected += 1
            }
        }
        guard expected > durable else {
            throw RetentionError(
                .journalDamaged,
                """
                The \(role == .redo ? "journal" : "undo log") of this group is damaged: record \(expected) cannot be \
                read, although everything up to \(durable) was durable. Restore the retention volume, or resync the \
                group's disks.
                """)
        }
        return result
    }

    /// Whether all of a record's bytes are what its header says.
    private func payloadIsWhole(_ record: ScannedRecord) throws(RetentionError) -> Bool {
        var reader = PayloadReader(files: files)
        var scratch = AlignedBuffer(uninitialized: Extent.maximumDataBytes)
        for stored in record.stored where !stored.isZeroes {
            let piece = ExtentPiece(address: stored.address, sectorCount: stored.sectorCount, stored: stored, rank: 0)
            do {
                var span = scratch.mutableBytes
                try reader.read(piece, role: role, into: &span, at: 0)
            } catch {
                guard error.code == .historyDamaged else { throw error }
                return false
            }
        }
        return true
    }

    /// A record at `offset`, or at the next block where a sync ended.
    private mutating func record(
        _ number: FileNumber, at offset: UInt64, size: UInt64
    ) throws(RetentionError) -> ScannedRecord? {
        if let record = try decode(number, at: offset, size: size) { return record }
        let block = (offset + 4095) & ~4095
        return block == offset ? nil : try decode(number, at: block, size: size)
    }

    private mutating func decode(
        _ number: FileNumber, at offset: UInt64, size: UInt64
    ) throws(RetentionError) -> ScannedRecord? {
        guard offset <= size, size - offset >= UInt64(RecordHeader.fixedSize) else { return nil }
        try ensure(number, offset, RecordHeader.granularity, size)
        let from = Int(offset - windowStart)
        let available = windowCount - from
        guard available >= RecordHeader.fixedSize,
            let length = window.withBytes(from..<windowCount, { RecordHeader.headerLength(of: $0) }),
            offset + UInt64(length) <= size
        else { return nil }
        try ensure(number, offset, length, size)
        let start = Int(offset - windowStart)
        let seed = files.group.seed(file: number)
        guard start + length <= windowCount else { return nil }
        // What does not decode is not a record: where that matters is decided by what comes after.
        guard let header = try? RecordHeader(decoding: window.bytes.extracting(start..<start + length), seed: seed)
        else {
            return nil
        }
        guard offset + UInt64(header.recordLength) <= size else { return nil }
        // It checks, and so was written like this: it is no torn tail.
        for extent in header.extents {
            guard files.hasRoom(for: StoredExtent(extent, file: number, payloadOffset: 0)) else {
                throw EpochFileReader.translate(
                    FormatError.invalid("record \(header.sequence) reaches past the end of disk \(extent.disk)"),
                    HistoryFiles.name(role, number))
            }
        }
        return ScannedRecord(header: header, file: number, offset: offset)
    }

    /// Looks through the rest of a segment for a record that says that what is missing before it was durable.
    private mutating func lookBehind(
        _ number: FileNumber, from offset: UInt64, size: UInt64, last: UInt64
    ) throws(RetentionError) {
        var position = (offset + UInt64(RecordHeader.granularity) - 1) & ~UInt64(RecordHeader.granularity - 1)
        while position < size {
            if let record = try decode(number, at: position, size: size), record.header.durable > last {
                throw RetentionError(
                    .journalDamaged,
                    """
                    The \(role == .redo ? "journal" : "undo log") of this group is damaged: \
                    \(HistoryFiles.name(role, number)) cannot be read at byte \(offset), although record \
                    \(record.header.sequence) behind it can. Restore the retention volume, or resync the group's disks.
                    """)
            }
            position += UInt64(RecordHeader.granularity)
        }
    }

    /// Has at least `count` bytes from `offset` on in the window, as far as the file goes.
    private mutating func ensure(
        _ number: FileNumber, _ offset: UInt64, _ count: Int, _ size: UInt64
    ) throws(RetentionError) {
        let end = min(size, offset + UInt64(count))
        if windowFile == number, offset >= windowStart, end <= windowStart + UInt64(windowCount) { return }
        let start = offset & ~4095
        // Whole blocks, as direct I/O wants them: nothing that was written ends within one.
        let length = Int(min(UInt64(window.count), size - start)) & ~4095
        do {
            let file = try files.open(role, number)
            var span = window.mutableBytes
            var target = span._mutatingExtracting(0..<length)
            try file.read(into: &target, at: ByteOffset(start))
        } catch {
            throw .retention(error)
        }
        windowFile = number
        windowStart = start
        windowCount = length
    }

    private func length(_ number: FileNumber) throws(RetentionError) -> UInt64 {
        do {
            return min(try files.open(role, number).size().rawValue, FileHeader.segmentLimit)
        } catch {
            throw .retention(error)
        }
    }

    func fileHeader(_ number: FileNumber) throws(RetentionError) -> FileHeader {
        do {
            let header = try files.header(role, number)
            guard header.group == files.group, header.file == number else {
                throw FormatError.invalid("it belongs to another group or file")
            }
            return header
        } catch {
            throw EpochFileReader.translate(error, HistoryFiles.name(role, number))
        }
    }
}
