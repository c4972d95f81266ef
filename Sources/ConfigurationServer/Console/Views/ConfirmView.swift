// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// The second step of an operation: what will happen, what would be lost, what stands against it.
package struct ConfirmView: PageView {
    package static let template = "confirm"

    struct Point: Sendable {
        let words: String
        let time: Moment
        let kind: String
        let accuracy: String
        let loss: String
        let note: String?
    }

    let group: String
    let groupAddress: String
    let changeAddress: String?
    let address: String
    let button: String
    let isPermitted: Bool
    let isFinal: Bool
    let happens: [String]
    let lost: [String]
    let facts: [Fact]
    let hasFacts: Bool
    let point: Point?
    let findings: [FindingView]
    let hasFindings: Bool
    let fields: [OperationForm.Field]
    /// The operation was refused, or the group's name did not match.
    let refusal: FindingView?

    package init(
        _ operation: SiteOperation, on group: SiteGroupReport, findings: SiteFindingList, resolved: ResolvedPoint?,
        refusal: ConfigurationFailure? = nil, now: Timestamp
    ) {
        let name = group.group.name
        self.group = name
        groupAddress = ConsolePath.group(name)
        address = ConsolePath.operation(operation.kind, on: name)
        fields = OperationForm.fields(of: operation)
        isFinal = operation.kind == .commit
        let query = fields.map { "\($0.name)=\(AddressText.encoded($0.value))" }.joined(separator: "&")
        changeAddress = isFinal ? nil : address + (query.isEmpty ? "" : "?" + query)
        button = "\(Words.operation(operation.kind)) \(name)"
        self.findings = findings.findings.map { FindingView($0) }
        hasFindings = !findings.findings.isEmpty
        let isPointKnown = operation.kind != .failover || resolved != nil
        isPermitted = findings.isPermitted && isPointKnown
        facts = Fact.list(of: operation)
        hasFacts = !facts.isEmpty && !isFinal
        point = resolved.map { resolved in
            Point(
                words: resolved.point.label ?? operation.failover.map { Words.point($0.point) } ?? "",
                time: Moment(resolved.point.time, now: now), kind: Words.kind(resolved.point.kind),
                accuracy: Words.accuracy(resolved.point.accuracy), loss: Words.loss(resolved.point.losesSeconds),
                note: resolved.note)
        }
        self.refusal = refusal.map { FindingView(Badge("Refused", .bad), $0.message, remedy: $0.remedy) }
        happens = Self.happens(operation, group, time: point?.time.text)
        lost = Self.lost(operation, group, resolved)
    }

    private static func happens(
        _ operation: SiteOperation, _ group: SiteGroupReport, time: String?
    ) -> [String] {
        let masterTarget = group.masterTargetName ?? "The master target"
        let processServer = group.processServerName ?? "The process server"
        switch operation.kind {
        case .failover:
            let stop =
                operation.failover?.sourceStopped == true
                ? "The source machines are taken to be stopped, because you say so."
                : "\(processServer) sends what there is and stops. The job fails when it cannot say that it did."
            return [
                stop,
                "\(masterTarget) brings all disks of the group to \(time.map { "the point of \($0) UTC" } ?? "the point").",
                "Nothing is final: until it is committed, the group can be rolled back or failed over to another point.",
            ]
        case .reprotect:
            let request = operation.reprotect ?? ReprotectRequest()
            let way =
                request.direction == .failback
                ? "Changes come from the other site to the disks on this one."
                : "Changes go from the disks on this site to the other one."
            return [
                request.masterTarget == nil && request.processServer == nil
                    ? "A master target and a process server with room are chosen, and the group is pinned to them."
                    : "The group is pinned to the servers that were chosen.",
                way, "What differs is copied first. Then the group is protected, and points in time are kept.",
            ]
        case .rollback:
            return [
                "\(masterTarget) brings the disks back to the latest point.",
                "\(processServer) sends again, and the group is protected.",
            ]
        case .commit:
            return [
                "\(masterTarget) accepts what the disks show now, and releases them.",
                "History is dropped.", "\(processServer) forgets the group.",
            ]
        }
    }

    private static func lost(
        _ operation: SiteOperation, _ group: SiteGroupReport, _ resolved: ResolvedPoint?
    ) -> [String] {
        switch operation.kind {
        case .failover:
            guard let point = resolved?.point else { return [] }
            guard point.losesSeconds > 0 else { return [] }
            return [
                "The last \(Quantity.describe(seconds: point.losesSeconds)) of changes are not in this point. "
                    + "They stay in history until the group is committed."
            ]
        case .reprotect: return ["What the disks that are written to hold now, where it differs."]
        case .rollback:
            let written = "Whatever was written to the recovered disks since the failover."
            return operation.rollback?.discardHistory == true
                ? [written, "History, if a machine ran on the disks: the group is then compared anew."] : [written]
        case .commit:
            return ["Every recovery point of the group, and with them the way back: this cannot be undone."]
        }
    }
}
