// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteJob {
    /// How a step goes on.
    enum Progress {
        case waits(String)
        case done(String?)
        case skipped(String)
        case failed(ConfigurationFailure)
    }

    /// Goes on as far as it can with what is known now; without anything new it changes nothing.
    ///
    /// - Parameters:
    ///   - record: The group; kept together with the job.
    ///   - heard: What the group's master target says of ``task``.
    ///   - makeID: Gives a new UUID for each task.
    package mutating func advance(
        _ record: inout GroupRecord, in view: SiteView, heard: SiteTaskReport? = nil, makeID: () -> String
    ) {
        while report.state == .running, let index = current {
            let kind = report.steps[index].kind
            let progress: Progress
            do {
                if report.steps[index].state != .running {
                    report.steps[index].state = .running
                    report.steps[index].started = view.now
                    try enter(kind, &record, view, makeID)
                }
                progress = try look(kind, &report.steps[index], &record, view, heard)
            } catch {
                progress = .failed(error)
            }
            switch progress {
            case .waits(let message):
                report.steps[index].message = message
                report.isCancellable = !isPastReturn
                return
            case .done(let message): end(index, .done, message, view)
            case .skipped(let message): end(index, .skipped, message, view)
            case .failed(let failure):
                end(index, .failed, failure.message, view)
                close(.failed, &record, view, failure, makeID)
                return
            }
        }
        if report.state == .running { close(.done, &record, view, nil, makeID) }
    }

    private mutating func end(_ index: Int, _ state: SiteJobStep.State, _ message: String?, _ view: SiteView) {
        report.steps[index].state = state
        report.steps[index].ended = view.now
        report.steps[index].message = message.map { SiteText.clipped($0) }
        report.steps[index].secondsLeft = nil
        task = nil
    }

    // MARK: Into a step

    private mutating func enter(
        _ kind: SiteJobStep.Kind, _ record: inout GroupRecord, _ view: SiteView, _ makeID: () -> String
    ) throws(ConfigurationFailure) {
        switch kind {
        case .check, .release: break
        case .place:
            guard let request = report.operation.reprotect else { return }
            let chosen = try SiteChecks(record, view).placement(for: request)
            before = Before(placement: record.placement, assignment: record.assignment)
            placement = chosen
            record.place(chosen)
        case .prepare:
            guard let placement = record.placement else { return }
            // A token of its own: the sender of a group that was committed has the one before.
            let making = GroupMaking(
                knownCommits: record.commits?[placement.masterTarget] ?? [],
                // It was said of that moment: a machine may have been started since.
                targetsAreUnused: report.attempt == 1 && report.operation.reprotect?.targetsAreUnused == true,
                fencingToken: try record.takeToken(view))
            task = record.prepareTask(view, id: makeID(), making: making)
        case .assign, .resume: try record.send(view)
        case .synchronise: break
        case .stopSource:
            before = Before(placement: record.placement, assignment: record.assignment)
            record.assignment?.isStopped = true
            // What it said before it was told to stop is no answer to that.
            if record.sender?.state != .stopped { record.sender = nil }
        case .recover:
            guard let request = report.operation.failover else { return }
            var order = SiteTask(id: makeID(), group: report.group, kind: .recover)
            // The sources are stopped: the process server said so, or the operator.
            order.recover = RecoverRequest(
                point: request.point, sourceStopped: true, acceptInexact: request.acceptInexact,
                targets: request.targets)
            task = order
        case .rollback:
            var order = SiteTask(id: makeID(), group: report.group, kind: .rollback)
            order.rollback = report.operation.rollback
            task = order
        case .commit:
            var order = SiteTask(id: makeID(), group: report.group, kind: .commit)
            order.commit = report.operation.commit
            task = order
        }
    }
}
