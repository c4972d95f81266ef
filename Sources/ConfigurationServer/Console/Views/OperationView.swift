// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// The first step of an operation: what it is to be done with.
package struct OperationView: PageView {
    package static let template = "operation"

    struct Choice: Sendable {
        let id: String
        let value: String
        let title: String
        let words: String?
        let isChosen: Bool
    }

    struct Target: Sendable {
        let index: Int
        let machine: String
        let disk: String
        let original: String?
        let value: String?
    }

    let group: String
    let groupAddress: String
    let purpose: String
    let address: String
    let isFailover: Bool
    let isReprotect: Bool
    let isRollback: Bool
    let points: [Choice]
    let time: String?
    let named: String?
    let isTime: Bool
    let isNamed: Bool
    let sourceStopped: Bool
    let acceptInexact: Bool
    let discardHistory: Bool
    let targetsUnused: Bool
    let asksForDisks: Bool
    let statements: [Choice]
    let directions: [Choice]
    let masterTargets: [Choice]
    let processServers: [Choice]
    let targets: [Target]
    let hasTargets: Bool
    let timeline: TimelineView?
    let pointsFailure: FindingView?

    /// - Parameters:
    ///   - servers: Those that may be chosen for a reprotect.
    ///   - machines: The group's, for the targets of a reprotect.
    ///   - points: For a failover.
    package init(
        _ kind: SiteOperation.Kind, on group: SiteGroupReport, fields: FormFields, servers: [ServerReport] = [],
        machines: [SiteMachine] = [], points: Result<PointList, ConfigurationFailure>? = nil, now: Timestamp
    ) {
        self.group = group.group.name
        groupAddress = ConsolePath.group(group.group.name)
        purpose = GroupView.purpose(kind)
        address = ConsolePath.operation(kind, on: group.group.name) + "/confirm"
        isFailover = kind == .failover
        isReprotect = kind == .reprotect
        isRollback = kind == .rollback
        let which = Self.which(fields)
        self.points = [
            ("latest", "Latest", "The newest change that is durable."),
            ("latest-processed", "Latest on the disks", "The quickest: nothing has to be written first."),
            ("latest-app-consistent", "Latest application-consistent", "As the applications would have shut down."),
        ].map { Choice(id: "which-\($0)", value: $0, title: $1, words: $2, isChosen: which == $0) }
        isTime = which == "time"
        isNamed = which == "named"
        time = fields["time"]
        named = isNamed ? fields["point"] : nil
        sourceStopped = fields.isTicked("sourceStopped")
        acceptInexact = fields.isTicked("acceptInexact")
        discardHistory = fields.isTicked("discardHistory")
        targetsUnused = fields.isTicked("targetsUnused")
        asksForDisks = kind == .rollback || kind == .failover && group.report?.state == .recovered
        statements = [
            ("", "I do not know"), (TargetsStatement.untouched.rawValue, "Nothing wrote to them"),
            (TargetsStatement.written.rawValue, "A machine ran on them"),
        ].map { value, title in
            Choice(
                id: "targets-\(value)", value: value, title: title, words: nil,
                isChosen: (fields["targets"] ?? "") == value)
        }
        let direction = fields["direction"] ?? ReplicationDirection.failback.rawValue
        directions = ReplicationDirection.allCases.map { value in
            Choice(
                id: "direction-\(value.rawValue)", value: value.rawValue, title: Words.direction(value), words: nil,
                isChosen: value.rawValue == direction)
        }
        masterTargets = Self.choices(servers, .masterTarget, chosen: fields["masterTarget"])
        processServers = Self.choices(servers, .processServer, chosen: fields["processServer"])
        targets = machines.flatMap { machine in machine.disks.map { (machine.name, $0) } }.enumerated()
            .map { index, pair in
                Target(
                    index: index, machine: pair.0, disk: pair.1.id, original: pair.1.original,
                    value: fields["target-\(index)"])
            }
        hasTargets = !targets.isEmpty
        (timeline, pointsFailure) = TimelineView.of(points, now: now)
    }

    /// Which of the points is chosen by what came with the address.
    private static func which(_ fields: FormFields) -> String {
        if let which = fields["which"] { return which }
        if fields["time"] != nil { return "time" }
        switch fields["point"] {
        case nil: return "latest"
        case let word? where ["latest", "latest-processed", "latest-app-consistent"].contains(word): return word
        default: return "named"
        }
    }

    private static func choices(_ servers: [ServerReport], _ role: HostRole, chosen: String?) -> [Choice] {
        servers.filter { $0.role == role && $0.state != .revoked }.map { server in
            Choice(
                id: server.hostID, value: server.hostID,
                title: "\(server.hostName) (\(Words.badge(server.state).word.lowercased()))", words: nil,
                isChosen: server.hostID == chosen)
        }
    }
}
