// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension HealthCheck {
    /// Below this nothing can be promised any more, whatever the rate.
    private static let leastSpace = ByteCount.gibibytes(1)

    static let retentionSpace = HealthCheck(
        "retention.space",
        "There is room for the history that the policies want, at the current "
            + "rate.", needs: .retention
    ) { retention, _ in
        guard let available = retention.available else {
            return Finding(
                .unknown, "The retention volume is not there, so nobody knows its room.",
                remedy: "Mend what retention.volume says first.")
        }
        let remedy =
            "Extend the retention volume or the group's quota, or shorten the window of its policy; the oldest "
            + "points go "
            + "first."
        var observations = Observations()
        observations.measures = [
            Measure(
                "retention_available", Double(available.rawValue), .bytes,
                critical: Double(leastSpace.rawValue))
        ]
        if available < leastSpace {
            observations.note(
                .critical, "The retention volume has \(available) left.", remedy: remedy)
        }
        for history in retention.histories where history.bytesPerSecond > 0 && history.window > 0 {
            // 64 bits each: the product fits into 128.
            let wanted = UInt128(history.bytesPerSecond) * UInt128(history.window)
            let capacity = UInt128(history.capacity.rawValue)
            guard capacity < wanted else { continue }
            let reach = Int64(clamping: capacity / UInt128(history.bytesPerSecond))
            let share = Double(capacity) * 100 / Double(wanted)
            observations.note(
                // Exact: less than a quarter.
                capacity < wanted / 4 + (wanted % 4 == 0 ? 0 : 1) ? .critical : .warning,
                "The history of \(history.group) reaches back \(Span.describe(seconds: reach)) at the current rate, "
                    + "\(percentText(share)) of the \(Span.describe(seconds: history.window)) that its policy wants.",
                remedy: remedy)
        }
        return observations.finding(otherwise: "There is room for every policy, and \(available) are free.")
    }
}
