// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// The merged index of one point, in a passing file: what history says about it, by address, each part once.
///
/// Memory: the first address of each page, and ``keptPages`` pages. A crash leaves the file behind; the next start
/// removes it.
final class PointIndex {
    static let namePrefix = "view-"
    static let rowSize = 64
    static let rowsInPage = 256
    static let pageBytes = rowSize * rowsInPage
    /// Pages of 16 KiB that are kept, so that reads here and there find theirs: 2 MiB of a view.
    static let keptPages = 128

    private let folder: any StoreFolder
    private let name: String
    private let file: any StoreFile
    private var firstAddresses: [DiskAddress] = []
    private var checksums: [Checksum] = []
    private var count = 0
    private var pages: [Int: [ExtentPiece]] = [:]
    /// The pages that are kept, by when they were loaded.
    private var loaded: [Int] = []
    private var oldest = 0
    /// Ranks below it are redo.
    let redoCount: UInt32

    /// Merges and writes.
    init(_ merge: consuming HistoryMerge, name: String, folder: any StoreFolder) throws(RetentionError) {
        self.folder = folder
        self.name = Self.namePrefix + name
        redoCount = merge.redoCount
        do {
            file = try folder.create(self.name)
        } catch {
            throw .retention(error)
        }
        do throws(RetentionError) {
            var sweep = try ExtentSweep(merge)
            var pending: [ExtentPiece] = []
            while let piece = try sweep.next() {
                pending.append(piece)
                if pending.count == Self.rowsInPage { try writePage(&pending) }
            }
            if !pending.isEmpty { try writePage(&pending) }
        } catch {
            remove()
            throw error
        }
    }

    func remove() {
        // A view's file that stays behind costs room until the next start, nothing else.
        try? folder.remove(name)
    }

    private func writePage(_ pieces: inout [ExtentPiece]) throws(RetentionError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.pageBytes)
        for piece in pieces {
            bytes.appendLittle(piece.address.rawValue)
            bytes.appendLittle(piece.sectorCount)
            bytes.appendLittle(piece.rank)
            piece.stored.encode(into: &bytes)
            bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.rowSize - 48))
        }
        var buffer = AlignedBuffer(count: Self.pageBytes)
        var span = buffer.mutableBytes
        unsafe span.replace(at: 0, with: bytes.span.bytes)
        do {
            try file.write(buffer.bytes, at: ByteOffset(UInt64(firstAddresses.count * Self.pageBytes)))
        } catch {
            throw .retention(error)
        }
        if let first = pieces.first { firstAddresses.append(first.address) }
        checksums.append(Checksum(of: buffer.bytes))
        count += pieces.count
        pieces.removeAll(keepingCapacity: true)
    }

    /// The pieces that overlap a range, cut to it.
    func pieces(from start: DiskAddress, to end: DiskAddress) throws(RetentionError) -> [ExtentPiece] {
        var result: [ExtentPiece] = []
        // The page that starts at or before the range, and those that start within it.
        var low = 0
        var high = firstAddresses.count
        while low < high {
            let middle = (low + high) / 2
            if firstAddresses[middle] <= start { low = middle + 1 } else { high = middle }
        }
        var index = max(0, low - 1)
        while index < firstAddresses.count, firstAddresses[index] < end {
            let page = try page(index)
            for piece in page[Self.firstEnding(after: start, in: page)...] {
                guard piece.address < end else { break }
                var cut = piece
                let from = max(piece.address, start)
                cut.address = from
                cut.sectorCount = UInt32(min(piece.end, end).rawValue - from.rawValue)
                result.append(cut)
            }
            index += 1
        }
        return result
    }

    /// Pieces are disjoint and by address.
    private static func firstEnding(after address: DiskAddress, in page: [ExtentPiece]) -> Int {
        var low = 0
        var high = page.count
        while low < high {
            let middle = (low + high) / 2
            if page[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func page(_ index: Int) throws(RetentionError) -> [ExtentPiece] {
        if let known = pages[index] { return known }
        let page = try load(index)
        if loaded.count < Self.keptPages {
            loaded.append(index)
        } else {
            pages[loaded[oldest]] = nil
            loaded[oldest] = index
            oldest = (oldest + 1) % Self.keptPages
        }
        pages[index] = page
        return page
    }

    private func load(_ index: Int) throws(RetentionError) -> [ExtentPiece] {
        var buffer = AlignedBuffer(count: Self.pageBytes)
        do {
            var span = buffer.mutableBytes
            try file.read(into: &span, at: ByteOffset(UInt64(index * Self.pageBytes)))
        } catch {
            throw .retention(error)
        }
        guard Checksum(of: buffer.bytes) == checksums[index] else {
            throw RetentionError(
                .historyDamaged,
                "The passing file \(name) of a view is damaged. Open the view again; history is not harmed.")
        }
        var reader = ByteReader(buffer.bytes)
        var page: [ExtentPiece] = []
        page.reserveCapacity(Self.rowsInPage)
        do {
            for _ in 0..<min(Self.rowsInPage, count - index * Self.rowsInPage) {
                let address = reader.little(UInt64.self) ?? 0
                let sectors = reader.little(UInt32.self) ?? 0
                let rank = reader.little(UInt32.self) ?? 0
                let stored = try StoredExtent(decoding: &reader)
                _ = reader.skip(Self.rowSize - 48)
                page.append(
                    ExtentPiece(
                        address: DiskAddress(rawValue: address), sectorCount: sectors, stored: stored, rank: rank))
            }
        } catch {
            throw EpochFileReader.translate(error, name)
        }
        return page
    }
}
