// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteDesk {
    /// The most tasks or assignments that one server reports on.
    static let maximumReports = 4096

    /// Takes what a server says, and gives what it is asked: at once when that is not what it has, or else as soon as it
    /// changes or the wait is over.
    ///
    /// - Parameter longest: What the connection may be silent at most.
    package func exchange(
        _ exchange: SiteExchange, of host: String, role: HostRole, longest: Duration
    ) async throws -> SiteOrders {
        guard exchange.tasks.count <= Self.maximumReports, exchange.assignments.count <= Self.maximumReports else {
            throw ConfigurationFailure.wrong("There are more than \(Self.maximumReports) reports in one exchange.")
        }
        switch role {
        case .masterTarget: try await heard(exchange.tasks, from: host)
        case .processServer: try await heard(exchange.assignments, from: host)
        case .nbdClient, .operator, .configurationServer: break
        }
        let seconds = min(exchange.waitSeconds, SiteExchange.maximumWaitSeconds)
        let end = ContinuousClock.now + min(.seconds(seconds), longest)
        while true {
            let generation = signals.generation(host)
            let orders = try await orders(for: host)
            let left = end - .now
            if orders.revision != exchange.revision || left <= .zero || Task.isCancelled { return orders }
            await signals.wait(for: host, since: generation, atMost: left)
            // Let go without a change: the time is over, or the server has newer connections.
            if signals.generation(host) == generation || signals.isClosed { return orders }
        }
    }

    /// All that a server is told now.
    func orders(for host: String) async throws -> SiteOrders {
        let (states, questions) = try await read { (try $0.groups(on: host), try $0.questions(to: host)) }
        let tasks = states.compactMap { $0.told[host]?.task } + questions
        var assignments = states.compactMap { state in
            state.told[host]?.assignment.map { (state.record.placement?.masterTarget ?? "", $0) }
        }
        if !assignments.isEmpty {
            let servers = try await knownServers()
            assignments = assignments.compactMap { target, assignment in
                let server = servers.first { $0.hostID == target }
                // Nothing is sent to one whose certificates were taken back.
                if server?.state == .revoked { return nil }
                var assignment = assignment
                assignment.masterTargets = server?.replicationEndpoints ?? []
                assignment.masterTargetID = target
                return (target, assignment)
            }
        }
        return try SiteOrders(tasks: tasks, assignments: assignments.map(\.1))
    }

    // MARK: Master targets

    private func heard(_ reports: [SiteTaskReport], from host: String) async throws {
        guard !reports.isEmpty else { return claims.said(host, of: [String](), now: DateTime(clock.now())) }
        let (states, questions) = try await read { store in
            (try store.groups(on: host), Set(try store.questions(to: host).map(\.id)))
        }
        var groups: [String: String] = [:]
        for state in states where state.record.placement?.masterTarget == host {
            if let id = state.task?.id { groups[id] = state.record.group.name }
        }
        var strange: [String] = []
        for report in reports.map(\.clipped) {
            if let group = groups[report.id] {
                try await heard(report, of: group, from: host)
            } else if questions.contains(report.id) {
                try await answered(report, by: host)
            } else if strange.count < ForeignClaims.maximumOfServer {
                strange.append(report.id)
            }
        }
        let ids = strange
        let foreign = ids.isEmpty ? [] : try await read { try $0.groups(ofTasks: ids) }
        claims.said(host, of: foreign, now: DateTime(clock.now()))
    }

    private func heard(_ report: SiteTaskReport, of group: String, from host: String) async throws {
        try await change(group) { state, view, _ in
            // It may have been answered, or the group moved, since it was looked at.
            guard state.record.placement?.masterTarget == host, state.task?.id == report.id else { return }
            if var job = state.workingJob {
                job.advance(&state.record, in: view, heard: report, makeID: Self.makeID)
                state.job = job
            } else {
                state.record.settled(report)
            }
        }
    }

    private func answered(_ report: SiteTaskReport, by host: String) async throws {
        guard report.state != .running else { return }
        try await write { store in
            try store.answer(report, of: host)
            try store.announce([host])
        }
        signals.changed([host, Self.answers(of: host)])
    }

    // MARK: Process servers

    private func heard(_ reports: [SiteAssignmentReport], from host: String) async throws {
        let states = reports.isEmpty ? [] : try await read { try $0.groups(on: host) }
        let mine = Dictionary(
            states.filter { $0.record.placement?.processServer == host }.map { ($0.record.group.name, $0.record) },
            uniquingKeysWith: { first, _ in first })
        var foreign: [String] = []
        for report in reports.map(\.clipped) {
            guard let record = mine[report.group] else {
                let isAtWork = report.state == .running || report.state == .starting
                if isAtWork, CreateGroupRequest.isPermittedName(report.group) { foreign.append(report.group) }
                continue
            }
            if record.sender == report { continue }
            try await change(report.group) { state, view, _ in
                guard state.record.placement?.processServer == host else { return }
                _ = state.record.heard(report)
                guard var job = state.workingJob else { return }
                job.advance(&state.record, in: view, makeID: Self.makeID)
                state.job = job
            }
        }
        claims.said(host, of: foreign, now: DateTime(clock.now()))
    }
}

extension SiteTaskReport {
    /// With texts that are sentences and not more.
    fileprivate var clipped: SiteTaskReport {
        var report = self
        report.message = message.map { SiteText.clipped($0) }
        report.failure = failure.map {
            ControlFailure($0.code, SiteText.clipped($0.message), remedy: SiteText.clipped($0.remedy))
        }
        report.resolved?.note = resolved?.note.map { SiteText.clipped($0) }
        report.resolved?.point.label = resolved?.point.label.map { SiteText.clipped($0) }
        return report
    }
}

extension SiteAssignmentReport {
    fileprivate var clipped: SiteAssignmentReport {
        var report = self
        report.message = message.map { SiteText.clipped($0) }
        return report
    }
}
