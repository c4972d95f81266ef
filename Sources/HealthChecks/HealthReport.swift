// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import FoundationEssentials
import StoragePrimitives

/// What all checks found, at one moment. Its JSON is stable: within one ``schema`` fields are only added.
public struct HealthReport: Hashable, Sendable, Codable {
    /// The schema that this version writes.
    public static let currentSchema = 1

    /// What one check found.
    public struct Result: Hashable, Sendable, Codable {
        /// The check: `os.layout`.
        public let id: String
        /// What has to hold.
        public let title: String
        /// How bad it is.
        public let severity: Severity
        /// Complete sentences, the worst first.
        public let evidence: [String]
        /// What to do; nil when nothing is.
        public let remedy: String?
        /// The figures behind it.
        public let measures: [Measure]
        /// Why the operator waived the check, in his words: what it finds does not count then.
        public let waived: String?
    }

    /// The version of what is below.
    public let schema: Int
    /// When the facts were collected.
    public let moment: DateTime
    /// The worst of all that are not waived.
    public let severity: Severity
    /// How long collecting took.
    public internal(set) var milliseconds: Int64
    /// In the order of the checks.
    public let checks: [Result]

    /// Lets every check judge the facts.
    ///
    /// - Parameter waivers: Reasons by the ids of checks that do not count.
    public init(
        judging facts: HealthFacts, with checks: [HealthCheck] = HealthCheck.catalogue, waivers: [String: String] = [:]
    ) {
        schema = Self.currentSchema
        moment = DateTime(facts.moment)
        milliseconds = 0
        self.checks = checks.map { check in
            let finding = check.judge(facts)
            return Result(
                id: check.id, title: check.title, severity: finding.severity, evidence: finding.evidence,
                remedy: finding.remedy, measures: finding.measures, waived: waivers[check.id].map(Finding.printable))
        }
        // No check, nothing known.
        severity = self.checks.filter { $0.waived == nil }.map(\.severity).max() ?? .unknown
    }

    /// What `mtctl health` ends with: 0 ok, 1 warning, 2 critical, 3 unknown.
    public var exitCode: Int32 { severity.exitCode }

    /// JSON with its keys in order.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(self))
    }

    /// How many checks found that; those that are waived are not counted.
    public func count(_ severity: Severity) -> Int { checks.count { $0.severity == severity && $0.waived == nil } }
}
