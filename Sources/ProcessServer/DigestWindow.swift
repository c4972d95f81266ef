// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A view of one disk's remembered digests that moves forward over the file: 64 pages in memory, a gibibyte of disk.
///
/// Memory does not grow with the disk. Pages that were changed are handed to the sink when the window moves on.
package struct DigestWindow: ~Copyable {
    static let pageCount = 64

    /// Where changed pages go.
    package enum Sink {
        /// Over the old ones: while a sync fills the file.
        case file
        /// Beside them, until the receiver confirms the pass.
        case overlay(PendingPages)
    }

    private let file: any StoreFile
    private let disk: DiskNumber
    private let seed: UInt64
    private let pages: UInt64
    private let sink: Sink

    private var buffer = AlignedBuffer(count: pageCount * DigestPage.byteCount)
    private var firstPage: UInt64?
    private var changed = [Bool](repeating: false, count: pageCount)

    package init(file: any StoreFile, disk: DiskNumber, seed: UInt64, blocks: UInt64, sink: Sink) {
        self.file = file
        self.disk = disk
        self.seed = seed
        self.sink = sink
        pages = DigestPage.count(blocks: blocks)
    }

    /// What is remembered of a block; ``DigestPage/unknown`` when nothing is.
    package mutating func digest(of block: UInt64) throws(ProcessServerError) -> RangeDigest {
        let (page, index) = try load(block)
        return buffer.withBytes(Self.bytes(of: page)) { DigestPage.digest(index, in: $0) }
    }

    package mutating func set(_ digest: RangeDigest, of block: UInt64) throws(ProcessServerError) {
        let (page, index) = try load(block)
        changed[page] = true
        buffer.withMutableBytes(Self.bytes(of: page)) { DigestPage.set(digest, at: index, in: &$0) }
    }

    private static func bytes(of page: Int) -> Range<Int> {
        page * DigestPage.byteCount..<(page + 1) * DigestPage.byteCount
    }

    /// Hands over what is changed.
    package mutating func finish() throws(ProcessServerError) {
        guard let first = firstPage else { return }
        for page in 0..<Self.pageCount where changed[page] {
            changed[page] = false
            let number = first + UInt64(page)
            let place = DigestPage.place(disk: disk, page: number)
            let (seed, sink, file) = (seed, sink, file)
            buffer.withMutableBytes(Self.bytes(of: page)) { DigestPage.seal(&$0, place: place, seed: seed) }
            try buffer.withBytes(Self.bytes(of: page)) { (bytes) throws(ProcessServerError) in
                switch sink {
                case .file: try Self.write(bytes, to: file, page: number)
                case .overlay(let overlay): try overlay.append(bytes)
                }
            }
        }
    }

    private static func write(
        _ bytes: RawSpan, to file: any StoreFile, page: UInt64
    ) throws(ProcessServerError) {
        do {
            try file.write(bytes, at: ByteOffset(page * UInt64(DigestPage.byteCount)))
        } catch {
            throw .state(error)
        }
    }

    private mutating func load(_ block: UInt64) throws(ProcessServerError) -> (page: Int, index: Int) {
        let number = block / UInt64(DigestPage.digestCount)
        let index = Int(block % UInt64(DigestPage.digestCount))
        precondition(number < pages, "a block past the end of the disk has no digest")
        let first = number / UInt64(Self.pageCount) * UInt64(Self.pageCount)
        if first != firstPage {
            try finish()
            try read(from: first)
        }
        return (Int(number - first), index)
    }

    private mutating func read(from first: UInt64) throws(ProcessServerError) {
        let count = Int(min(UInt64(Self.pageCount), pages - first))
        firstPage = nil
        let (seed, disk, file) = (seed, disk, file)
        do {
            try buffer.withMutableBytes(0..<count * DigestPage.byteCount) { (span) throws(DeviceError) in
                try file.read(into: &span, at: ByteOffset(first * UInt64(DigestPage.byteCount)))
            }
        } catch {
            throw .state(error)
        }
        for page in 0..<count {
            let place = DigestPage.place(disk: disk, page: first + UInt64(page))
            buffer.withMutableBytes(Self.bytes(of: page)) { span in
                let isValid = DigestPage.place(of: span.bytes) == place && DigestPage.isValid(span.bytes, seed: seed)
                if !isValid { span.zero(at: 0, count: DigestPage.byteCount) }
            }
        }
        firstPage = first
    }
}
