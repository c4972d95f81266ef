// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Reads a sealed epoch's file, page by page, each checked. Memory: one page, the page table, and an address for each page
/// once it was searched.
final class EpochFileReader {
    let number: FileNumber
    let summary: EpochSummary
    private let file: any StoreFile
    private let files: HistoryFiles
    private let name: String
    private let contentBytes: Int
    private let contentStart: UInt64
    private let checksums: [UInt64]
    private let batchesStart: Int
    private var page = AlignedBuffer(count: EpochFile.pageSize)
    private var loadedPage = -1
    private var landmarks: [DiskAddress]?

    /// As many rows as a page has.
    private static let stretchRows = EpochFile.pageSize / StoredExtent.encodedSize
    /// The longest content that is believed: 64 Mi rows.
    static let maximumContent: UInt64 = 4 << 30
    /// The longest summary that is believed: it is read in one go. A merged epoch has one bookmark, and 4 bytes for each
    /// of its undo files.
    static let maximumSummary = 16 << 20

    init(_ number: FileNumber, files: HistoryFiles) throws(RetentionError) {
        let name = HistoryFiles.name(.epoch, number)
        self.number = number
        self.name = name
        self.files = files
        do {
            let file = try files.folder.open(name)
            self.file = file
            let header = try Self.header(file)
            guard header.group == files.group, header.kind == .epoch, header.file == number,
                header.contentBytes <= Self.maximumContent, header.contentBytes >= 4
            else { throw FormatError.invalid("it belongs to another group or file") }
            contentBytes = Int(header.contentBytes)
            let pages = (contentBytes + EpochFile.pageSize - 1) / EpochFile.pageSize
            guard header.tableBytes == UInt64(EpochFile.padded(pages * 8)) else {
                throw FormatError.invalid("a page table of \(header.tableBytes) bytes")
            }
            contentStart = UInt64(FileHeader.size) + header.tableBytes
            checksums = try Self.table(file, header: header, pages: pages)
            let length = try Self.bytes(file, contentStart, 0..<4, checksums, contentBytes)
            var lengthReader = unsafe ByteReader(length.span.bytes)
            let summaryBytes = Int(lengthReader.little(UInt32.self) ?? 0)
            guard summaryBytes <= min(contentBytes - 4, Self.maximumSummary) else {
                throw FormatError.invalid("a summary of \(summaryBytes) bytes")
            }
            let encoded = try Self.bytes(file, contentStart, 4..<4 + summaryBytes, checksums, contentBytes)
            var reader = unsafe ByteReader(encoded.span.bytes)
            summary = try EpochSummary(decoding: &reader)
            batchesStart = 4 + summaryBytes
            let rows =
                Int(summary.batchCount) * BatchRow.encodedSize
                + (Int(summary.redoCount) + Int(summary.undoCount)) * StoredExtent.encodedSize
            guard batchesStart + rows == contentBytes else { throw FormatError.invalid("its row counts") }
        } catch {
            throw Self.translate(error, name)
        }
    }

    static func translate(_ error: any Error, _ name: String) -> RetentionError {
        switch error {
        case let error as RetentionError: error
        case let error as DeviceError where error.code != .shortTransfer: .retention(error)
        case FormatError.unknownVersion(let version):
            RetentionError(
                .unknownVersion,
                """
                \(name) was written by a newer version (format \(version)). Install that version; nothing was changed.
                """)
        default:
            RetentionError(
                .historyDamaged,
                "\(name) is damaged (\(error)). Run `mtctl retention rebuild` to make it again from the segments.")
        }
    }

    private static func header(_ file: any StoreFile) throws -> FileHeader {
        var buffer = AlignedBuffer(count: FileHeader.size)
        var span = buffer.mutableBytes
        try file.read(into: &span, at: .zero)
        return try FileHeader(decoding: buffer.bytes)
    }

    private static func table(_ file: any StoreFile, header: FileHeader, pages: Int) throws -> [UInt64] {
        var buffer = AlignedBuffer(count: max(4096, Int(header.tableBytes)))
        var span = buffer.mutableBytes
        try file.read(into: &span, at: ByteOffset(UInt64(FileHeader.size)))
        guard Checksum(of: buffer.bytes) == header.tableChecksum else { throw FormatError.damaged }
        var reader = ByteReader(buffer.bytes)
        var checksums: [UInt64] = []
        for _ in 0..<pages { checksums.append(reader.little(UInt64.self) ?? 0) }
        return checksums
    }

    /// A range of the content, read apart from the page that a reader keeps.
    private static func bytes(
        _ file: any StoreFile, _ start: UInt64, _ range: Range<Int>, _ checksums: [UInt64], _ contentBytes: Int
    ) throws -> [UInt8] {
        var result: [UInt8] = []
        var page = AlignedBuffer(count: EpochFile.pageSize)
        var position = range.lowerBound
        while position < range.upperBound {
            let index = position / EpochFile.pageSize
            try load(index, into: &page, file, start, checksums, contentBytes)
            let from = position % EpochFile.pageSize
            let count = min(range.upperBound - position, EpochFile.pageSize - from)
            append(page, from..<from + count, to: &result)
            position += count
        }
        return result
    }

