// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Reads the bytes of stored extents from redo and undo segments, and checks every one before it is used (promise 7).
struct PayloadReader: ~Copyable {
    private let files: HistoryFiles
    private var buffer = AlignedBuffer(uninitialized: Extent.maximumDataBytes + 8192)
    /// The extent whose bytes are in the buffer, and where they start there.
    private var loaded: (stored: StoredExtent, start: Int)?

    init(files: HistoryFiles) { self.files = files }

    /// Puts a piece's bytes at `offset` of `destination`.
    ///
    /// - Throws: `.historyDamaged` when the bytes are not those that were stored.
    @_lifetime(destination: copy destination)
    mutating func read(
        _ piece: ExtentPiece, role: HistoryFiles.Role, into destination: inout MutableRawSpan, at offset: Int
    ) throws(RetentionError) {
        guard !piece.stored.isZeroes else { return destination.zero(at: offset, count: piece.byteCount) }
        let start = try load(piece.stored, role: role) + piece.offsetInStored
        destination.replace(at: offset, with: buffer.bytes.extracting(start..<start + piece.byteCount))
    }

    /// Reads and checks a whole stored extent; where its bytes start in the buffer.
    private mutating func load(_ stored: StoredExtent, role: HistoryFiles.Role) throws(RetentionError) -> Int {
        if let loaded, loaded.stored == stored { return loaded.start }
        loaded = nil
        // Direct I/O wants whole blocks: read those that hold the extent.
        let first = stored.payloadOffset & ~4095
        let start = Int(stored.payloadOffset - first)
        let count = (start + stored.byteCount + 4095) & ~4095
        do {
            let file = try files.open(role, stored.file)
            var span = buffer.mutableBytes
            var target = span._mutatingExtracting(0..<count)
            try file.read(into: &target, at: ByteOffset(first))
        } catch {
            guard error.code != .notFound, error.code != .shortTransfer else {
                throw Self.damaged(stored, role, "is missing or cut short (\(error))")
            }
            throw .retention(error)
        }
        guard Checksum(of: buffer.bytes.extracting(start..<start + stored.byteCount)).rawValue == stored.checksum else {
            throw Self.damaged(stored, role, "does not have the checksum it was stored with")
        }
        loaded = (stored, start)
        return start
    }

    static func damaged(_ stored: StoredExtent, _ role: HistoryFiles.Role, _ what: String) -> RetentionError {
        RetentionError(
            .historyDamaged,
            """
            History is damaged: \(HistoryFiles.name(role, stored.file)) at byte \(stored.payloadOffset), the content \
            of disk \(stored.address.disk) from sector \(stored.address.sector), \(what). Points that need it are not \
            offered; run `mtctl retention scrub` to learn which.
            """)
    }
}
