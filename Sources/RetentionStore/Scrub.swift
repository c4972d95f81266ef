// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What a scrub found.
public struct ScrubReport: Hashable, Sendable {
    /// Something that is not as it was stored.
    public struct Damage: Hashable, Sendable {
        /// The epoch whose file is damaged.
        public let epoch: EpochNumber
        /// True: points inside the epoch are lost. False: also every point before its end.
        public let isRedo: Bool
        /// What is damaged, as a sentence.
        public let message: String
    }

    /// Bytes of history that were read and compared with their checksums.
    public var checkedBytes: UInt64 = 0
    /// Extents that were checked.
    public var checkedExtents: UInt64 = 0
    /// What is damaged, oldest first; empty when all is well.
    public var damages: [Damage] = []

    /// Nothing checked yet.
    public init() {}
}

extension RetentionGroup {
    /// Reads all of history and checks every byte of it. Points that need what is damaged are not offered from then on.
    ///
    /// - Parameter progress: Called with the bytes checked and the bytes there are.
    /// - Throws: When the volume fails, not for damage.
    public func scrub(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws(RetentionError) -> ScrubReport {
        let (epochs, live, pin) = shared.state.withLock { state in
            let number = state.nextPin
            state.nextPin += 1
            state.pins[number] = state.epochs.first?.number ?? EpochNumber.none
            return (state.sealed, state.live, number)
        }
        // What is being checked has to stay until it is.
        defer { _ = shared.state.withLock { $0.pins.removeValue(forKey: pin) } }
        let total = epochs.reduce(ByteCount.zero) { $0 + $1.summary.redoBytes + $1.summary.undoBytes }.rawValue
        var report = ScrubReport()
        var reader = PayloadReader(files: shared.files)
        var scratch = AlignedBuffer(uninitialized: Extent.maximumDataBytes)
        for epoch in epochs {
            let hasRedo = shared.state.withLock { $0.hasRedo(epoch.summary) }
            do throws(RetentionError) {
                let file = try EpochFileReader(epoch.file, files: shared.files)
                for isRedo in hasRedo ? [false, true] : [false] {
                    let count = Int(isRedo ? epoch.summary.redoCount : epoch.summary.undoCount)
                    var start = 0
                    while start < count {
                        let range = start..<min(count, start + 2048)
                        for row in isRedo ? try file.redo(range) : try file.undo(range) where !row.isZeroes {
                            try check(row, isRedo: isRedo, epoch.summary.number, &reader, &scratch, &report)
                        }
                        start = range.upperBound
                        progress(report.checkedBytes, total)
                    }
                }
            } catch {
                guard error.code == .historyDamaged else { throw error }
                report.damages.append(
                    ScrubReport.Damage(epoch: epoch.summary.number, isRedo: false, message: error.message))
            }
        }
        // Epochs that are not sealed yet have their indexes in memory.
        for epoch in live {
            for (isRedo, rows) in [(false, epoch.captured.sorted), (true, epoch.redo)] {
                for row in rows where !row.isZeroes {
                    try check(row, isRedo: isRedo, epoch.summary.number, &reader, &scratch, &report)
                }
            }
            progress(report.checkedBytes, max(total, report.checkedBytes))
        }
        let found = report.damages
        shared.state.withLock { state in
            state.damagedUndo = Set(found.filter { !$0.isRedo }.map(\.epoch))
            state.damagedRedo = Set(found.filter(\.isRedo).map(\.epoch))
        }
        return report
    }

    private func check(
        _ row: StoredExtent, isRedo: Bool, _ epoch: EpochNumber, _ reader: inout PayloadReader,
        _ scratch: inout AlignedBuffer, _ report: inout ScrubReport
    ) throws(RetentionError) {
        let piece = ExtentPiece(address: row.address, sectorCount: row.sectorCount, stored: row, rank: 0)
        report.checkedBytes += UInt64(row.byteCount)
        report.checkedExtents += 1
        do throws(RetentionError) {
            var span = scratch.mutableBytes
            try reader.read(piece, role: isRedo ? .redo : .undo, into: &span, at: 0)
        } catch {
            guard error.code == .historyDamaged else { throw error }
            report.damages.append(
                ScrubReport.Damage(epoch: epoch, isRedo: isRedo, message: error.message))
        }
    }
}
