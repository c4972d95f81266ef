// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What a rebuild did.
public struct RebuildReport: Hashable, Sendable {
    /// Epoch files that were damaged or missing.
    public var damaged: [String] = []
    /// Epoch files that were let go, whose epochs the next opening makes again from the segments.
    public var remade = 0
    /// Points before this one were given up; 0 where none were.
    public var lostBefore = SequenceNumber.none

    /// Nothing was damaged, and nothing done.
    public init() {}
}

extension RetentionGroup {
    /// Puts a group right whose epoch files are damaged or missing, from its segments. The group must not be open.
    ///
    /// An epoch file says nothing that the segments do not: without it a start reads the journal and the undo log from
    /// the last good one on, and seals the epochs again. Only of an epoch whose redo has been given up the file is the
    /// only account; then history up to its end has to be given up too, which takes `acceptLoss`.
    ///
    /// - Throws: `.historyDamaged` when points would be lost and `acceptLoss` is false, or when the journal does not go
    ///   on from anything that is left. Nothing was changed then.
    public static func rebuild(
        in folder: any StoreFolder, acceptLoss: Bool, segmentSize: ByteCount = RetentionSettings().segmentSize,
        clock: any WallClock
    ) throws(RetentionError) -> RebuildReport {
        let manifest = try GroupManifest.read(from: folder)
        do {
            let files = try HistoryFiles(
                folder: folder, group: manifest.groupID, segmentSize: segmentSize, reserve: .zero, clock: clock)
            let survey = try EpochSurvey(files)
            guard survey.isDamaged else { return RebuildReport() }
            let plan = try RebuildPlan(survey)
            if let loss = plan.loss, !acceptLoss { throw loss }
            for epoch in plan.released { try files.release(.epoch, epoch) }
            try folder.sync()
            return plan.report
        } catch let error as RetentionError {
            throw error
        } catch let error as DeviceError {
            throw .retention(error)
        } catch {
            throw RetentionError(.retentionFailed, "\(error)")
        }
    }
}

/// What a folder's epoch files say when each is read to its end, and how far back its journal goes.
struct EpochSurvey {
    /// An epoch file that cannot be read.
    struct Bad {
        var file: FileNumber
        /// Which epoch it was of, where its header can still be read.
        var epoch: EpochNumber?
    }

    /// Good epochs that follow each other without a gap or a bad one between them.
    private(set) var runs: [[SealedEpoch]] = []
    private(set) var bad: [Bad] = []
    /// Sentences' ends that name what is damaged.
    private(set) var damaged: [String] = []
    private let firstRedo: FileNumber?
    /// True when the journal tells everything from the first record on.
    let journalIsWhole: Bool

    init(_ files: HistoryFiles) throws {
        var good: [SealedEpoch] = []
        for number in try files.numbers(.epoch) {
            do throws(RetentionError) {
                let reader = try EpochFileReader(number, files: files)
                _ = try reader.batches()
                good.append(SealedEpoch(summary: reader.summary, file: number))
            } catch {
                guard error.code == .historyDamaged else { throw error }
                // A header that cannot be read either is what `epoch` is nil for.
                bad.append(Bad(file: number, epoch: try? files.header(.epoch, number).epoch))
                damaged.append(HistoryFiles.name(.epoch, number))
            }
        }
        firstRedo = try files.numbers(.redo).first
        journalIsWhole =
            try firstRedo.map { try SegmentScanner(role: .redo, files: files).fileHeader($0).first == 1 } ?? false
        good.sort { $0.summary.number < $1.summary.number }
        for epoch in good { add(epoch) }
    }

    private mutating func add(_ epoch: SealedEpoch) {
        guard let last = runs.last?.last?.summary else { return runs.append([epoch]) }
        let isNext = epoch.summary.firstSequence == last.lastSequence.next
        let isCovered = epoch.summary.firstSequence <= last.lastSequence
        if !isNext, !isCovered {
            damaged.append("the epochs between points \(last.lastSequence) and \(epoch.summary.firstSequence)")
        }
        if isNext || isCovered { runs[runs.count - 1].append(epoch) } else { runs.append([epoch]) }
    }

    var isDamaged: Bool { !damaged.isEmpty }

    /// Whether something that cannot be read was before an epoch, or may have been.
    func isDamagedBefore(_ epoch: SealedEpoch) -> Bool {
        epoch.summary.firstSequence > SequenceNumber(1)
            && bad.contains { $0.epoch.map { $0 < epoch.summary.mergedFrom } ?? true }
    }

    /// Whether the journal still tells what came after an epoch.
    func journalGoesOn(after epoch: SealedEpoch) -> Bool {
        firstRedo.map { $0 <= epoch.summary.resumeFile } ?? false
    }
}

/// Which epoch files have to go so that a start makes them again.
struct RebuildPlan {
    private(set) var released: [FileNumber]
    private(set) var report = RebuildReport()
    /// What has to be accepted first; nil when nothing is lost.
    private(set) var loss: RetentionError?

    /// The first run that the journal goes on from stays; what is behind it is made again, what is before it is lost.
    init(_ survey: EpochSurvey) throws(RetentionError) {
        released = survey.bad.map(\.file)
        report.damaged = survey.damaged
        let starts = survey.runs.first.flatMap { survey.isDamagedBefore($0[0]) ? nil : $0[0] }
        if survey.journalIsWhole, starts == nil {
            remake(survey.runs.joined())
            report.remade += survey.bad.count
            return
        }
        let goingOn = survey.runs.firstIndex { run in run.last.map(survey.journalGoesOn(after:)) ?? false }
        guard let kept = goingOn else {
            throw RetentionError(
                .historyDamaged,
                """
                \(survey.damaged.joined(separator: ", ")) cannot be made again, and the journal does not go on from \
                what is left. Nothing was changed. Restore the retention volume, or protect these disks in a new group.
                """)
        }
        remake(survey.runs[(kept + 1)...].joined())
        let first = survey.runs[kept][0]
        guard kept > 0 || starts == nil else {
            report.remade += survey.bad.count
            return
        }
        released += survey.runs[..<kept].joined().map(\.file)
        let end = first.summary.firstSequence.previous
        report.lostBefore = end
        report.remade += survey.bad.count { $0.epoch.map { $0 > first.summary.number } ?? false }
        loss = RetentionError(
            .historyDamaged,
            """
            \(survey.damaged.joined(separator: ", ")) cannot be made again: the redo of that time is no longer kept. \
            Run the rebuild with --accept-loss to give up the points before \(end); later ones are not touched.
            """)
    }

    private mutating func remake(_ epochs: some Sequence<SealedEpoch>) {
        for epoch in epochs {
            released.append(epoch.file)
            report.remade += 1
        }
    }
}
