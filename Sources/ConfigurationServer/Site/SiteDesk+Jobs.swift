// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteDesk {
    package func check(_ operation: SiteOperation, on group: String) async throws -> SiteFindingList {
        if let complaint = operation.complaint { throw ConfigurationFailure.wrong(complaint) }
        let (servers, now) = (try await knownServers(), DateTime(clock.now()))
        return try await read { store in
            guard let state = try store.group(group) else { throw ConfigurationFailure.none("group", group) }
            let view = try store.view(of: state.record, servers, now, choosing: true)
            return SiteFindingList(
                findings: SiteChecks(state.record, view).findings(for: operation, besides: state.workingJob?.report))
        }
    }

    package func begin(
        _ operation: SiteOperation, on group: String, by operator: String
    ) async throws -> SiteJobReport {
        if let complaint = operation.complaint { throw ConfigurationFailure.wrong(complaint) }
        let report = try await change(group, choosing: true) { state, view, _ in
            // What its master target says counts before what is wanted now.
            if state.workingJob == nil { _ = state.record.learn(view) }
            let findings = SiteChecks(state.record, view).findings(for: operation, besides: state.workingJob?.report)
            if let failure = findings.failure { throw failure }
            var job = SiteJob(
                id: Self.makeID(), group: group, operation: operation, requestedBy: `operator`, created: view.now)
            job.advance(&state.record, in: view, makeID: Self.makeID)
            state.job = job
            return job.report
        }
        log("An operation was begun.", "\(operation.kind.rawValue) \(group)", `operator`)
        return report
    }

    package func jobs(of group: String?) async throws -> SiteJobList {
        SiteJobList(jobs: try await read { try $0.jobs(of: group).map(\.report) })
    }

    package func job(_ id: String) async throws -> SiteJobReport {
        guard let job = try await read({ try $0.job(id) }) else { throw ConfigurationFailure.none("job", id) }
        return job.report
    }

    package func cancelJob(_ id: String, by operator: String) async throws -> SiteJobReport {
        let group = try await job(id).group
        let report = try await change(group) { state, view, store in
            guard var job = try store.job(id) else { throw ConfigurationFailure.none("job", id) }
            try job.cancel(&state.record, in: view, by: `operator`, makeID: Self.makeID)
            state.job = job
            return job.report
        }
        log("A job was cancelled.", id, `operator`)
        return report
    }

    package func retryJob(_ id: String, by operator: String) async throws -> SiteJobReport {
        let group = try await job(id).group
        let report = try await change(group, choosing: true) { state, view, store in
            guard var job = try store.job(id) else { throw ConfigurationFailure.none("job", id) }
            guard state.workingJob == nil, try store.isLast(job) else {
                throw ConfigurationFailure(
                    .conflict, "The group \(group) has a job after \(id).", remedy: "Begin a new one instead.")
            }
            try job.retry(&state.record, in: view, makeID: Self.makeID)
            state.job = job
            return job.report
        }
        log("A job was retried.", id, `operator`)
        return report
    }

    // MARK: Questions

    /// Seconds that a master target has to answer a question.
    static let questionSeconds = 10
    /// The most questions that one instance asks at a time.
    static let maximumQuestions = 64

    package func points(of group: String) async throws -> PointList {
        guard var points = try await ask(group, { SiteTask(id: $0, group: group, kind: .points) }).points else {
            throw Self.noAnswer(group)
        }
        points.group = group
        return points
    }

    package func resolve(_ point: PointReference, of group: String) async throws -> ResolvedPoint {
        let answer = try await ask(group) { id in
            var task = SiteTask(id: id, group: group, kind: .resolve)
            task.point = point
            return task
        }
        guard let resolved = answer.resolved else { throw Self.noAnswer(group) }
        return resolved
    }

    /// Asks the group's master target, and waits for what it says.
    private func ask(_ group: String, _ make: (String) -> SiteTask) async throws -> SiteTaskReport {
        guard questions.begin(atMost: Self.maximumQuestions) else {
            throw ConfigurationFailure(
                .tooManyRequests, "Too many questions to master targets are open.", remedy: "Try again in some seconds."
            )
        }
        defer { questions.end() }
        let (servers, now) = (try await knownServers(), clock.now())
        guard let state = try await read({ try $0.group(group) }) else {
            throw ConfigurationFailure.none("group", group)
        }
        guard let host = state.record.placement?.masterTarget else {
            throw ConfigurationFailure(
                .conflict, "The group \(group) is not replicated, so it has no points.", remedy: "Reprotect it.")
        }
        let name = servers.first { $0.hostID == host }?.hostName ?? host
        guard servers.first(where: { $0.hostID == host })?.state == .online else {
            throw ConfigurationFailure(
                .unavailable, "The master target \(name) of \(group) is not heard.", remedy: "Bring it back.")
        }
        let task = make(Self.makeID())
        try await write { store in
            try store.ask(task, of: host, now: now)
            try store.announce([host])
        }
        signals.changed([host])
        let answer = try await answer(to: task.id, of: host)
        try await write { store in
            try store.forget(question: task.id)
            try store.announce([host])
        }
        signals.changed([host])
        guard let answer else {
            throw ConfigurationFailure(
                .unavailable, "The master target \(name) did not answer within \(Self.questionSeconds) s.",
                remedy: "Look whether its service runs, and try again.")
        }
        if let failure = answer.failure { throw ConfigurationFailure(failure, at: name) }
        return answer
    }

    private func answer(to id: String, of host: String) async throws -> SiteTaskReport? {
        let end = ContinuousClock.now + .seconds(Self.questionSeconds)
        let place = Self.answers(of: host)
        while true {
            let generation = signals.generation(place)
            if let answer = try await read({ try $0.answer(to: id) }) { return answer }
            let left = end - .now
            if left <= .zero || signals.isClosed || Task.isCancelled { return nil }
            // Another answer, or somebody else in the queue, may have let it go.
            await signals.wait(for: place, since: generation, atMost: min(left, .seconds(1)))
        }
    }

    static func answers(of host: String) -> String { "answers of \(host)" }

    private static func noAnswer(_ group: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .unavailable, "The master target of \(group) did not say what it was asked.",
            remedy: "Install the same version on both.")
    }
}
