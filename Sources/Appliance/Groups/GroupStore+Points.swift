// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import RetentionFormat
import RetentionStore
import StoragePrimitives

/// The points of a group. `limit` is the latest point of before a recovery, while the disks show another.
extension GroupStore {
    func points(group name: String, limit: UInt64?) -> PointList {
        let stretches = group.stretches().filter { $0.kind != .rewind }
        let newest = stretches.map(\.lastTime).max()
        let bookmarks = stretches.flatMap { stretch in
            zip(stretch.bookmarks, stretch.sequencesOfBookmarks).map { bookmark, sequence in
                PointReport(
                    sequence: sequence.rawValue, time: DateTime(bookmark.time), kind: Self.kind(bookmark),
                    accuracy: PointAccuracy(sequence == stretch.last ? stretch.accuracy : stretch.leastAccuracy),
                    label: bookmark.label, id: bookmark.id?.description,
                    losesSeconds: Self.seconds(from: bookmark.time, to: newest))
            }
        }
        // A point that there is not is missing in the list, and no failure.
        func report(_ reference: PointReference) -> PointReport? { try? resolve(reference, limit: limit).point }
        return PointList(
            group: name,
            stretches: stretches.map { stretch in
                StretchReport(
                    firstSequence: stretch.first.rawValue, lastSequence: stretch.last.rawValue,
                    firstTime: DateTime(stretch.firstTime), lastTime: DateTime(stretch.lastTime),
                    accuracy: PointAccuracy(stretch.leastAccuracy),
                    isBoundariesOnly: !stretch.isEveryBatch)
            }, bookmarks: bookmarks, latest: report(.latest), latestProcessed: report(.latestProcessed),
            latestApplicationConsistent: report(.latestApplicationConsistent))
    }

    func resolve(_ reference: PointReference, limit: UInt64?) throws -> ResolvedPoint {
        let selector: PointSelector =
            switch reference {
            case .latest: limit.map { .sequence($0) } ?? .latest
            case .latestProcessed: limit.map { .sequence($0) } ?? .latestProcessed
            case .latestApplicationConsistent: .latestApplicationConsistent
            case .bookmark(let label): .bookmark(label)
            case .sequence(let number): .sequence(number)
            case .time(let time): .time(time.timestamp)
            }
        let point = try group.resolve(selector)
        return ResolvedPoint(point: report(point, newest: newest), note: point.note)
    }

    /// The source's time of the newest change; rewinds and unfinished syncs do not count.
    var newest: Timestamp? { group.stretches().filter { $0.kind != .rewind }.map(\.lastTime).max() }

    private func report(_ point: RecoveryPoint, newest: Timestamp?) -> PointReport {
        PointReport(
            sequence: point.sequence.rawValue, time: DateTime(point.time),
            kind: point.bookmark.map { Self.kind($0) } ?? .crashConsistent, accuracy: PointAccuracy(point.accuracy),
            label: point.bookmark?.label, id: point.bookmark?.id?.description,
            losesSeconds: Self.seconds(from: point.time, to: newest))
    }

    private static func kind(_ bookmark: Bookmark) -> PointReport.Kind {
        bookmark.kind == .applicationConsistent ? .applicationConsistent : .crashConsistent
    }

    private static func seconds(from time: Timestamp, to latest: Timestamp?) -> UInt64 {
        UInt64(max(0, latest?.nanoseconds(since: time) ?? 0) / 1_000_000_000)
    }
}

extension PointAccuracy {
    /// The store's accuracy, in the words of the control interface.
    init(_ accuracy: Accuracy) {
        self =
            switch accuracy {
            case .exact: .exact
            case .approximate: .approximate
            case .notGuaranteed: .notGuaranteed
            }
    }
}
