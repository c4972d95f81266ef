// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// A sealed epoch's file: summary, points, redo index, undo index; every page with a checksum.
///
/// ```
/// header 4096 │ page table, 8 bytes a page, padded to 4096 │ content in pages of 64 KiB
///
/// content: summary length (4), summary, batches, redo rows, undo rows
/// ```
enum EpochFile {
    static let pageSize = 64 << 10

    static func padded(_ count: Int) -> Int { (count + 4095) & ~4095 }

    /// Writes a sealed epoch; its file is complete and durable on return.
    static func write(
        _ summary: EpochSummary, batches: [BatchRow], redo: [StoredExtent], undo: [StoredExtent], files: HistoryFiles,
        created: Timestamp
    ) throws(DeviceError) -> FileNumber {
        var encodedSummary: [UInt8] = []
        summary.encode(into: &encodedSummary)
        let (number, file) = try files.makeFile()
        do {
            try fill(file, number, summary, encodedSummary, batches, redo, undo, files: files, created: created)
        } catch {
            // Without it the room would be missed. The error that counts is the first.
            try? files.abandonFile(number)
            throw error
        }
        return number
    }

    private static func fill(
        _ file: any StoreFile, _ number: FileNumber, _ summary: EpochSummary, _ encodedSummary: [UInt8],
        _ batches: [BatchRow], _ redo: [StoredExtent], _ undo: [StoredExtent], files: HistoryFiles, created: Timestamp
    ) throws(DeviceError) {
        let contentBytes =
            4 + encodedSummary.count + batches.count * BatchRow.encodedSize
            + (redo.count + undo.count) * StoredExtent.encodedSize
        let pages = (contentBytes + pageSize - 1) / pageSize
        let tableBytes = padded(pages * 8)
        var writer = PageWriter(file: file, start: UInt64(FileHeader.size + tableBytes))
        var bytes: [UInt8] = []
        bytes.appendLittle(UInt32(encodedSummary.count))
        bytes.append(contentsOf: encodedSummary)
        try writer.append(&bytes)
        for row in batches {
            row.encode(into: &bytes)
            if bytes.count >= pageSize { try writer.append(&bytes) }
        }
        for row in redo {
            row.encode(into: &bytes)
            if bytes.count >= pageSize { try writer.append(&bytes) }
        }
        for row in undo {
            row.encode(into: &bytes)
            if bytes.count >= pageSize { try writer.append(&bytes) }
        }
        try writer.append(&bytes)
        let checksums = try writer.finish()
        var table = AlignedBuffer(count: FileHeader.size + tableBytes)
        var tableArray: [UInt8] = []
        for checksum in checksums { tableArray.appendLittle(checksum) }
        var span = table.mutableBytes
        unsafe span.replace(at: FileHeader.size, with: tableArray.span.bytes)
        var header = FileHeader(
            kind: .epoch, file: number, group: files.group, first: summary.firstSequence.rawValue,
            epoch: summary.number, created: created,
            length: UInt64(FileHeader.size + tableBytes + padded(contentBytes)))
        header.tableBytes = UInt64(tableBytes)
        header.contentBytes = UInt64(contentBytes)
        header.tableChecksum = Checksum(of: span.bytes.extracting(FileHeader.size..<FileHeader.size + tableBytes))
        header.encode(into: &span)
        try file.write(table.bytes, at: .zero)
        try file.sync()
        try files.finishFile(.epoch, number, size: ByteCount(header.length))
    }
}

/// Writes content page by page and keeps the pages' checksums.
private struct PageWriter: ~Copyable {
    let file: any StoreFile
    var position: UInt64
    var buffer = AlignedBuffer(count: EpochFile.pageSize)
    var filled = 0
    var checksums: [UInt64] = []

    init(file: any StoreFile, start: UInt64) {
        self.file = file
        position = start
    }

    /// Takes all of `bytes` and leaves it empty.
    mutating func append(_ bytes: inout [UInt8]) throws(DeviceError) {
        var done = 0
        while done < bytes.count {
            let count = min(bytes.count - done, EpochFile.pageSize - filled)
            let start = filled
            var span = buffer.mutableBytes
            unsafe span.replace(at: start, with: bytes.span.bytes.extracting(done..<done + count))
            filled += count
            done += count
            if filled == EpochFile.pageSize { try writePage() }
        }
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func finish() throws(DeviceError) -> [UInt64] {
        if filled > 0 { try writePage() }
        return checksums
    }

    private mutating func writePage() throws(DeviceError) {
        let end = filled
        let length = EpochFile.padded(end)
        var span = buffer.mutableBytes
        span.zero(at: end, count: length - end)
        let checksum = Checksum(of: span.bytes.extracting(0..<length)).rawValue
        checksums.append(checksum)
        try file.write(buffer.bytes.extracting(0..<length), at: ByteOffset(position))
        position += UInt64(length)
        filled = 0
    }
}
