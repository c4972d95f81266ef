// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// A disk of a session: what is read, under which number, and how large it is.
struct SessionDisk {
    let source: any SourceDisk
    let number: DiskNumber
    let geometry: SourceGeometry

    var size: UInt64 { geometry.size.rawValue }
}

/// Reads one disk from front to back and sends the blocks whose digest is not the remembered one.
///
/// A block is digested in the buffer it is sent from: what is remembered is what was sent.
struct DiskScan {
    let disk: SessionDisk
    let seed: UInt64
    let sender: WriteSender
    /// Whether this fills a disk whose sync is open: everything is sent.
    let isSync: Bool
    /// Called with the bytes of the disk that are behind the scan.
    let progress: (UInt64) throws(ProcessServerError) -> Void

    private let zeroDigests: ZeroDigests

    init(
        disk: SessionDisk, seed: UInt64, sender: WriteSender, isSync: Bool,
        progress: @escaping (UInt64) throws(ProcessServerError) -> Void
    ) {
        self.disk = disk
        self.seed = seed
        self.sender = sender
        self.isSync = isSync
        self.progress = progress
        zeroDigests = ZeroDigests(size: disk.size, seed: seed)
    }

    func run(window: inout DigestWindow, changesOnly: Bool, signal: WorkerSignal) throws(ProcessServerError) {
        let reader = ChunkReader(
            source: disk.source, size: disk.geometry.size, changesOnly: changesOnly, signal: signal)
        defer { reader.finish() }
        while let chunk = try reader.next() {
            switch chunk.content {
            case .unchanged: try skip(chunk.range, &window)
            case .zeroes: try zeroes(chunk.range, &window)
            case .data(let cell):
                guard let buffer = cell.take() else { continue }
                try data(buffer, chunk.range, &window)
                cell.put(buffer)
                reader.recycle(cell)
            }
            try progress(chunk.range.upperBound)
        }
        try sender.flush()
        try window.finish()
    }

    /// The disk's own map says that nothing changed: that helps only where something is remembered.
    private func skip(_ range: Range<UInt64>, _ window: inout DigestWindow) throws(ProcessServerError) {
        for block in ScanBlock.index(range.lowerBound)...ScanBlock.index(range.upperBound - 1) {
            guard try window.digest(of: block) != DigestPage.unknown else {
                throw ProcessServerError(
                    .outOfStep, "Remembered digests of \(disk.source.name) are damaged: its content is compared again.")
            }
        }
    }

    private func zeroes(_ range: Range<UInt64>, _ window: inout DigestWindow) throws(ProcessServerError) {
        for block in ScanBlock.index(range.lowerBound)...ScanBlock.index(range.upperBound - 1) {
            let digest = zeroDigests.digest(of: block)
            if !isSync, try window.digest(of: block) == digest { continue }
            try window.set(digest, of: block)
            let start = ScanBlock.start(block)
            try sender.zero(start..<ScanBlock.end(block, size: disk.size), disk: disk.number, isSync: isSync)
        }
    }

    private func data(
        _ buffer: borrowing AlignedBuffer, _ range: Range<UInt64>, _ window: inout DigestWindow
    ) throws(ProcessServerError) {
        let bytes = buffer.bytes.extracting(0..<range.count)
        var run: Range<UInt64>?
        for block in ScanBlock.index(range.lowerBound)...ScanBlock.index(range.upperBound - 1) {
            let start = ScanBlock.start(block)
            let end = ScanBlock.end(block, size: disk.size)
            let content = bytes.extracting(Int(start - range.lowerBound)..<Int(end - range.lowerBound))
            let digest = RangeDigest(of: content, seed: seed)
            var isSame = false
            if !isSync { isSame = try window.digest(of: block) == digest }
            let isZero = !isSame && digest == zeroDigests.digest(of: block) && content.isAllZeroes
            if !isSame { try window.set(digest, of: block) }
            if !isSame, !isZero {
                run = (run?.lowerBound ?? start)..<end
                continue
            }
            try send(&run, bytes, from: range.lowerBound)
            if isZero { try sender.zero(start..<end, disk: disk.number, isSync: isSync) }
        }
        try send(&run, bytes, from: range.lowerBound)
    }

    private func send(_ run: inout Range<UInt64>?, _ bytes: RawSpan, from base: UInt64) throws(ProcessServerError) {
        guard let range = run else { return }
        run = nil
        let slice = bytes.extracting(Int(range.lowerBound - base)..<Int(range.upperBound - base))
        try sender.write(slice, disk: disk.number, at: range.lowerBound, isSync: isSync)
    }
}

/// The digests of blocks of zeroes: of a whole one, and of the disk's last.
struct ZeroDigests {
    private let whole: RangeDigest
    private let last: RangeDigest
    private let lastBlock: UInt64

    init(size: UInt64, seed: UInt64) {
        let zeroes = AlignedBuffer(count: Int(ScanBlock.byteCount))
        lastBlock = ScanBlock.index(max(size, 1) - 1)
        whole = RangeDigest(of: zeroes.bytes, seed: seed)
        let length = Int(ScanBlock.end(lastBlock, size: size) - ScanBlock.start(lastBlock))
        last = RangeDigest(of: zeroes.bytes.extracting(0..<length), seed: seed)
    }

    func digest(of block: UInt64) -> RangeDigest { block == lastBlock ? last : whole }
}
