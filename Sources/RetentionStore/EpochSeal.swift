// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// Turns a live epoch into its file.
enum EpochSeal {
    static func seal(_ live: LiveEpoch, shared: GroupShared) throws(RetentionError) -> SealedEpoch {
        var summary = live.summary
        let undo = live.captured.sorted
        summary.batchCount = UInt32(live.batches.count)
        summary.redoCount = UInt32(live.redo.count)
        summary.undoCount = UInt32(undo.count)
        do {
            let file = try EpochFile.write(
                summary, batches: live.batches, redo: live.redo, undo: undo, files: shared.files,
                created: shared.clock.now())
            return SealedEpoch(summary: summary, file: file)
        } catch {
            throw .retention(error)
        }
    }
}
