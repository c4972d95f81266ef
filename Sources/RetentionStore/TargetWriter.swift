// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Writes a chunk's pieces to the target disks: large ones from where they are, small neighbours gathered into one
/// write. Where the pieces are small and scattered, several are written at once.
struct TargetWriter {
    let shared: GroupShared
    let team: any IOTeam

    /// Writers that share a chunk of small pieces.
    static let lanes = 4
    /// Pieces for which a further writer is worth its while.
    static let piecesOfLane = 4
    /// A chunk whose pieces are longer in the mean is written by ``lanesOfLarge``: that goes about as fast as the disk does
    /// in order, and holds its own beside the journal.
    static let smallBytes = 128 << 10
    static let lanesOfLarge = 2
    /// Lanes part where this many bytes of a disk do: no two of them touch the same block of a filesystem.
    static let apart: UInt64 = 64 << 10

    func write(_ chunk: Chunk) throws(RetentionError) {
        try team.runAll(
            Self.shares(chunk).map { range in
                IOJob { () throws(RetentionError) in
                    var lane = TargetLane(shared: shared, loaded: chunk.loaded)
                    try lane.write(chunk.pieces[range])
                }
            })
    }

    private static func shares(_ chunk: Chunk) -> [Range<Int>] {
        let count = chunk.pieces.count
        let bytes = chunk.pieces.reduce(0) { $0 + $1.piece.byteCount }
        guard count > 0 else { return [] }
        let wanted = bytes / count > smallBytes ? min(lanesOfLarge, count) : min(lanes, max(1, count / piecesOfLane))
        var shares: [Range<Int>] = []
        var start = 0
        for number in 1...wanted {
            var end = number == wanted ? count : max(start, count * number / wanted)
            while end > start, end < count, !isApart(chunk.pieces[end - 1].piece, chunk.pieces[end].piece) { end += 1 }
            if end > start { shares.append(start..<end) }
            start = end
        }
        return shares
    }

    private static func isApart(_ left: ExtentPiece, _ right: ExtentPiece) -> Bool {
        left.address.disk != right.address.disk
            || right.address.byteOffset.rawValue / apart > (left.end.byteOffset.rawValue - 1) / apart
    }
}

/// One writer: goes through its pieces by address, and writes those that follow each other with one I/O.
private struct TargetLane: ~Copyable {
    /// Where the bytes of a run are, one after the other.
    private enum Memory {
        /// Small pieces from anywhere, gathered.
        case staging
        /// What was read from history, from an offset on.
        case loaded(Int)
        /// As they were received, from an offset of the payload on.
        case received(BatchPart, Int)
    }

    private let shared: GroupShared
    private let loaded: IOBuffer?
    /// Taken when it is needed first.
    private var staging: IOBuffer?
    private var run = Memory.staging
    private var runStart = DiskAddress(rawValue: 0)
    private var runBytes = 0

    /// Bytes of one write at most.
    static let runLimit = 1 << 20
    /// Pieces from this size on are not gathered.
    static let directBytes = 64 << 10

    init(shared: GroupShared, loaded: IOBuffer?) {
        self.shared = shared
        self.loaded = loaded
    }

    deinit { if let staging { IOBufferPool.shared.giveBack(staging) } }

    mutating func write(_ pieces: ArraySlice<(piece: ExtentPiece, origin: Chunk.Origin)>) throws(RetentionError) {
        for (piece, origin) in pieces {
            switch origin {
            case .zeroes:
                try writeRun()
                let target = try target(piece.address.disk)
                do {
                    try target.writeZeroes(at: piece.address.byteOffset, count: ByteCount(piece.byteCount))
                } catch {
                    throw .target(error)
                }
                count(piece.byteCount)
            case .memory(let part, let offset):
                let start = offset + piece.offsetInStored
                if follows(piece, .received(part, start)) {
                    runBytes += piece.byteCount
                } else if piece.byteCount >= Self.directBytes {
                    try begin(piece, .received(part, start))
                } else {
                    try stage(piece, part, start)
                }
            case .loaded(let offset):
                if follows(piece, .loaded(offset)) {
                    runBytes += piece.byteCount
                } else {
                    try begin(piece, .loaded(offset))
                }
            case .history: preconditionFailure("a chunk is written when what it needs of history has been read")
            }
        }
        try writeRun()
    }

    /// Whether a piece goes on where the run ends, on the disk as in memory, and one write still holds both.
    private func follows(_ piece: ExtentPiece, _ memory: Memory) -> Bool {
        guard runBytes > 0, runBytes + piece.byteCount <= Self.runLimit,
            DiskAddress(rawValue: runStart.rawValue + UInt64(runBytes) / Sector.size) == piece.address
        else { return false }
        switch (run, memory) {
        case (.staging, .staging): return runBytes + piece.byteCount <= staging?.byteCount ?? 0
        case (.loaded(let start), .loaded(let next)): return start + runBytes == next
        case (.received(let part, let start), .received(let other, let next)):
            return part === other && start + runBytes == next
        default: return false
        }
    }

    private mutating func begin(_ piece: ExtentPiece, _ memory: Memory) throws(RetentionError) {
        try writeRun()
        run = memory
        runStart = piece.address
        runBytes = piece.byteCount
    }

    private mutating func stage(_ piece: ExtentPiece, _ part: BatchPart, _ start: Int) throws(RetentionError) {
        if !follows(piece, .staging) {
            try begin(piece, .staging)
            runBytes = 0
        }
        let area = staging ?? IOBufferPool.shared.take()
        staging = area
        part.withPayload(start..<start + piece.byteCount) { bytes in
            area.withMutableBytes(runBytes..<runBytes + piece.byteCount) { $0.replace(at: 0, with: bytes) }
        }
        runBytes += piece.byteCount
    }

    private mutating func writeRun() throws(RetentionError) {
        let (start, bytes) = (runStart, runBytes)
        runBytes = 0
        guard bytes > 0 else { return }
        let target = try target(start.disk)
        let write = { (span: RawSpan) throws(DeviceError) in try target.write(span, at: start.byteOffset) }
        do {
            switch run {
            case .staging: try staging?.withBytes(0..<bytes, write)
            case .loaded(let offset): try loaded?.withBytes(offset..<offset + bytes, write)
            case .received(let part, let offset): try part.withPayload(offset..<offset + bytes, write)
            }
        } catch {
            throw .target(error)
        }
        count(bytes)
    }

    private func count(_ bytes: Int) { shared.state.withLock { $0.counters.writtenBytes += UInt64(bytes) } }

    private func target(_ number: DiskNumber) throws(RetentionError) -> any BlockDevice {
        guard let disk = shared.disks[number] else {
            throw RetentionError(
                .unknownDisk,
                "History has changes for disk \(number), which is not bound to this group. Bind it again.")
        }
        return disk.target
    }
}
