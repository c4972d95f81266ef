// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import Testing

@Suite struct PassPlannerTests {
    static let table: [(interval: Int64, last: Int64?, now: Int64, isRequested: Bool, wait: Int64, folded: Int)] = [
        (10, nil, 0, false, 0, 0),
        (10, 0, 0, false, 10, 0),
        (10, 0, 3, false, 7, 0),
        (10, 0, 3, true, 0, 0),
        (10, 0, 10, false, 0, 0),
        (10, 0, 19, false, 0, 0),
        (10, 0, 35, false, 0, 2),
        (10, 5, 0, false, 10, 0),
        (0, 0, 3, false, 0, 0),
        (-1, 0, 3, false, 0, 0),
    ]

    @Test(arguments: table.indices) func `passes keep to their grid and missed ones are folded`(index: Int) {
        let row = Self.table[index]
        let planner = PassPlanner(interval: row.interval, fullScanEvery: 0)
        let plan = planner.next(lastStart: row.last, now: row.now, isRequested: row.isRequested)
        #expect(plan == PassPlanner.Plan(wait: row.wait, folded: row.folded))
    }

    @Test func `maps are believed only when trusted, and not for ever`() {
        var planner = PassPlanner(interval: 1, fullScanEvery: 2)
        let answers = [false, true, true, true, true, false, true].map { planner.mayUseChangeMaps(isMapTrusted: $0) }
        #expect(answers == [false, true, true, false, true, false, true])
        var always = PassPlanner(interval: 1, fullScanEvery: 0)
        #expect((0..<100).allSatisfy { _ in always.mayUseChangeMaps(isMapTrusted: true) })
    }
}
