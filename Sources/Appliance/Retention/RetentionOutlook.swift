// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import RetentionVolume
import StoragePrimitives

/// How far the room on the retention volume reaches for each group, at the rates at which their histories grow.
///
/// What is free is shared among the groups without a quota by these rates: who grows faster takes more of it.
package struct RetentionOutlook {
    /// A younger history says nothing of a rate.
    static let leastSeconds: UInt64 = 600

    /// A group's history and the room that it has.
    struct Share: Hashable {
        let group: String
        let wantedSeconds: UInt64
        /// Bytes of history that a second makes; 0 while that is not known.
        let bytesPerSecond: UInt64
        /// Bytes that history may have: its quota, or what it has and its share of what is free.
        let capacity: ByteCount
        /// Seconds that the history spans.
        let seconds: UInt64
        let used: ByteCount
        let free: ByteCount
    }

    let shares: [Share]

    package init(_ groups: [GroupReport], free: ByteCount) {
        let histories = groups.compactMap { group in
            group.retention.map { (group: group, retention: $0, seconds: Self.span(of: $0)) }
        }
        let rates = histories.map { history in
            history.seconds < Self.leastSeconds ? 0 : history.retention.usedBytes.rawValue / history.seconds
        }
        let total = zip(histories, rates).reduce(UInt128(0)) { sum, next in
            next.0.retention.quotaBytes == nil ? sum + UInt128(next.1) : sum
        }
        shares = zip(histories, rates).map { history, rate in
            let part = total == 0 ? UInt128(free.rawValue) : UInt128(free.rawValue) * UInt128(rate) / total
            let ownFree = history.retention.quotaBytes == nil ? ByteCount(UInt64(clamping: part)) : free
            let most = history.retention.usedBytes + ownFree
            return Share(
                group: history.group.name, wantedSeconds: history.group.policy.retentionSeconds, bytesPerSecond: rate,
                capacity: history.retention.quotaBytes.map { min($0, most) } ?? most, seconds: history.seconds,
                used: history.retention.usedBytes, free: ownFree)
        }
    }

    private static func span(of retention: GroupRetentionReport) -> UInt64 {
        guard let oldest = retention.oldest, let newest = retention.newest else { return 0 }
        return UInt64(max(0, newest.timestamp.nanoseconds(since: oldest.timestamp)) / 1_000_000_000)
    }

    /// A group's estimate; nil for a group without history.
    package func window(of group: String) -> RetentionReport.WindowEstimate? {
        guard let share = shares.first(where: { $0.group == group }) else { return nil }
        let growth =
            share.bytesPerSecond == 0
            ? RetentionEstimate.Growth(bytes: .zero, seconds: 0)
            : RetentionEstimate.Growth(bytes: share.used, seconds: share.seconds)
        let estimate = RetentionEstimate(
            wantedSeconds: share.wantedSeconds, growth: growth, used: .zero, free: share.capacity)
        let isYoung = share.seconds < Self.leastSeconds
        return RetentionReport.WindowEstimate(
            wantedSeconds: estimate.wantedSeconds, neededBytes: estimate.needed,
            possibleSeconds: estimate.possibleSeconds, roomBytes: estimate.room,
            sentence: isYoung
                ? "Its history is younger than \(Quantity.describe(seconds: Self.leastSeconds)), too young to tell a "
                    + "rate; there is room for \(estimate.room)." : estimate.sentence)
    }
}
