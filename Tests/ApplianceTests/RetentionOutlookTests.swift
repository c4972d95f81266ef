// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ControlAPI
import StoragePrimitives
import Testing

/// How far the room on the retention volume reaches.
@Suite struct RetentionOutlookTests {
    private static let hour: UInt64 = 3600

    private func group(
        _ name: String, used: ByteCount, hours: UInt64, quota: ByteCount? = nil
    ) -> GroupReport {
        let end = Timestamp.seconds(1_795_228_454)
        let begin = end.advanced(byNanoseconds: -Int64(hours * Self.hour) * 1_000_000_000)
        var group = GroupReport(
            name: name, id: name, state: .protected, underlyingState: .protected, cause: nil, remedy: nil,
            policy: GroupPolicy(), senders: [], fencingToken: 0, disks: [])
        group.policy.retentionSeconds = 24 * Self.hour
        group.retention = GroupRetentionReport(
            usedBytes: used, quotaBytes: quota, oldest: DateTime(begin), newest: DateTime(end))
        return group
    }

    @Test func `one group has all that is free`() throws {
        let outlook = RetentionOutlook([group("a", used: .gibibytes(10), hours: 10)], free: .gibibytes(9))
        let window = try #require(outlook.window(of: "a"))
        #expect(window.neededBytes == .gibibytes(24))
        #expect(window.possibleSeconds == 19 * Self.hour)
        #expect(window.sentence.hasPrefix("At today's rate 24 h need 24 GiB; there is room for 19"))
        #expect(outlook.window(of: "b") == nil)
    }

    @Test func `groups share what is free by their rates`() throws {
        let groups = [group("a", used: .gibibytes(30), hours: 10), group("b", used: .gibibytes(10), hours: 10)]
        let outlook = RetentionOutlook(groups, free: .gibibytes(40))
        for name in ["a", "b"] {
            // Rates are whole bytes, so that a second may be missing.
            let possible = try #require(outlook.window(of: name)?.possibleSeconds)
            #expect((20 * Self.hour - 2...20 * Self.hour).contains(possible))
        }
    }

    @Test func `a quota is the most, and the volume too`() throws {
        let groups = [group("a", used: .gibibytes(10), hours: 10, quota: .gibibytes(12))]
        #expect(RetentionOutlook(groups, free: .gibibytes(90)).window(of: "a")?.roomBytes == .gibibytes(12))
        #expect(RetentionOutlook(groups, free: .gibibytes(1)).window(of: "a")?.roomBytes == .gibibytes(11))
    }

    @Test func `what is young or still tells no rate, and numbers of any size trap nowhere`() throws {
        let young = RetentionOutlook([group("a", used: .gibibytes(1), hours: 0)], free: .gibibytes(9))
        #expect(young.window(of: "a")?.neededBytes == nil)
        #expect(young.window(of: "a")?.sentence.contains("too young") == true)
        let still = RetentionOutlook([group("a", used: .zero, hours: 5)], free: .gibibytes(9))
        #expect(still.window(of: "a")?.possibleSeconds == nil)
        let huge = ByteCount(UInt64.max)
        let groups = [group("a", used: huge, hours: 1), group("b", used: huge, hours: 1, quota: huge)]
        #expect(RetentionOutlook(groups, free: huge).window(of: "a") != nil)
    }
}