    private static func load(
        _ index: Int, into page: inout AlignedBuffer, _ file: any StoreFile, _ start: UInt64, _ checksums: [UInt64],
        _ contentBytes: Int
    ) throws {
        let length = EpochFile.padded(min(EpochFile.pageSize, contentBytes - index * EpochFile.pageSize))
        var span = page.mutableBytes
        var target = span._mutatingExtracting(0..<length)
        try file.read(into: &target, at: ByteOffset(start + UInt64(index * EpochFile.pageSize)))
        guard Checksum(of: page.bytes.extracting(0..<length)).rawValue == checksums[index] else {
            throw FormatError.damaged
        }
    }

    private static func append(_ page: borrowing AlignedBuffer, _ range: Range<Int>, to result: inout [UInt8]) {
        page.withBytes(range) { bytes in
            // SAFETY: the buffer is read within the call.
            unsafe bytes.withUnsafeBytes { unsafe result.append(contentsOf: $0) }
        }
    }

    private func content(_ range: Range<Int>) throws(RetentionError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var position = range.lowerBound
        do {
            while position < range.upperBound {
                let index = position / EpochFile.pageSize
                if index != loadedPage {
                    loadedPage = -1
                    try Self.load(index, into: &page, file, contentStart, checksums, contentBytes)
                    loadedPage = index
                }
                let from = position % EpochFile.pageSize
                let count = min(range.upperBound - position, EpochFile.pageSize - from)
                Self.append(page, from..<from + count, to: &result)
                position += count
            }
        } catch {
            throw Self.translate(error, name)
        }
        return result
    }

    /// The points of the epoch, in order; ``BatchRow/redoEnd`` is a count of its redo rows and never falls.
    func batches() throws(RetentionError) -> [BatchRow] {
        let bytes = try content(batchesStart..<batchesStart + Int(summary.batchCount) * BatchRow.encodedSize)
        var reader = unsafe ByteReader(bytes.span.bytes)
        var rows: [BatchRow] = []
        rows.reserveCapacity(Int(summary.batchCount))
        do {
            for _ in 0..<summary.batchCount {
                let row = try BatchRow(decoding: &reader)
                guard row.redoEnd >= rows.last?.redoEnd ?? 0, row.redoEnd <= summary.redoCount,
                    row.sequence > rows.last?.sequence ?? summary.firstSequence.previous,
                    row.sequence <= summary.lastSequence
                else { throw FormatError.invalid("point \(row.sequence) with redo up to row \(row.redoEnd)") }
                rows.append(row)
            }
        } catch {
            throw Self.translate(error, name)
        }
        return rows
    }

    private var redoStart: Int { batchesStart + Int(summary.batchCount) * BatchRow.encodedSize }

    func redo(_ range: Range<Int>) throws(RetentionError) -> [StoredExtent] { try rows(redoStart, range) }

    /// Before-images by address, disjoint.
    func undo(_ range: Range<Int>) throws(RetentionError) -> [StoredExtent] {
        let rows = try rows(redoStart + Int(summary.redoCount) * StoredExtent.encodedSize, range)
        for (row, next) in zip(rows, rows.dropFirst()) where row.end > next.address {
            throw Self.translate(FormatError.invalid("before-images out of order at \(next.address.rawValue)"), name)
        }
        return rows
    }

    /// The before-images that overlap a range.
    func undo(from start: DiskAddress, to end: DiskAddress) throws(RetentionError) -> [StoredExtent] {
        let landmarks = try undoLandmarks()
        // The stretch with the first row that ends behind the start; a search of it stays on a page or two.
        var stretch = 0
        var stretches = landmarks.count
        while stretch < stretches {
            let middle = (stretch + stretches) / 2
            if landmarks[middle] <= start { stretch = middle + 1 } else { stretches = middle }
        }
        var low = min(stretch * Self.stretchRows, Int(summary.undoCount))
        var high = min(low + Self.stretchRows, Int(summary.undoCount))
        while low < high {
            let middle = (low + high) / 2
            if try undo(middle..<middle + 1)[0].end <= start { low = middle + 1 } else { high = middle }
        }
        var found: [StoredExtent] = []
        while low < Int(summary.undoCount) {
            let row = try undo(low..<low + 1)[0]
            guard row.address < end else { break }
            if row.end > start { found.append(row) }
            low += 1
        }
        return found
    }

    /// Where each stretch of before-images ends: found by the first search, for all that follow.
    private func undoLandmarks() throws(RetentionError) -> [DiskAddress] {
        if let landmarks { return landmarks }
        var found: [DiskAddress] = []
        let count = Int(summary.undoCount)
        for start in stride(from: 0, to: count, by: Self.stretchRows) {
            let last = min(start + Self.stretchRows, count) - 1
            found.append(try undo(last..<last + 1)[0].end)
        }
        landmarks = found
        return found
    }

    private func rows(_ start: Int, _ range: Range<Int>) throws(RetentionError) -> [StoredExtent] {
        let size = StoredExtent.encodedSize
        let bytes = try content(start + range.lowerBound * size..<start + range.upperBound * size)
        var reader = unsafe ByteReader(bytes.span.bytes)
        var rows: [StoredExtent] = []
        rows.reserveCapacity(range.count)
        do {
            for _ in range {
                let row = try StoredExtent(decoding: &reader)
                guard files.hasRoom(for: row) else {
                    throw FormatError.invalid("\(row.sectorCount) sectors past the end of disk \(row.address.disk)")
                }
                rows.append(row)
            }
        } catch {
            throw Self.translate(error, name)
        }
        return rows
    }
}
