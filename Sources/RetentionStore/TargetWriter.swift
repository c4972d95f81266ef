// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Writes a chunk's pieces to the target disks: large ones from where they are, small neighbours gathered into one
/// write.
struct TargetWriter: ~Copyable {
    private let shared: GroupShared
    private var reader: PayloadReader
    private var staging = AlignedBuffer(uninitialized: stagingBytes)
    /// The run that is being gathered.
    private var runStart = DiskAddress(rawValue: 0)
    private var runBytes = 0

    static let stagingBytes = 1 << 20
    /// Pieces from this size on are not gathered.
    static let directBytes = 64 << 10

    init(_ shared: GroupShared) {
        self.shared = shared
        reader = PayloadReader(files: shared.files)
    }

    mutating func write(_ chunk: Chunk) throws(RetentionError) {
        for (piece, origin) in chunk.pieces {
            switch origin {
            case .zeroes:
                let target = try target(piece.address.disk)
                do {
                    try target.writeZeroes(at: piece.address.byteOffset, count: ByteCount(piece.byteCount))
                } catch {
                    throw .target(error)
                }
            case .memory(let part, let offset) where piece.byteCount >= Self.directBytes:
                let target = try target(piece.address.disk)
                let start = offset + piece.offsetInStored
                do {
                    try part.withPayload(start..<start + piece.byteCount) { (bytes) throws(DeviceError) in
                        try target.write(bytes, at: piece.address.byteOffset)
                    }
                } catch {
                    throw .target(error)
                }
            case .memory(let part, let offset):
                try makeRoom(piece)
                let (start, to) = (offset + piece.offsetInStored, runBytes)
                part.withPayload(start..<start + piece.byteCount) { bytes in
                    var span = staging.mutableBytes
                    span.replace(at: to, with: bytes)
                }
                runBytes += piece.byteCount
            case .redo, .undo:
                try makeRoom(piece)
                let role: HistoryFiles.Role = if case .redo = origin { .redo } else { .undo }
                try Self.fill(&staging, at: runBytes, with: piece, role: role, from: &reader)
                runBytes += piece.byteCount
            }
            shared.state.withLock { $0.counters.writtenBytes += UInt64(piece.byteCount) }
        }
        try writeRun()
    }

    private static func fill(
        _ staging: inout AlignedBuffer, at offset: Int, with piece: ExtentPiece, role: HistoryFiles.Role,
        from reader: inout PayloadReader
    ) throws(RetentionError) {
        var span = staging.mutableBytes
        try reader.read(piece, role: role, into: &span, at: offset)
    }

    /// Has the run end where the piece starts, with room for it.
    private mutating func makeRoom(_ piece: ExtentPiece) throws(RetentionError) {
        let end = DiskAddress(rawValue: runStart.rawValue + UInt64(runBytes) / Sector.size)
        if runBytes > 0, end != piece.address || runBytes + piece.byteCount > Self.stagingBytes { try writeRun() }
        if runBytes == 0 { runStart = piece.address }
    }

    private mutating func writeRun() throws(RetentionError) {
        guard runBytes > 0 else { return }
        let target = try target(runStart.disk)
        let (count, offset) = (runBytes, runStart.byteOffset)
        runBytes = 0
        do {
            try target.write(staging.bytes.extracting(0..<count), at: offset)
        } catch {
            throw .target(error)
        }
    }

    private func target(_ number: DiskNumber) throws(RetentionError) -> any BlockDevice {
        guard let disk = shared.disks[number] else {
            throw RetentionError(
                .unknownDisk,
                "History has changes for disk \(number), which is not bound to this group. Bind it again.")
        }
        return disk.target
    }
}
