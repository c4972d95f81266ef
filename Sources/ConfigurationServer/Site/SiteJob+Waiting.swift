// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What each step waits for.
extension SiteJob {
    /// Seconds that a process server may be silent while it is asked to stop.
    package static let silenceSeconds: UInt64 = 120

    /// How the step that it is at goes on.
    func look(
        _ kind: SiteJobStep.Kind, _ step: inout SiteJobStep, _ record: inout GroupRecord, _ view: SiteView,
        _ heard: SiteTaskReport?
    ) throws(ConfigurationFailure) -> Progress {
        switch kind {
        case .check:
            let findings = SiteChecks(record, view).findings(for: report.operation)
            if let failure = findings.failure { return .failed(failure) }
            return .done(
                findings.isEmpty ? "Nothing stands against it." : findings.map(\.message).joined(separator: " "))
        case .place:
            guard let placement = record.placement else { return .failed(Self.isLost(report.group)) }
            return .done(
                "On the master target \(view.name(placement.masterTarget)), sent by the process server "
                    + "\(view.name(placement.processServer)).")
        case .prepare, .recover, .rollback, .commit: return masterTarget(&step, record, view, heard)
        case .assign, .resume: return sender(record, view)
        case .synchronise: return synchronised(&step, record, view)
        case .stopSource: return stopped(step, record, view)
        case .release:
            let name = record.placement.map { view.name($0.processServer) }
            record.release(view)
            return .done(name.map { "The process server \($0) is told to forget the group." })
        }
    }

    /// Waits for the end of ``task``.
    private func masterTarget(
        _ step: inout SiteJobStep, _ record: GroupRecord, _ view: SiteView, _ heard: SiteTaskReport?
    ) -> Progress {
        guard let placement = record.placement, let task else { return .failed(Self.isLost(report.group)) }
        let name = view.name(placement.masterTarget)
        if let gone = Self.revoked(placement.masterTarget, "master target", view) { return .failed(gone) }
        guard let heard, heard.id == task.id else {
            return .waits(step.message ?? "The master target \(name) is asked.")
        }
        step.doneBytes = heard.doneBytes ?? step.doneBytes
        step.totalBytes = heard.totalBytes ?? step.totalBytes
        step.secondsLeft = heard.secondsLeft
        switch heard.state {
        case .running: return .waits(SiteText.clipped(heard.message ?? "The master target \(name) works on it."))
        case .done:
            let isAllSent = self.step(.stopSource)?.state == .done
            return .done(Self.sentence(heard.resolved, isAllSent: isAllSent) ?? heard.message)
        case .failed:
            return .failed(
                heard.failure.map { ConfigurationFailure($0, at: name) }
                    ?? ConfigurationFailure(
                        .unavailable, "The master target \(name) failed, and did not say why.",
                        remedy: "Look at its journal, and retry."))
        }
    }

    /// Waits until the process server sends with the token that it was given.
    private func sender(_ record: GroupRecord, _ view: SiteView) -> Progress {
        guard let placement = record.placement else { return .failed(Self.isLost(report.group)) }
        let name = view.name(placement.processServer)
        if let gone = Self.revoked(placement.processServer, "process server", view) { return .failed(gone) }
        guard let said = record.sender, said.fencingToken >= placement.fencingToken else {
            return .waits("The process server \(name) is told to send.")
        }
        switch said.state {
        case .running: return .done("The process server \(name) sends with the fencing token \(said.fencingToken).")
        case .failed: return .failed(Self.failure(of: said, name))
        case .starting, .stopped: return .waits(SiteText.clipped(said.message ?? "The process server \(name) begins."))
        }
    }

    /// Waits until the master target says, with this sender's token, that the group is protected.
    private func synchronised(
        _ step: inout SiteJobStep, _ record: GroupRecord, _ view: SiteView
    ) -> Progress {
        guard let placement = record.placement else { return .failed(Self.isLost(report.group)) }
        if let gone = Self.revoked(placement.masterTarget, "master target", view)
            ?? Self.revoked(placement.processServer, "process server", view)
        {
            return .failed(gone)
        }
        if let said = record.sender, said.fencingToken >= placement.fencingToken {
            if said.state == .failed { return .failed(Self.failure(of: said, view.name(placement.processServer))) }
            step.doneBytes = said.doneBytes ?? step.doneBytes
            step.totalBytes = said.totalBytes ?? step.totalBytes
        }
        let name = view.name(placement.masterTarget)
        guard let said = view.report(of: report.group, from: placement.masterTarget)?.group else {
            return .waits("The master target \(name) said nothing of the group yet.")
        }
        if said.fencingToken > placement.fencingToken {
            return .failed(
                ConfigurationFailure(
                    .conflict,
                    "The master target \(name) has the group \(report.group) at the fencing token \(said.fencingToken): "
                        + "another sender took over from \(placement.fencingToken).",
                    remedy: "Retry: the process server gets a greater token."))
        }
        guard said.fencingToken == placement.fencingToken else {
            return .waits("The master target \(name) has not heard of the process server yet.")
        }
        switch said.underlyingState {
        case .protected where said.state == .protected:
            return .done("The group \(report.group) is protected on \(name).")
        case .recovering, .recovered, .committed, .released:
            return .failed(
                ConfigurationFailure(
                    .conflict,
                    "The group \(report.group) is \(said.underlyingState.rawValue) on \(name): somebody went "
                        + "on there.", remedy: "Look at it with mtctl there."))
        case .created, .initialSync, .protected, .paused, .resyncing, .degraded:
            return .waits(
                SiteText.clipped(said.cause ?? "The group is in the state \(said.state.rawValue) on \(name)."))
        }
    }

