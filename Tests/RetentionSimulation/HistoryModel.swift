// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What a group's history has to be: a list of states, one for each sequence number.
///
/// Every operation of the store is one line here.
struct HistoryModel {
    typealias Disks = [[UInt8]]

    struct Step {
        var disks: Disks
        /// Whether this is a point: not inside a sync.
        var isPoint: Bool
        var unsynced: Set<Int>
        var source: UInt64
        var time: Timestamp
    }

    /// Index: sequence number.
    private(set) var steps: [Step]
    /// Disks whose sync is being sent, and their content to come.
    var syncing: [Int: [UInt8]] = [:]

    init(disks: Disks) {
        steps = [
            Step(
                disks: disks, isPoint: false, unsynced: Set(disks.indices), source: 0, time: Timestamp(rawValue: 0))
        ]
    }

    var last: SequenceNumber { SequenceNumber(UInt64(steps.count - 1)) }
    var latest: Step { steps[steps.count - 1] }

    mutating func append(_ disks: Disks, source: UInt64, time: Timestamp, unsynced: Set<Int>? = nil) {
        let unsynced = unsynced ?? latest.unsynced
        steps.append(
            Step(
                disks: disks, isPoint: unsynced.isEmpty, unsynced: unsynced, source: max(source, latest.source),
                time: time))
    }

    /// A crash kept the first `count` sequence numbers.
    mutating func truncate(to sequence: SequenceNumber) {
        steps.removeLast(steps.count - 1 - Int(sequence.rawValue))
        syncing = [:]
    }
}
