// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives
import Synchronization

/// Reads what a chunk writes from history: neighbours in a segment with one I/O, nothing twice, several at once; every
/// extent is checked before any of it is used (promise 7).
struct HistoryLoader {
    /// A piece and where its bytes go.
    struct Want {
        var piece: ExtentPiece
        var role: HistoryFiles.Role
        var offset: Int
    }

    /// One I/O and what it serves.
    private struct Run {
        var role: HistoryFiles.Role
        var file: FileNumber
        var bytes: Range<UInt64>
        var wants: Range<Int>
    }

    private struct Progress {
        var next = 0
        var hasFailed = false
    }

    let files: HistoryFiles
    let team: any IOTeam

    /// Reads at once: several where they are small. Large ones keep a disk busy along with what else is done then.
    static let (lanesOfLarge, lanesOfSmall) = (1, 4)
    static let largeBytes = 256 << 10
    /// Bytes between two extents that are read and thrown away rather than skipped.
    static let bridgedBytes: UInt64 = 32 << 10
    private static let block: UInt64 = 4096

    /// Puts the bytes of every piece at its place in `buffer`.
    ///
    /// - Throws: `.historyDamaged` when bytes are not those that were stored.
    func load(_ wants: [Want], into buffer: IOBuffer) throws(RetentionError) {
        let wants = wants.sorted { Self.key($0) < Self.key($1) }
        let runs = Self.runs(wants)
        guard !runs.isEmpty else { return }
        let bytes = runs.reduce(UInt64(0)) { $0 + UInt64($1.bytes.count) }
        let isLarge = bytes / UInt64(runs.count) >= UInt64(Self.largeBytes)
        let progress = Mutex(Progress())
        let lane = IOJob { () throws(RetentionError) in
            let area = IOBufferPool.shared.takeWhole()
            defer { IOBufferPool.shared.giveBack(area) }
            while true {
                let run = progress.withLock { progress -> Run? in
                    guard !progress.hasFailed, progress.next < runs.count else { return nil }
                    defer { progress.next += 1 }
                    return runs[progress.next]
                }
                guard let run else { return }
                do throws(RetentionError) {
                    try load(run, wants[run.wants], through: area, into: buffer)
                } catch {
                    progress.withLock { $0.hasFailed = true }
                    throw error
                }
            }
        }
        let lanes = min(runs.count, isLarge ? Self.lanesOfLarge : Self.lanesOfSmall)
        try team.runAll([IOJob](repeating: lane, count: lanes))
    }

    private static func key(_ want: Want) -> (UInt32, UInt32, UInt64) {
        (want.piece.stored.file.rawValue, want.piece.stored.block, want.piece.address.rawValue)
    }

    /// The whole blocks that hold an extent, as direct I/O wants them.
    private static func blocks(_ stored: StoredExtent) -> Range<UInt64> {
        let start = stored.payloadOffset & ~(block - 1)
        return start..<(stored.payloadOffset + UInt64(stored.byteCount) + block - 1) & ~(block - 1)
    }

    /// Gathers sorted wants into reads of at most a work area.
    private static func runs(_ wants: [Want]) -> [Run] {
        var runs: [Run] = []
        for (index, want) in wants.enumerated() {
            let bytes = blocks(want.piece.stored)
            if var last = runs.last, last.role == want.role, last.file == want.piece.stored.file,
                bytes.lowerBound <= last.bytes.upperBound + bridgedBytes,
                max(bytes.upperBound, last.bytes.upperBound) - last.bytes.lowerBound
                    <= UInt64(IOBufferPool.wholeBytes)
            {
                last.bytes = last.bytes.lowerBound..<max(bytes.upperBound, last.bytes.upperBound)
                last.wants = last.wants.lowerBound..<index + 1
                runs[runs.count - 1] = last
            } else {
                runs.append(
                    Run(role: want.role, file: want.piece.stored.file, bytes: bytes, wants: index..<index + 1))
            }
        }
        return runs
    }

    private func load(
        _ run: Run, _ wants: ArraySlice<Want>, through area: IOBuffer, into buffer: IOBuffer
    ) throws(RetentionError) {
        guard let first = wants.first?.piece.stored else { return }
        // What is wanted as it is stored goes straight to its place.
        let place = Self.isInPlace(run, wants) ? wants[wants.startIndex].offset : nil
        do {
            let file = try files.open(run.role, run.file)
            let (memory, offset) = (place == nil ? area : buffer, place ?? 0)
            try memory.withMutableBytes(offset..<offset + run.bytes.count) { (bytes) throws(DeviceError) in
                try file.read(into: &bytes, at: ByteOffset(run.bytes.lowerBound))
            }
        } catch {
            guard error.code != .notFound, error.code != .shortTransfer else {
                throw PayloadReader.damaged(first, run.role, "is missing or cut short (\(error))")
            }
            throw .retention(error)
        }
        if place != nil {
            for want in wants { try check(want, in: buffer, at: want.offset) }
            return
        }
        var checked: StoredExtent?
        for want in wants {
            let stored = want.piece.stored
            let start = Int(stored.payloadOffset - run.bytes.lowerBound)
            if checked != stored { try check(want, in: area, at: start) }
            checked = stored
            let from = start + want.piece.offsetInStored
            area.withBytes(from..<from + want.piece.byteCount) { bytes in
                buffer.withMutableBytes(want.offset..<want.offset + want.piece.byteCount) { span in
                    span.replace(at: 0, with: bytes)
                }
            }
        }
    }

    /// Whether its wants are whole extents that follow each other in the segment as in the buffer, from block to block.
    private static func isInPlace(_ run: Run, _ wants: ArraySlice<Want>) -> Bool {
        guard let first = wants.first, first.offset % Int(block) == 0 else { return false }
        var (stored, offset) = (run.bytes.lowerBound, first.offset)
        for want in wants {
            guard want.piece.stored.payloadOffset == stored, want.offset == offset,
                want.piece.byteCount == want.piece.stored.byteCount
            else { return false }
            stored += UInt64(want.piece.byteCount)
            offset += want.piece.byteCount
        }
        return stored == run.bytes.upperBound
    }

    private func check(_ want: Want, in memory: IOBuffer, at start: Int) throws(RetentionError) {
        let stored = want.piece.stored
        guard memory.withBytes(start..<start + stored.byteCount, { Checksum(of: $0) }).rawValue == stored.checksum
        else { throw PayloadReader.damaged(stored, want.role, "does not have the checksum it was stored with") }
    }
}
