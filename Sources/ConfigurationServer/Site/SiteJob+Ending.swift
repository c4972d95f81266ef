// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteJob {
    /// Ends it for an operator; what was begun is undone.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.conflict` when it has ended, or is past what can be undone.
    package mutating func cancel(
        _ record: inout GroupRecord, in view: SiteView, by operator: String, makeID: () -> String
    ) throws(ConfigurationFailure) {
        guard !report.state.isFinal else {
            throw ConfigurationFailure(
                .conflict, "The job \(report.id) is \(report.state.rawValue).", remedy: "There is nothing to cancel.")
        }
        guard !isPastReturn else {
            throw ConfigurationFailure(
                .conflict, "The \(report.operation.kind.rawValue) of \(report.group) is past what can be undone.",
                remedy: report.operation.kind == .failover ? "Wait for its end, and roll back." : "Wait for its end.")
        }
        if let index = current, report.steps[index].state == .running {
            report.steps[index].state = .failed
            report.steps[index].ended = view.now
            report.steps[index].message = "\(`operator`) ended it."
        }
        close(.cancelled, &record, view, nil, makeID)
        report.result = "\(`operator`) ended it. \(report.result ?? "")"
    }

    /// Lets one that failed go on from the step that failed, with new task ids.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.conflict` when it did not fail, or the group is not as it left it.
    package mutating func retry(
        _ record: inout GroupRecord, in view: SiteView, makeID: () -> String
    ) throws(ConfigurationFailure) {
        guard report.state == .failed, let index = report.steps.firstIndex(where: { $0.state == .failed }) else {
            throw ConfigurationFailure(
                .conflict, "The job \(report.id) is \(report.state.rawValue); one that failed can be retried.",
                remedy: "Begin a new one.")
        }
        if let placement {
            // Time has passed: what stood against it would again.
            let checks = SiteChecks(record, view)
            if let refusal = checks.findings(for: report.operation).failure { throw refusal }
            try checks.refuseTaken(by: placement)
            try placeAgain(placement, &record, view)
        }
        report.steps[index] = SiteJobStep(kind: report.steps[index].kind)
        report.state = .running
        report.attempt += 1
        report.ended = nil
        report.result = nil
        report.failure = nil
        advance(&record, in: view, makeID: makeID)
    }

    /// A reprotect that failed had put the group back to where it was.
    private mutating func placeAgain(
        _ placement: SitePlacement, _ record: inout GroupRecord, _ view: SiteView
    ) throws(ConfigurationFailure) {
        let disks = view.disks.map { "\($0.machine.name)/\($0.disk.id)" }
        let isSame =
            record.placement.map { $0.masterTarget == before?.placement?.masterTarget } ?? (before?.placement == nil)
        guard isSame, disks == placement.targets.map({ "\($0.machine)/\($0.disk)" }),
            !view.placements.contains(where: { name, other in
                name != report.group && other.masterTarget == placement.masterTarget
                    && other.targets.contains { taken in placement.targets.contains { $0.target == taken.target } }
            })
        else {
            throw ConfigurationFailure(
                .conflict, "The group \(report.group), or what its disks would be written to, was changed since.",
                remedy: "Begin a new reprotect.")
        }
        before = Before(placement: record.placement, assignment: record.assignment)
        record.place(placement)
        record.placement?.fencingToken = before?.placement?.fencingToken ?? record.highestToken
        if step(.assign)?.state == .done { try record.send(view) }
    }

    /// The end, well or not.
    mutating func close(
        _ state: SiteJobReport.State, _ record: inout GroupRecord, _ view: SiteView, _ failure: ConfigurationFailure?,
        _ makeID: () -> String
    ) {
        report.state = state
        report.failure = failure
        report.ended = view.now
        report.isCancellable = false
        task = nil
        record.changed = view.now
        report.result = state == .done ? doneSentence(record, view) : undo(&record, view, makeID)
        record.outcome = outcome(record.outcome)
    }

    /// How the master target has the group now, as far as this job knows.
    private func outcome(_ former: GroupState?) -> GroupState? {
        switch report.operation.kind {
        case .reprotect: report.state == .done ? .protected : nil
        case .failover where isPastReturn: report.state == .done ? .recovered : nil
        case .failover: former
        case .rollback: step(.rollback)?.state == .done ? .protected : nil
        case .commit: nil
        }
    }

    private func doneSentence(_ record: GroupRecord, _ view: SiteView) -> String {
        switch report.operation.kind {
        case .reprotect: step(.synchronise)?.message ?? "The group \(report.group) is protected."
        case .failover: step(.recover)?.message ?? "The disks of \(report.group) show the point."
        case .rollback: "The group \(report.group) is back at the latest point, and is sent again."
        case .commit: "What the disks of \(report.group) show was accepted; its history is dropped."
        }
    }

    /// Puts back what can be put back, and says what stays.
    private func undo(_ record: inout GroupRecord, _ view: SiteView, _ makeID: () -> String) -> String {
        switch report.operation.kind {
        case .reprotect: return undoReprotect(&record, view, makeID)
        case .failover where !isPastReturn:
            guard before?.isSending == true else { return "Nothing was changed." }
            sendAgain(&record, view)
            return "The process server is told to send again."
        case .failover:
            return
                "Replication is stopped. Retry it, fail over to another point, roll back, or, if the disks are as before, "
                + "reprotect."
        case .rollback where step(.resume)?.state == .failed:
            return "The disks are back at the latest point, and nothing is sent yet. Retry it, or reprotect."
        case .rollback, .commit: return "Nothing was changed here."
        }
    }

    private func undoReprotect(
        _ record: inout GroupRecord, _ view: SiteView, _ makeID: () -> String
    ) -> String {
        guard let placement, let before, record.placement?.masterTarget == placement.masterTarget else {
            return "Nothing was changed."
        }
        let name = view.name(placement.masterTarget)
        let wasAsked = step(.prepare)?.state != .waiting
        record.remember(record.placement ?? placement)
        guard let former = before.placement else {
            record.unplace()
            return wasAsked
                ? "Nothing is sent. What the master target \(name) made of the group \(report.group) stays there; mtctl group "
                    + "delete removes it."
                : "Nothing was changed."
        }
        record.place(former)
        // The master target may have been told of another process server.
        if wasAsked { record.settle = record.prepareTask(view, id: makeID()) }
        record.assignment = before.assignment
        if before.isSending { sendAgain(&record, view) }
        return "The group \(report.group) is as it was before, on the master target \(view.name(former.masterTarget))."
    }

    /// Without a greater token the former one stays: who sends with it may go on.
    private func sendAgain(_ record: inout GroupRecord, _ view: SiteView) {
        do { try record.send(view) } catch { record.assignment?.isStopped = false }
    }
}
