// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// What is kept of a group: what is wanted of it, and what of that servers have confirmed. What servers are told is made
/// of this and of the group's job alone, so that a server that was killed says the same when it is back.
package struct GroupRecord: Hashable, Sendable, Codable {
    package var group: SiteGroup
    /// Where it is pinned to; nil while it is not replicated.
    package var placement: SitePlacement?
    /// What its process server is told; nil for nothing. The addresses of the master target come in when it is sent.
    package var assignment: SiteAssignment?
    /// What the process server said last.
    package var sender: SiteAssignmentReport?
    /// The greatest token that was given or seen: it never goes back, whatever becomes of a placement.
    package var highestToken: UInt64 = 0
    /// Where it was replicated last, one for each direction: who had it is asked first to have it again.
    package var former: [SitePlacement] = []
    /// Which way it was committed last; nil when it never was.
    package var committed: ReplicationDirection?
    /// The ids that groups of this name had on the master targets where they were committed, by host id; nil for none. The
    /// newest ``maximumCommits`` of each.
    package var commits: [String: [String]]?
    /// The disks on site since the last commit of a failback.
    package var onSite: [DiskTarget] = []
    /// The policy that its master target was told last.
    package var policy: GroupPolicy?
    /// Has the master target follow what is wanted of the group, while no job works on it; nil once it has answered.
    package var settle: SiteTask?
    /// Why it did not; nil while it did.
    package var unsettled: String?
    /// The state that the last job left it in on its master target; nil when that is for the master target to say.
    package var outcome: GroupState?
    /// When it was changed: what servers said before does not count against it.
    package var changed: DateTime

    package init(group: SiteGroup, changed: DateTime) {
        self.group = group
        self.changed = changed
    }

    /// The greatest token that is believed of a server: beyond it there would be no greater one some day.
    package static let maximumToken: UInt64 = 1 << 53

    /// A token that is greater than any that was given or seen.
    package mutating func takeToken(_ view: SiteView) throws(ConfigurationFailure) -> UInt64 {
        let reported = placement.flatMap { view.report(of: group.name, from: $0.masterTarget)?.group.fencingToken } ?? 0
        let seen = max(highestToken, placement?.fencingToken ?? 0, reported, sender?.fencingToken ?? 0)
        guard seen < Self.maximumToken else {
            throw ConfigurationFailure(
                .conflict, "The group \(group.name) came to the fencing token \(seen), beyond which none is given.",
                remedy: "Find out which server said so; no server of this site gets there by itself.")
        }
        highestToken = seen + 1
        return highestToken
    }

    /// Pins it; what the former process server was told is not for another one.
    package mutating func place(_ chosen: SitePlacement) {
        if placement?.processServer != chosen.processServer {
            assignment = nil
            sender = nil
        }
        placement = chosen
        settle = nil
    }

    /// Has the process server send, with a new token.
    package mutating func send(_ view: SiteView) throws(ConfigurationFailure) {
        guard var placed = placement else { return }
        placed.fencingToken = try takeToken(view)
        placement = placed
        sender = nil
        assignment = SiteAssignment(
            group: group.name, masterTargets: [], fencingToken: placed.fencingToken,
            disks: assignedDisks(view),
            applicationConsistentSeconds: view.policy.of(placed.direction).applicationConsistentSeconds)
    }

    /// What its master target says of it. What it said before the last job ended does not count against what came of that.
    package func said(_ view: SiteView) -> (group: GroupReport, moment: DateTime)? {
        guard let placement, var said = view.report(of: group.name, from: placement.masterTarget) else { return nil }
        if let outcome, said.moment <= changed {
            said.group.state = outcome
            said.group.underlyingState = outcome
        }
        return said
    }

    /// The pin and what the process server was told end.
    package mutating func unplace() {
        if let placement { remember(placement) }
        placement = nil
        assignment = nil
        sender = nil
        settle = nil
        unsettled = nil
        policy = nil
        outcome = nil
    }

    /// How its master target has to have it.
    ///
    /// - Parameter making: Of an operator's wish; nil for what only keeps it in step.
    package mutating func prepareTask(_ view: SiteView, id: String, making: GroupMaking? = nil) -> SiteTask? {
        guard let placement else { return nil }
        policy = view.policy.of(placement.direction)
        var task = SiteTask(id: id, group: group.name, kind: .prepare)
        task.prepare = PrepareRequest(
            policy: view.policy.of(placement.direction), sender: placement.processServer,
            disks: view.disks.map { machine, disk in
                BindDiskRequest(
                    source: Self.sourceID(machine.name, disk.id),
                    target: placement.targets.first { $0.machine == machine.name && $0.disk == disk.id }?.target ?? "",
                    sizeBytes: disk.sizeBytes, logicalBlockSize: disk.logicalBlockSize)
            }, making: making)
        return task
    }

    /// Whoever has the group follows its policy, when that is another one than they were told.
    package mutating func follow(_ view: SiteView, makeID: () -> String) {
        guard let placement, policy != view.policy.of(placement.direction) else { return }
        assignment?.applicationConsistentSeconds = view.policy.of(placement.direction).applicationConsistentSeconds
        settle = prepareTask(view, id: makeID())
        unsettled = nil
    }

    /// What the master target says of ``settle``.
    package mutating func settled(_ report: SiteTaskReport) {
        guard report.id == settle?.id, report.state != .running else { return }
        settle = nil
        unsettled = report.state == .failed ? SiteText.clipped(report.failure?.message ?? "It did not say why.") : nil
    }

    /// What the disks show was accepted.
    package mutating func release(_ view: SiteView) {
        guard let placement else { return }
        if let report = view.report(of: group.name, from: placement.masterTarget) {
            let known = (commits?[placement.masterTarget] ?? []).filter { $0 != report.group.id }
            commits = commits ?? [:]
            commits?[placement.masterTarget] = (known + [report.group.id]).suffix(Self.maximumCommits)
        }
        committed = placement.direction
        if placement.direction == .failback { onSite = placement.targets }
        unplace()
    }

    package mutating func remember(_ placement: SitePlacement) {
        former = former.filter { $0.direction != placement.direction } + [placement]
    }

    /// What a server said that this record does not know, because it came from a backup or the operator was at the master
    /// target: the master target's word on its group counts.
    /// After a rollback there what was stopped is sent again, with a new token.
    ///
    /// - Returns: Whether anything changed.
    package mutating func learn(_ view: SiteView) -> Bool {
        guard let placement, let said = view.report(of: group.name, from: placement.masterTarget),
            said.moment > changed
        else { return false }
        let isOver = said.group.underlyingState == .committed || said.group.underlyingState == .released
        // A group that was committed takes no greater token any more: that it is over counts whatever the token.
        guard isOver || said.group.fencingToken >= placement.fencingToken else { return false }
        switch said.group.underlyingState {
        case .committed, .released: release(view)
        case .recovering, .recovered:
            guard assignment?.isStopped == false else { return false }
            assignment?.isStopped = true
            outcome = said.group.underlyingState
        case .protected, .resyncing:
            guard outcome == .recovered || outcome == .recovering, assignment?.isStopped == true,
                said.moment.timestamp.nanoseconds(since: changed.timestamp) >= Self.underWaySeconds * 1_000_000_000
            else { return false }
            // Without a greater token it stays stopped; an operator's reprotect says why.
            guard (try? send(view)) != nil else { return false }
            outcome = nil
        case .created, .initialSync, .paused, .degraded: return false
        }
        changed = view.now
        return true
    }

    /// A group that is failed over and back that often has others to think of.
    package static let maximumCommits = 64
    /// A heartbeat that was under way for less when a job ended may tell of what was before it.
    package static let underWaySeconds: Int64 = 30

    /// What its process server says of it. A greater token than ours is one that we gave and forgot, as after a restored
    /// backup: what we asked of the smaller one, to stop above all, is not asked of it.
    ///
    /// - Returns: Whether what it is told changed.
    package mutating func heard(_ report: SiteAssignmentReport) -> Bool {
        guard let token = placement?.fencingToken else { return false }
        sender = report
        guard report.fencingToken > token, report.fencingToken < Self.maximumToken else { return false }
        placement?.fencingToken = report.fencingToken
        assignment?.fencingToken = report.fencingToken
        assignment?.isStopped = report.state == .stopped
        highestToken = max(highestToken, report.fencingToken)
        return true
    }

    private func assignedDisks(_ view: SiteView) -> [AssignedDisk] {
        let isForward = placement?.direction == .forward
        return view.disks.map { machine, disk in
            AssignedDisk(
                id: Self.sourceID(machine.name, disk.id),
                source: isForward ? Self.path(view.onSite(machine, disk, self) ?? "") : disk.source)
        }
    }

    /// The sender's name for a disk: unique in its group.
    package static func sourceID(_ machine: String, _ disk: String) -> String { "\(machine)/\(disk)" }

    private static func path(_ target: String) -> String {
        target.hasPrefix("file:") ? String(target.dropFirst("file:".count)) : target
    }
}

extension SitePolicy {
    func of(_ direction: ReplicationDirection) -> GroupPolicy { direction == .failback ? failback : forward }
}
