// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Synchronization

/// The merged index of one point, in a passing file: what history says about it, by address, each part once. Never changes
/// once it is made, so that many may read it.
///
/// Memory: the first address of each page and its checksum, and some pages. A crash leaves the file behind; the next start
/// removes it.
final class PointIndex: Sendable {
    static let namePrefix = "view-"
    static let rowSize = 64
    /// A read far from the one before costs a page.
    static let rowsInPage = 256
    static let pageBytes = rowSize * rowsInPage

    /// What is kept of the pages that were read: a megabyte, the oldest goes first.
    private struct Pages {
        static let most = 64
        var pieces: [Int: [ExtentPiece]] = [:]
        var order: [Int] = []
        var oldest = 0

        mutating func keep(_ page: [ExtentPiece], _ index: Int) {
            guard pieces.updateValue(page, forKey: index) == nil else { return }
            guard order.count == Self.most else { return order.append(index) }
            pieces[order[oldest]] = nil
            order[oldest] = index
            oldest = (oldest + 1) % Self.most
        }
    }

    /// Writes the pages, and notes what is kept of them in memory.
    private struct Writer {
        let file: any StoreFile
        var firstAddresses: [DiskAddress] = []
        var checksums: [Checksum] = []
        var count = 0

        mutating func write(_ pieces: inout [ExtentPiece]) throws(RetentionError) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(PointIndex.pageBytes)
            for piece in pieces {
                bytes.appendLittle(piece.address.rawValue)
                bytes.appendLittle(piece.sectorCount)
                bytes.appendLittle(piece.rank)
                piece.stored.encode(into: &bytes)
                bytes.append(contentsOf: [UInt8](repeating: 0, count: PointIndex.rowSize - 48))
            }
            var buffer = AlignedBuffer(count: PointIndex.pageBytes)
            var span = buffer.mutableBytes
            unsafe span.replace(at: 0, with: bytes.span.bytes)
            do {
                try file.write(buffer.bytes, at: ByteOffset(UInt64(firstAddresses.count * PointIndex.pageBytes)))
            } catch {
                throw .retention(error)
            }
            if let first = pieces.first { firstAddresses.append(first.address) }
            checksums.append(Checksum(of: buffer.bytes))
            count += pieces.count
            pieces.removeAll(keepingCapacity: true)
        }
    }

    private let folder: any StoreFolder
    private let name: String
    private let file: any StoreFile
    private let firstAddresses: [DiskAddress]
    private let checksums: [Checksum]
    private let count: Int
    private let pages = Mutex(Pages())
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
            var writer = Writer(file: file)
            var sweep = try ExtentSweep(merge)
            var pending: [ExtentPiece] = []
            while let piece = try sweep.next() {
                pending.append(piece)
                if pending.count == Self.rowsInPage { try writer.write(&pending) }
            }
            if !pending.isEmpty { try writer.write(&pending) }
            (firstAddresses, checksums, count) = (writer.firstAddresses, writer.checksums, writer.count)
        } catch {
            Self.remove(self.name, from: folder)
            throw error
        }
    }

    func remove() { Self.remove(name, from: folder) }

    private static func remove(_ name: String, from folder: any StoreFolder) {
        // A view's file that stays behind costs room until the next start, nothing else.
        try? folder.remove(name)
    }

    /// The pieces that overlap a range, cut to it.
    func pieces(from start: DiskAddress, to end: DiskAddress) throws(RetentionError) -> [ExtentPiece] {
        var result: [ExtentPiece] = []
        // The page that starts at or before the range, and those that start within it.
        var index = max(0, Self.firstIndex(in: firstAddresses.count) { firstAddresses[$0] > start } - 1)
        while index < firstAddresses.count, firstAddresses[index] < end {
            let page = try page(index)
            var row = Self.firstIndex(in: page.count) { page[$0].end > start }
            while row < page.count, page[row].address < end {
                var cut = page[row]
                let from = max(cut.address, start)
                cut.sectorCount = UInt32(min(cut.end, end).rawValue - from.rawValue)
                cut.address = from
                result.append(cut)
                row += 1
            }
            index += 1
        }
        return result
    }

    /// The first of so many, in order, of which something is so; their number for none.
    private static func firstIndex(in count: Int, where isSo: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isSo(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func page(_ index: Int) throws(RetentionError) -> [ExtentPiece] {
        if let known = pages.withLock({ $0.pieces[index] }) { return known }
        let page = try load(index)
        pages.withLock { $0.keep(page, index) }
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