    /// Waits until the process server said that it has sent what there was.
    private func stopped(_ step: SiteJobStep, _ record: GroupRecord, _ view: SiteView) -> Progress {
        guard let placement = record.placement else { return .failed(Self.isLost(report.group)) }
        let name = view.name(placement.processServer)
        if let state = record.said(view)?.group.underlyingState,
            state == .recovered || state == .recovering
        {
            return .skipped("The disks show a recovered point, and nothing is sent.")
        }
        let said = record.sender.flatMap { $0.fencingToken == placement.fencingToken ? $0 : nil }
        if said?.state == .stopped, before?.isSending == false { return .skipped("Nothing was sent any more.") }
        if said?.state == .stopped { return .done("The process server \(name) has sent what there was, and stopped.") }
        if report.operation.failover?.sourceStopped == true {
            return .skipped("\(report.requestedBy) says that the sources are stopped.")
        }
        let remedy = "Shut the sources down, say that they are stopped, and fail over again; what was not sent is lost."
        guard record.assignment != nil else {
            return .failed(
                ConfigurationFailure(
                    .conflict, "No process server sends \(report.group), so none can say that it stopped.",
                    remedy: remedy))
        }
        if said?.state == .failed {
            return .failed(
                ConfigurationFailure(
                    .conflict,
                    "The process server \(name) cannot say that it stopped: "
                        + SiteText.clipped(said?.message ?? "it failed."), remedy: remedy))
        }
        guard record.assignment?.isStopped == true else {
            return .failed(
                ConfigurationFailure(
                    .conflict,
                    "The process server \(name) came with a greater token than was known here, and was not told to stop.",
                    remedy: "Fail over again."))
        }
        let silence = step.started.map(view.seconds) ?? 0
        if view.server(placement.processServer)?.state != .online, silence >= Self.silenceSeconds {
            return .failed(
                ConfigurationFailure(
                    .unavailable,
                    "The process server \(name) is not heard, so nobody knows whether the sources are stopped.",
                    remedy: remedy))
        }
        return .waits(SiteText.clipped(said?.message ?? "The process server \(name) sends what there is, and stops."))
    }

    // MARK: Sentences

    private static func revoked(_ hostID: String, _ what: String, _ view: SiteView) -> ConfigurationFailure? {
        guard let server = view.server(hostID) else {
            return ConfigurationFailure(
                .notFound, "The \(what) \(hostID) is not enrolled here.", remedy: "Enrol it again, and retry.")
        }
        guard server.state == .revoked else { return nil }
        return ConfigurationFailure(
            .revoked, "The certificates of the \(what) \(server.hostName) were taken back.",
            remedy: "Enrol it again and retry, or begin with another one.")
    }

    private static func failure(of said: SiteAssignmentReport, _ name: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .unavailable, SiteText.clipped("The process server \(name) cannot send: \(said.message ?? "it failed.")"),
            remedy: "Put that right, and retry.")
    }

    private static func isLost(_ group: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .conflict, "The group \(group) is not placed any more.", remedy: "Begin again with a reprotect.")
    }

    /// The point that the disks show, its kind, and what it lost.
    ///
    /// - Parameter isAllSent: The process server has sent all there was; otherwise nobody knows what it had.
    private static func sentence(_ resolved: ResolvedPoint?, isAllSent: Bool) -> String? {
        guard let point = resolved?.point else { return nil }
        let kind = point.kind == .applicationConsistent ? "application-consistent" : "crash-consistent"
        let accuracy =
            switch point.accuracy {
            case .exact: ""
            case .approximate: ", its time is approximate"
            case .notGuaranteed: ", its time is not guaranteed"
            }
        let label = point.label.map { " \"\($0)\"" } ?? ""
        let lost =
            point.losesSeconds > 0
            ? "\(Quantity.describe(seconds: point.losesSeconds)) are lost"
            // Then a note tells of changes within the last second.
            : resolved?.note != nil
                ? "less than a second is lost"
                : isAllSent ? "nothing is lost" : "nothing that was received is lost"
        let note = resolved?.note.map { " \($0)" } ?? ""
        return "The disks show \(point.time)\(label), \(kind)\(accuracy); \(lost).\(note)"
    }
}

extension ConfigurationFailure {
    /// What a master target refused or failed with.
    init(_ failure: ControlFailure, at name: String) {
        let code: Code =
            switch failure.code {
            case .invalidRequest: .invalidRequest
            case .notFound: .notFound
            case .exists, .refused, .notConfirmed, .busy: .conflict
            case .unavailable, .corrupt, .inputOutput: .unavailable
            case .internalFailure: .internalFailure
            }
        self.init(
            code, SiteText.clipped("The master target \(name): \(failure.message)"),
            remedy: SiteText.clipped(failure.remedy))
    }
}
