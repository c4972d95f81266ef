// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What a rebuild did.
public struct RebuildReport: Hashable, Sendable {
    /// Epoch files that were damaged or missing.
    public var damaged: [String] = []
    /// Epochs that the next opening makes again from the segments.
    public var remade = 0
    /// Points up to this one were given up; 0 where none were.
    public var lostUpTo = SequenceNumber.none
}

extension RetentionGroup {
    /// Puts a group right whose epoch files are damaged or missing, from its segments. The group must not be open.
    ///
    /// An epoch file says nothing that the segments do not: without it a start reads the journal and the undo log from
    /// the last good one on, and seals the epochs again. Only of an epoch whose redo has been given up the file is the
    /// only account; then history up to its end has to be given up too, which takes `acceptLoss`.
    ///
    /// - Throws: `.historyDamaged` when points would be lost and `acceptLoss` is false. Nothing was changed then.
    public static func rebuild(
        in folder: any StoreFolder, acceptLoss: Bool, segmentSize: ByteCount = RetentionSettings().segmentSize,
        clock: any WallClock
    ) throws(RetentionError) -> RebuildReport {
        let manifest = try GroupManifest.read(from: folder)
        var report = RebuildReport()
        do {
            let files = try HistoryFiles(
                folder: folder, group: manifest.groupID, segmentSize: segmentSize, reserve: .zero, clock: clock)
            var good: [SealedEpoch] = []
            var bad: [FileNumber] = []
            for number in try files.numbers(.epoch) {
                do throws(RetentionError) {
                    let reader = try EpochFileReader(number, files: files)
                    _ = try reader.batches()
                    good.append(SealedEpoch(summary: reader.summary, file: number))
                } catch {
                    guard error.code == .historyDamaged else { throw error }
                    bad.append(number)
                    report.damaged.append(HistoryFiles.name(.epoch, number))
                }
            }
            good.sort { $0.summary.number < $1.summary.number }
            let firstRedo = try files.numbers(.redo).first
            // The last gap decides: behind it everything is told by files, before it by what can be read again.
            var remake: [SealedEpoch] = []
            var give: [SealedEpoch] = []
            for (index, pair) in zip(good, good.dropFirst()).enumerated()
            where pair.1.summary.firstSequence != pair.0.summary.lastSequence.next {
                report.damaged.append(
                    "the epochs between points \(pair.0.summary.lastSequence) and \(pair.1.summary.firstSequence)")
                if let firstRedo, firstRedo <= pair.0.summary.resumeFile {
                    remake = Array(good[(index + 1)...])
                    break
                }
                give = Array(good[...index])
            }
            if let last = give.last {
                guard acceptLoss else {
                    throw RetentionError(
                        .historyDamaged,
                        """
                        The redo of the damaged epochs is no longer kept, so points up to \(last.summary.lastSequence) \
                        cannot be made again. Run the rebuild with --accept-loss to give them up; later points are \
                        not touched.
                        """)
                }
                report.lostUpTo = last.summary.lastSequence
            }
            // A damaged file may go only where the journal, read on from the good epoch before it, tells all that it told.
            let isOnlyAccount = bad.contains { number in
                guard let firstRedo, let before = good.last(where: { $0.file < number }) else { return true }
                return firstRedo > before.summary.resumeFile
            }
            guard acceptLoss || !isOnlyAccount else {
                throw RetentionError(
                    .historyDamaged,
                    """
                    \(report.damaged.joined(separator: ", ")) cannot be made again: the redo of that time is no longer kept. Run \
                    the rebuild with --accept-loss to give those points up.
                    """)
            }
            for epoch in give + remake { try files.release(.epoch, epoch.file) }
            for number in bad { try files.release(.epoch, number) }
            try folder.sync()
            report.remade = remake.count + (isOnlyAccount ? 0 : bad.count)
        } catch let error as RetentionError {
            throw error
        } catch let error as DeviceError {
            throw .retention(error)
        } catch {
            throw RetentionError(.retentionFailed, "\(error)")
        }
        return report
    }
}
