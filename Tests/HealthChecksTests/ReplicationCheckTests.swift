// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import StoragePrimitives
import Testing

@Suite struct ReplicationCheckTests {
    static let minute = 60 * second

    func severity(_ id: String, _ change: (inout ReplicationFacts.Group) -> Void) throws -> Severity {
        var group = ReplicationFacts.Group(name: "shop", lastDurable: now, lastConsistentPoint: now)
        change(&group)
        return try judge(id) { $0.replication = .known(ReplicationFacts(groups: [group])) }.severity
    }

    @Test func `replication.listener: a port that is not open is critical`() throws {
        #expect(try judge("replication.listener") { $0.replication = .known(ReplicationFacts()) }.severity == .ok)
        let finding = try judge("replication.listener") {
            $0.replication = .known(ReplicationFacts(listenerFailure: "Address already in use."))
        }
        #expect(finding.severity == .critical)
        #expect(finding.evidence == ["Port 9443 is not open: Address already in use."])
    }

    @Test(
        arguments: [
            (0, Severity.ok), (450 * second, .ok), (450 * second + 1, .warning), (900 * second, .warning),
            (900 * second + 1, .critical), (.max, .critical), (-5 * second, .ok), (-6 * second, .unknown),
            (.min + 1, .unknown),
        ] as [(Int64, Severity)])
    func `replication.rpo: above half of 15 min is a warning, above 15 min critical`(
        age: Int64, severity: Severity
    ) throws {
        #expect(try self.severity("replication.rpo") { $0.lastDurable = ago(age) } == severity)
        #expect(
            try self.severity("replication.rpo") {
                $0.lastDurable = ago(age)
                $0.expectsChanges = false
            } == .ok)
    }

    @Test(
        arguments: [
            (0, Severity.unknown), (-1, .unknown), (.min, .unknown), (.max, .ok), (1, .critical),
        ] as [(Int64, Severity)])
    func `replication.rpo: with a threshold of its own`(threshold: Int64, severity: Severity) throws {
        #expect(
            try self.severity("replication.rpo") {
                $0.lastDurable = ago(2 * second)
                $0.threshold = threshold
            } == severity)
    }

    @Test(
        arguments: [
            (0, nil, Severity.ok), (1, nil, .unknown), (1, 0, .critical), (1800, 1, .ok), (1801, 1, .warning),
            (2700, 1, .warning), (2701, 1, .critical), (.max, .max, .ok), (.max, 1, .critical), (0, 0, .ok),
        ] as [(UInt64, UInt64?, Severity)])
    func `replication.apply: above 30 min to drain is a warning, above 45 min critical`(
        backlog: UInt64, rate: UInt64?, severity: Severity
    ) throws {
        #expect(
            try self.severity("replication.apply") {
                $0.backlog = ByteCount(backlog)
                $0.appliedPerSecond = rate
            } == severity)
    }

    @Test(
        arguments: [
            (0, Severity.ok), (90 * minute, .ok), (90 * minute + 1, .warning), (180 * minute, .warning),
            (180 * minute + 1, .critical), (.max, .critical), (-6 * second, .unknown),
        ] as [(Int64, Severity)])
    func `replication.points: above 1.5 intervals is a warning, above 3 critical`(age: Int64, severity: Severity) throws
    {
        #expect(try self.severity("replication.points") { $0.lastConsistentPoint = ago(age) } == severity)
        #expect(
            try self.severity("replication.points") {
                $0.lastConsistentPoint = ago(age)
                $0.consistentInterval = nil
            } == .ok)
    }

    @Test(arguments: [(0, Severity.unknown), (-1, .unknown), (.max, .ok)] as [(Int64, Severity)])
    func `replication.points: an interval that makes no sense is unknown`(interval: Int64, severity: Severity) throws {
        #expect(try self.severity("replication.points") { $0.consistentInterval = interval } == severity)
    }
}
