// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import StoragePrimitives
import Testing

@Suite struct MemoryShareTests {
    struct Row: Sendable {
        let ceiling: UInt64
        let groups: Int
        let window: UInt64
        let rows: Int
    }

    @Test(arguments: [
        Row(ceiling: 256, groups: 0, window: 32, rows: 131072),
        Row(ceiling: 256, groups: 1, window: 32, rows: 131072),
        Row(ceiling: 256, groups: 4, window: 32, rows: 131072),
        Row(ceiling: 256, groups: 8, window: 16, rows: 131072),
        Row(ceiling: 256, groups: 16, window: 8, rows: 65536),
        Row(ceiling: 256, groups: 64, window: 3, rows: 16384),
        Row(ceiling: 256, groups: 256, window: 3, rows: 8192),
        Row(ceiling: 64, groups: 4, window: 8, rows: 65536),
        Row(ceiling: 64, groups: 256, window: 3, rows: 8192),
        Row(ceiling: 4096, groups: 64, window: 32, rows: 131072),
    ]) func `a share is what the table says`(row: Row) {
        let share = MemoryShare(ceiling: .mebibytes(row.ceiling), groups: row.groups)
        #expect(share.window == .mebibytes(row.window))
        #expect(share.chunk.rawValue == share.window.rawValue / 2)
        #expect(share.openBatch.rawValue == share.window.rawValue / 4)
        #expect(share.epochRows == row.rows)
        // An incomplete batch has to get on, whatever else is in flight; and a session's least is in its most.
        #expect(share.minimumCredit.rawValue > share.openBatch.rawValue + (2 << 20))
        #expect(share.minimumCredit <= share.window)
    }

    @Test(arguments: zip([0, 1, 4, 5, 8, 9, 63, 64, 65, 256], [4, 4, 4, 8, 8, 16, 64, 64, 128, 256]))
    func `shares are made for powers of two`(groups: Int, step: Int) {
        #expect(MemoryShare.step(groups: groups) == step)
    }
}
