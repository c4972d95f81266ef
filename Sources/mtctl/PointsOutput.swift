// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import LinuxSystem

/// What a group can be recovered to, for people.
enum PointsOutput {
    static func show(_ points: PointList, _ console: Console) {
        guard !points.stretches.isEmpty || !points.bookmarks.isEmpty else {
            return console.print("Group \(points.group) has no recovery point yet.")
        }
        if console.isTerminal {
            for line in Timeline.draw(points, width: console.width - 1) { console.print(line) }
            console.print(Timeline.legend)
            console.print("")
        }
        var table = Table("POINT", "NUMBER", "TIME", "CONSISTENT", "EXACT", "LOSES")
        func add(_ name: String, _ point: PointReport) {
            table.add(
                name, "\(point.sequence)", LocalTime.describe(point.time.timestamp),
                point.kind == .applicationConsistent ? "application" : "crash",
                point.accuracy == .exact ? "yes" : point.accuracy == .approximate ? "nearly" : "no",
                Quantity.describe(seconds: point.losesSeconds))
        }
        if let point = points.latest { add("latest", point) }
        if let point = points.latestProcessed { add("latest-processed", point) }
        if let point = points.latestApplicationConsistent { add("latest-app-consistent", point) }
        for bookmark in points.bookmarks { add(bookmark.label ?? "\(bookmark.sequence)", bookmark) }
        console.print(table)
        for stretch in points.stretches {
            console.print(
                "\(stretch.isBoundariesOnly ? "The ends of" : "Every batch of") \(stretch.firstSequence) to "
                    + "\(stretch.lastSequence), \(LocalTime.describe(stretch.firstTime.timestamp)) to "
                    + "\(LocalTime.describe(stretch.lastTime.timestamp))")
        }
    }
}
