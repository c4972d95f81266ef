// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Chooses the servers of a group (R-19). The same view gives the same choice: among those that can, the one with the
/// fewest groups beyond their RPO, then with the most room left, then of the newest version, then with the fewest groups,
/// then with the smallest RPO, then by host id.
package struct ServerPlacement {
    let group: String
    let direction: ReplicationDirection
    let view: SiteView

    package init(group: String, direction: ReplicationDirection, view: SiteView) {
        self.group = group
        self.direction = direction
        self.view = view
    }

    /// Part of what it protects that a group's history takes at least, where no quota says how much: one twentieth.
    package static let leastHistoryPart: UInt64 = 20
    /// What history takes at least.
    package static let leastHistory = ByteCount.gibibytes(1)
    /// The fewest characters of a host id that mean one.
    static let leastOfID = 4
    /// What a group takes of a master target's memory at most times.
    package static let memoryOfGroup = ByteCount.mebibytes(16)

    /// Bytes that the group's history is given room for.
    var neededBytes: ByteCount {
        if let quota = view.policy.of(direction).quotaBytes { return ByteCount(quota) }
        return max(Self.leastHistory, ByteCount(view.sizeBytes.rawValue / Self.leastHistoryPart))
    }

    /// The master target.
    ///
    /// - Parameters:
    ///   - wanted: A host id or a host name; nil for any.
    ///   - pinned: Where the group is (R-10).
    ///   - former: Where it was last.
    /// - Throws: ``ConfigurationFailure`` with `.conflict` that says of each why it was not taken.
    package func masterTarget(
        wanted: String?, pinned: String?, former: String?
    ) throws(ConfigurationFailure) -> ServerReport {
        // One that was taken back is gone for good: its pin ends with it.
        let pinned = pinned.flatMap { view.server($0) }.flatMap { $0.state == .revoked ? nil : $0 }
        if let wanted {
            let server = try named(wanted, .masterTarget)
            if let pinned, pinned.hostID != server.hostID { throw isPinned(to: pinned, not: server) }
            if let problem = problem(ofMasterTarget: server) { throw nobody("master target", [(server, problem)]) }
            return server
        }
        if let pinned {
            if let problem = problem(ofMasterTarget: pinned) { throw nobody("master target", [(pinned, problem)]) }
            return pinned
        }
        let claims = view.claims(on: group, except: nil)
        let candidates: [ServerReport]
        if let known = claims.first(where: { $0.hostID == former }) {
            candidates = [known]
        } else if claims.isEmpty {
            candidates = view.servers.filter { $0.role == .masterTarget && $0.state != .revoked }
        } else {
            throw ConfigurationFailure(
                .conflict,
                "\(claims.map(\.hostName).sorted().joined(separator: ", ")) has a group \(group) that is placed nowhere "
                    + "here.",
                remedy: "Name that master target to go on there, or another one after the group was deleted there.")
        }
        return try first("master target", candidates, problem(ofMasterTarget:), by: isBetterMasterTarget)
    }

    /// The process server.
    ///
    /// - Parameter former: The one that had the group last in this direction; it is taken again while it can.
    /// - Throws: As for the master target.
    package func processServer(wanted: String?, former: String?) throws(ConfigurationFailure) -> ServerReport {
        if let wanted {
            let server = try named(wanted, .processServer)
            if let problem = problem(of: server) { throw nobody("process server", [(server, problem)]) }
            return server
        }
        if let former = former.flatMap({ view.server($0) }), problem(of: former) == nil { return former }
        let candidates = view.servers.filter { $0.role == .processServer && $0.state != .revoked }
        return try first("process server", candidates, problem(of:)) { left, right in
            let (few, many) = (groups(sentBy: left.hostID), groups(sentBy: right.hostID))
            return few != many ? few < many : left.hostID < right.hostID
        }
    }

    // MARK: One server

    /// Why nothing can be placed on a server, as the end of a sentence that begins with its name; nil when it can.
    private func problem(of server: ServerReport) -> String? {
        switch server.state {
        case .revoked: return "had its certificates taken back"
        case .awaited: return "was never heard"
        case .lost: return "was not heard for \(Quantity.describe(seconds: server.lastSeen.map(view.seconds) ?? 0))"
        case .online: break
        }
        if server.clone != nil { return "shares its host id with another machine" }
        guard server.health == "critical" else { return nil }
        let critical = (server.heartbeat?.health?.failing ?? []).filter { $0.severity == "critical" }
        let standing = critical.filter { !Self.checksOfTheMoment.contains($0.check) }
        if !critical.isEmpty, standing.isEmpty { return nil }
        let sentences = standing.map { SiteText.clipped($0.sentence).prefix(200) }.joined(separator: " ")
        return "is in a critical state" + (sentences.isEmpty ? "" : " (\(sentences))")
    }

    /// What says how the groups that are there do, or how busy the machine is: neither stands against one more, and a
    /// group that is beyond its RPO has to be able to get another process server.
    private static let checksOfTheMoment: Set = [
        "replication.rpo", "replication.points", "replication.apply", "os.cpu", "os.memory",
    ]

    private func problem(ofMasterTarget server: ServerReport) -> String? {
        if let problem = problem(of: server) { return problem }
        guard let capacity = server.heartbeat?.capacity else { return "did not say what it has room for" }
        guard capacity.retention.isUsable, let free = capacity.retention.freeBytes else {
            let why = capacity.retention.problem.map { " (\(SiteText.clipped($0).prefix(200)))" } ?? ""
            return "has no usable retention volume\(why)"
        }
        // A group that is there has its room already.
        if server.heartbeat?.groups.contains(where: { $0.name == group }) == true { return nil }
        if free < neededBytes { return "has \(free) free for history, and \(neededBytes) are needed" }
        let count = UInt64(server.groupCount) + 1
        if count > HeartbeatRequest.maximumGroups { return "has \(server.groupCount) groups already" }
        if capacity.memoryCeilingBytes.rawValue / count < Self.memoryOfGroup.rawValue {
            return "has memory for \(capacity.memoryCeilingBytes.rawValue / Self.memoryOfGroup.rawValue) groups, and "
                + "\(server.groupCount) of them"
        }
        return nil
    }

    private static func major(_ version: String) -> Int { Int(version.prefix { $0.isASCII && $0.isNumber }) ?? 0 }

    private func isBetterMasterTarget(_ left: ServerReport, _ right: ServerReport) -> Bool {
        func late(_ server: ServerReport) -> Int {
            server.heartbeat?.groups.count { $0.isBeyondRPO == true || $0.throttledBy != nil } ?? 0
        }
        func free(_ server: ServerReport) -> ByteCount { server.heartbeat?.capacity?.retention.freeBytes ?? .zero }
        if late(left) != late(right) { return late(left) < late(right) }
        if free(left) != free(right) { return free(left) > free(right) }
        // Among equals the one that was upgraded, so that the others can be.
        let (mine, theirs) = (Self.major(left.version), Self.major(right.version))
        if mine != theirs { return mine > theirs }
        if left.groupCount != right.groupCount { return left.groupCount < right.groupCount }
        let (one, other) = (left.worstRPOSeconds ?? 0, right.worstRPOSeconds ?? 0)
        return one != other ? one < other : left.hostID < right.hostID
    }

    private func groups(sentBy hostID: String) -> Int {
        view.placements.count { $0.key != group && $0.value.processServer == hostID }
    }

    // MARK: Among several

    private func named(_ text: String, _ role: HostRole) throws(ConfigurationFailure) -> ServerReport {
        let all = view.servers.filter { $0.role == role }
        var servers = all.filter { $0.hostID == text || $0.hostName == text }
        // The beginning of an id, as lists show it; who has that for a name goes first.
        if servers.isEmpty, text.count >= Self.leastOfID { servers = all.filter { $0.hostID.hasPrefix(text) } }
        guard let server = servers.first else {
            throw ConfigurationFailure(
                .notFound, "There is no \(role.rawValue) \"\(SiteText.clipped(text).prefix(253))\".",
                remedy: "Name one by its host id or host name, as GET \(ConfigurationPath.servers) lists them.")
        }
        guard servers.count == 1 else {
            throw ConfigurationFailure(
                .conflict,
                server.hostName == text
                    ? "\(servers.count) servers have the name \(text)."
                    : "\(servers.count) servers have ids that begin with \(text).",
                remedy: "Name one by its host id: \(servers.map(\.hostID).sorted().joined(separator: ", ")).")
        }
        return server
    }

    private func first(
        _ what: String, _ candidates: [ServerReport], _ problem: (ServerReport) -> String?,
        by isBetter: (ServerReport, ServerReport) -> Bool
    ) throws(ConfigurationFailure) -> ServerReport {
        var problems: [(ServerReport, String)] = []
        var good: [ServerReport] = []
        for candidate in candidates {
            if let problem = problem(candidate) {
                problems.append((candidate, problem))
            } else {
                good.append(candidate)
            }
        }
        guard let best = good.min(by: isBetter) else { throw nobody(what, problems) }
        return best
    }

    private func nobody(_ what: String, _ problems: [(ServerReport, String)]) -> ConfigurationFailure {
        let reasons = problems.sorted { $0.0.hostID < $1.0.hostID }.map { "\($0.0.hostName) \($0.1)." }
        return ConfigurationFailure(
            .conflict,
            SiteText.clipped(
                problems.isEmpty
                    ? "No \(what) is enrolled at this site."
                    : "No \(what) can take the group \(group). \(reasons.joined(separator: " "))"),
            remedy: problems.isEmpty ? "Enrol one." : "Put one of them right, or enrol another one.")
    }

    private func isPinned(to pinned: ServerReport, not other: ServerReport) -> ConfigurationFailure {
        ConfigurationFailure(
            .conflict,
            "The group \(group) is on the master target \(pinned.hostName): through \(other.hostName) no point in time "
                + "would be common to its disks (R-10).",
            remedy: "Leave the master target out. If \(pinned.hostName) is gone for good, revoke it first; then all is "
                + "copied again.")
    }
}
