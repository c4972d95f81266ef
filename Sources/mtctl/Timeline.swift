// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import LinuxSystem

/// A picture of a group's history: oldest on the left, newest on the right.
///
/// ```
/// ╺━━━━━━━━━━━━┅┅┅┅┅┅━━━━━━━━━━╸
///      ▲            △      ▲   ◆
/// ```
/// `━` every batch is a point, `┅` only boundaries are, `~` not exact, a gap where history has none; below, `▲` an
/// application-consistent bookmark, `△` a crash-consistent one, `◆` the latest point.
package enum Timeline {
    static let legend =
        "━ every batch  ┅ boundaries only  ~ not exact  ▲ application-consistent  △ crash-consistent  ◆ latest"

    package static func draw(_ points: PointList, width: Int) -> [String] {
        let columns = max(10, width)
        let times = points.stretches.flatMap { [$0.firstTime, $0.lastTime] } + points.bookmarks.map(\.time)
        guard let first = times.min(), let last = times.max() else { return [] }
        let span = max(1, last.timestamp.nanoseconds(since: first.timestamp))
        func column(_ time: DateTime) -> Int {
            let part = Double(time.timestamp.nanoseconds(since: first.timestamp)) / Double(span)
            return min(columns - 1, max(0, Int(part * Double(columns - 1))))
        }
        var line = [Character](repeating: " ", count: columns)
        for stretch in points.stretches {
            let mark: Character = stretch.accuracy != .exact ? "~" : stretch.isBoundariesOnly ? "┅" : "━"
            for position in column(stretch.firstTime)...max(column(stretch.firstTime), column(stretch.lastTime)) {
                line[position] = mark
            }
        }
        var marks = [Character](repeating: " ", count: columns)
        // Application-consistent ones last: where two share a column, the better one shows.
        for bookmark in points.bookmarks.sorted(by: { $0.kind == .crashConsistent && $1.kind != .crashConsistent }) {
            marks[column(bookmark.time)] = bookmark.kind == .applicationConsistent ? "▲" : "△"
        }
        if let latest = points.latest { marks[column(latest.time)] = "◆" }
        let left = LocalTime.describe(first.timestamp)
        let right = LocalTime.describe(last.timestamp)
        let gap = columns - left.count - right.count
        let axis = gap > 0 ? left + String(repeating: " ", count: gap) + right : "\(left) to \(right)"
        return [String(line), trimmed(marks), axis]
    }

    private static func trimmed(_ characters: [Character]) -> String {
        var characters = characters
        while characters.last == " " { characters.removeLast() }
        return String(characters)
    }
}
