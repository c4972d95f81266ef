// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import StoragePrimitives
import Testing

@Suite struct RetentionCheckTests {
    @Test func `retention.volume: any rule that is broken is critical`() throws {
        func severity(_ kept: [Bool]) throws -> Severity {
            let rules = kept.map { RetentionFacts.Rule(isKept: $0, sentence: "It is FAT.") }
            return try judge("retention.volume") {
                $0.retention = .known(RetentionFacts(rules: rules, available: .zero))
            }
            .severity
        }
        #expect(try severity([true, true]) == .ok)
        #expect(try severity([true, false]) == .critical)
        #expect(try severity([]) == .unknown)
    }

    @Test(
        arguments: [
            // Capacity, bytes a second, window: 1000 B/s over 1000 s want 1,000,000.
            (1_000_000, 1000, 1000, Severity.ok), (999_999, 1000, 1000, .warning), (250_000, 1000, 1000, .warning),
            (249_999, 1000, 1000, .critical), (0, 1000, 1000, .critical), (0, 0, 1000, .ok), (0, 1000, 0, .ok),
            (0, 1000, -5, .ok), (.max, .max, .max, .critical), (.max, 1, .max, .ok), (1, 1, 3, .warning),
            (1, 1, 5, .critical),
            (1, 1, 4, .warning),
        ] as [(UInt64, UInt64, Int64, Severity)])
    func `retention.space: below 100 % of the window is a warning, below 25 % critical`(
        capacity: UInt64, rate: UInt64, window: Int64, severity: Severity
    ) throws {
        let history = RetentionFacts.History(
            group: "shop", capacity: ByteCount(capacity), bytesPerSecond: rate, window: window, began: now)
        let finding = try judge("retention.space") {
            $0.retention = .known(RetentionFacts(rules: [], available: .gibibytes(5), histories: [history]))
        }
        #expect(finding.severity == severity)
    }

    @Test(arguments: [(1 << 30, Severity.ok), ((1 << 30) - 1, .critical), (0, .critical)] as [(UInt64, Severity)])
    func `retention.space: less than 1 GiB is critical`(available: UInt64, severity: Severity) throws {
        let finding = try judge("retention.space") {
            $0.retention = .known(RetentionFacts(rules: [], available: ByteCount(available)))
        }
        #expect(finding.severity == severity)
    }

    static let week = 7 * 86400 * second

    @Test(
        arguments: [
            (0, Severity.ok), (week, .ok), (week + 1, .warning), (-second, .ok), (-5 * second, .ok),
            (-5 * second - 1, .unknown), (.max, .warning), (.min + 1, .unknown),
        ] as [(Int64, Severity)])
    func `retention.integrity: a scrub more than 7 days ago is a warning`(age: Int64, severity: Severity) throws {
        var history = RetentionFacts.History(
            group: "shop", capacity: .zero, bytesPerSecond: 0, window: 0, began: .seconds(0))
        history.lastScrub = ago(age)
        var never = history
        never.lastScrub = nil
        never.began = ago(age)
        for history in [history, never] {
            let finding = try judge("retention.integrity") {
                $0.retention = .known(RetentionFacts(rules: [], available: .zero, histories: [history]))
            }
            #expect(finding.severity == severity)
        }
        history.corruption = ["Epoch 7 does not have the checksum that it was written with."]
        let finding = try judge("retention.integrity") {
            $0.retention = .known(RetentionFacts(rules: [], available: .zero, histories: [history]))
        }
        #expect(finding.severity == .critical)
    }
}
