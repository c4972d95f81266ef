// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ProcessServer
import Testing

@Suite struct ResumeDecisionTests {
    typealias Disk = ResumeDecision.Disk

    static let good = Disk(remote: .differential, isRemembered: true)

    /// The receiver's last, ours, pending, its bookmark; what becomes of the pending pass and whether disks stay in
    /// step.
    static let table: [(UInt64, UInt64, UInt64?, Bool, ResumeDecision.Pending, Bool)] = [
        (0, 0, nil, false, .none, true),
        (7, 7, nil, false, .none, true),
        (8, 7, nil, false, .none, false),
        (6, 7, nil, false, .none, false),
        (0, 7, nil, false, .none, false),
        (7, 7, 8, false, .drop, true),
        (8, 7, 8, false, .promote(sendBookmark: false), true),
        (9, 7, 8, false, .drop, false),
        (6, 7, 8, false, .drop, false),
        (7, 7, 8, true, .drop, true),
        (8, 7, 8, true, .promote(sendBookmark: true), true),
        (9, 7, 8, true, .promote(sendBookmark: false), true),
        (10, 7, 8, true, .drop, false),
        (.max, 7, 8, true, .drop, false),
        (0, 7, .max, true, .drop, false),
    ]

    @Test(arguments: table.indices) func `what the receiver holds decides`(index: Int) {
        let (receiver, confirmed, pending, hasBookmark, expected, staysInStep) = Self.table[index]
        let decision = ResumeDecision(
            receiver: receiver, confirmed: confirmed, pendingSequence: pending, hasBookmark: hasBookmark,
            disks: [Self.good, Self.good])
        #expect(decision.pending == expected)
        #expect(decision.syncs.allSatisfy { ($0 == .none) == staysInStep })
        #expect(decision.syncs.count == 2)
    }

    @Test func `each disk is taken at the receiver's word first`() {
        let decision = ResumeDecision(
            receiver: 7, confirmed: 7, pendingSequence: nil, hasBookmark: false,
            disks: [
                Disk(remote: .initialSync, isRemembered: true),
                Disk(remote: .resync(reason: "moved"), isRemembered: true),
                Self.good, Disk(remote: .differential, isRemembered: false),
            ])
        #expect(
            decision.syncs == [
                .initial, .resync(reason: "moved"), .none,
                .resync(reason: "no digests of the disk are remembered here"),
            ])
    }
}
