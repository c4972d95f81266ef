// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HealthChecks
import StoragePrimitives
import Testing

/// The moment of all facts in these tests.
let now = Timestamp.seconds(1_800_000_000)
let second: Int64 = 1_000_000_000

/// Lets the check of that id judge facts.
func judge(_ id: String, _ change: (inout HealthFacts) -> Void) throws -> Finding {
    let check = try #require(HealthCheck.catalogue.first { $0.id == id })
    var facts = HealthFacts(at: now)
    change(&facts)
    let finding = check.judge(facts)
    #expect(!finding.evidence.isEmpty && finding.evidence.allSatisfy { !$0.isEmpty })
    // What is not ok says what to do.
    #expect((finding.severity == .ok) == (finding.remedy == nil), "\(id): \(finding)")
    return finding
}

func ago(_ nanoseconds: Int64) -> Timestamp { now.advanced(byNanoseconds: -nanoseconds) }
