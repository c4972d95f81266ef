// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// A job as it is kept: what operators see of it, and what it needs to go on after the server was killed at any instant.
///
/// ```
/// reprotect: check → place → prepare → assign → synchronise
/// failover:  check → stopSource → recover*
/// rollback:  check → rollback* → resume
/// commit:    check → commit* → release
/// ```
///
/// What is marked cannot be undone: from it on a job is not cancelled. It is a value: ``advance(_:in:heard:makeID:)``
/// takes what is known and gives the next state; what servers are told is ``task`` and ``GroupRecord/assignment``, which
/// are kept with it in one transaction before anybody is told.
package struct SiteJob: Hashable, Sendable, Codable {
    /// What operators see.
    package var report: SiteJobReport
    /// What the master target is asked to do now; the same, with the same id, however often it is sent.
    package var task: SiteTask?
    /// Where a reprotect puts the group.
    package var placement: SitePlacement?
    /// How the group was before this job changed it; nil while it has not.
    package var before: Before?

    /// What is put back when a job ends before it is done.
    package struct Before: Hashable, Sendable, Codable {
        package var placement: SitePlacement?
        package var assignment: SiteAssignment?

        var isSending: Bool { assignment?.isStopped == false }
    }

    package init(
        id: String, group: String, operation: SiteOperation, requestedBy: String, created: DateTime
    ) {
        report = SiteJobReport(
            id: id, group: group, operation: operation, requestedBy: requestedBy, created: created,
            steps: Self.steps(of: operation.kind).map { SiteJobStep(kind: $0) })
    }

    package static func steps(of kind: SiteOperation.Kind) -> [SiteJobStep.Kind] {
        switch kind {
        case .reprotect: [.check, .place, .prepare, .assign, .synchronise]
        case .failover: [.check, .stopSource, .recover]
        case .rollback: [.check, .rollback, .resume]
        case .commit: [.check, .commit, .release]
        }
    }

    /// The step that it is at; nil when all are over.
    package var current: Int? { report.steps.firstIndex { $0.state != .done && $0.state != .skipped } }

    /// Whether what cannot be undone has been asked for.
    package var isPastReturn: Bool {
        report.steps.contains { [.recover, .rollback, .commit].contains($0.kind) && $0.state != .waiting }
    }

    func step(_ kind: SiteJobStep.Kind) -> SiteJobStep? { report.steps.first { $0.kind == kind } }
}
