// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives
import Testing
import mtctl

@Suite struct TimelineTests {
    private func time(_ seconds: Int64) -> DateTime { DateTime(Timestamp.seconds(seconds)) }

    @Test func `a history is drawn from its oldest to its newest point`() throws {
        let points = PointList(
            group: "g",
            stretches: [
                StretchReport(
                    firstSequence: 1, lastSequence: 5, firstTime: time(0), lastTime: time(30), accuracy: .exact,
                    isBoundariesOnly: true),
                StretchReport(
                    firstSequence: 6, lastSequence: 9, firstTime: time(60), lastTime: time(100), accuracy: .exact,
                    isBoundariesOnly: false),
            ],
            bookmarks: [
                PointReport(
                    sequence: 7, time: time(70), kind: .applicationConsistent, accuracy: .exact, label: "x",
                    losesSeconds: 30)
            ],
            latest: PointReport(sequence: 9, time: time(100), kind: .crashConsistent, accuracy: .exact, losesSeconds: 0)
        )
        let lines = Timeline.draw(points, width: 101)
        try #require(lines.count == 3)
        #expect(lines[0].count == 101)
        #expect(lines[0].hasPrefix(String(repeating: "┅", count: 31) + " "))
        #expect(lines[0].hasSuffix(" " + String(repeating: "━", count: 41)))
        #expect(Array(lines[1]).firstIndex(of: "▲") == 70)
        #expect(Array(lines[1]).firstIndex(of: "◆") == 100)
    }

    @Test func `a history of one moment, and of none, can be drawn`() {
        #expect(Timeline.draw(PointList(group: "g", stretches: [], bookmarks: []), width: 80).isEmpty)
        let one = PointList(
            group: "g",
            stretches: [
                StretchReport(
                    firstSequence: 1, lastSequence: 1, firstTime: time(5), lastTime: time(5), accuracy: .notGuaranteed,
                    isBoundariesOnly: false)
            ], bookmarks: [])
        #expect(Timeline.draw(one, width: 40)[0].first == "~")
    }
}
