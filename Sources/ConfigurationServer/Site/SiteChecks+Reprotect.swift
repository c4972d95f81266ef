// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

extension SiteChecks {
    /// The most disks of a group, and the most octets of a disk's name in it. Source: `WireLimits`.
    static let maximumDisks = 256
    static let maximumSourceIDBytes = 255

    func reprotect(_ request: ReprotectRequest) -> [SiteFinding] {
        var findings = direction(request)
        for machine in view.machines {
            if request.direction == .failback { findings += place(of: machine) }
            findings += sizes(of: machine)
        }
        if view.disks.count > Self.maximumDisks {
            findings.append(
                .refusal(
                    "R-10",
                    "The group \(group) has \(view.disks.count) disks; a master target takes \(Self.maximumDisks).",
                    "Make two groups of it."))
        }
        do {
            _ = try placement(for: request)
        } catch {
            findings.append(.refusal("placement", error.message, error.remedy))
        }
        return findings
    }

    /// Where the group would go. Not yet with a token.
    package func placement(for request: ReprotectRequest) throws(ConfigurationFailure) -> SitePlacement {
        let targets = try targets(for: request)
        let former = record.former.first { $0.direction == request.direction }
        let chooser = ServerPlacement(group: group, direction: request.direction, view: view)
        let pinned = record.placement.flatMap { $0.direction == request.direction ? $0 : nil }
        let masterTarget = try chooser.masterTarget(
            wanted: request.masterTarget, pinned: pinned?.masterTarget, former: former?.masterTarget)
        let processServer = try chooser.processServer(
            wanted: request.processServer, former: pinned?.processServer ?? former?.processServer)
        let placement = SitePlacement(
            direction: request.direction, masterTarget: masterTarget.hostID, processServer: processServer.hostID,
            fencingToken: record.placement?.fencingToken ?? record.highestToken, targets: targets)
        try refuseTaken(by: placement)
        return placement
    }

    private func direction(_ request: ReprotectRequest) -> [SiteFinding] {
        if let placement = record.placement {
            if placement.direction != request.direction {
                return [
                    .refusal(
                        "R-01", "The group \(group) replicates in the direction \(placement.direction.rawValue).",
                        "Fail over and commit it first.")
                ]
            }
            // Also of one whose master target is gone: a machine may run on its disks.
            let state = record.said(view)?.group.underlyingState ?? record.outcome
            if state == .recovering || state == .recovered {
                return [
                    .refusal(
                        "state", "The disks of \(group) show a point that was recovered.",
                        "Roll back, or commit. Where their master target is gone for good, delete the group here and make "
                            + "it again, once nothing runs on them.")
                ]
            }
            return []
        }
        switch request.direction {
        case .forward where record.committed != .failback:
            return [
                .refusal(
                    "R-01",
                    "The group \(group) was not failed back and committed, so there is nothing on site to "
                        + "replicate.", "Reprotect it in the direction failback.")
            ]
        case .failback where record.committed == .failback:
            // It runs on the very disks that would be written to, unless somebody knows better.
            return view.machines.filter { $0.facts?.isPoweredOff != true }.map { machine in
                .refusal(
                    "R-11",
                    "The machine \(machine.name) was failed back, and nobody said that it is powered off on site: "
                        + "replication would write to the disks it runs on.",
                    "Power it off and say so, or reprotect in the direction forward.")
            }
        case .forward, .failback: return []
        }
    }

    /// What is known of a machine's place on site.
    private func place(of machine: SiteMachine) -> [SiteFinding] {
        let facts = machine.facts ?? SiteFacts()
        let name = machine.name
        func fact(
            _ rule: String, _ value: Bool?, bad: Bool, _ unknown: String, _ sentence: String, _ remedy: String
        ) -> SiteFinding? {
            guard let value else {
                return .notice(rule, "It is not known whether \(unknown).", "Look, and say so in its facts.")
            }
            return value == bad ? .refusal(rule, sentence, remedy) : nil
        }
        let findings: [SiteFinding?] = [
            fact(
                "R-11", facts.hasSnapshots, bad: true, "\(name) has snapshots on site",
                "The machine \(name) has snapshots on site.", "Delete or consolidate them."),
            fact(
                "R-11", facts.isPoweredOff, bad: false, "\(name) is powered off on site",
                "The machine \(name) is not powered off on site.", "Power it off there; it stays off until the commit."),
            fact(
                "R-12", facts.isDatastoreWritable, bad: false,
                "the master target's host may write to the datastore of \(name)",
                "The master target's host may not write to the datastore of \(name).",
                "Give its host read and write access to the datastore."),
            fact(
                "R-12", facts.isAccountReadOnly, bad: true, "the vCenter account for \(name) may do more than read",
                "The vCenter account for \(name) may only read, and shows no datastores at a reprotect.",
                "Give the account the rights to datastores, disks and machines."),
            fact(
                "R-12", facts.isFreeEdition, bad: true, "the host of \(name) is a free edition",
                "The host of \(name) is a free edition of ESXi, which cannot fail back.", "Give the host a licence."),
        ]
        // One that was no virtual machine has no other place on site that could be in the way.
        return findings.compactMap(\.self).filter { machine.isPhysical != true || $0.rule != "R-11" }
    }

    private func sizes(of machine: SiteMachine) -> [SiteFinding] {
        let said = record.placement.flatMap { view.report(of: group, from: $0.masterTarget)?.group.disks } ?? []
        return machine.disks.flatMap { disk -> [SiteFinding] in
            let id = GroupRecord.sourceID(machine.name, disk.id)
            var findings: [SiteFinding] = []
            if !disk.sizeBytes.rawValue.isMultiple(of: 512) {
                findings.append(
                    .refusal(
                        "sizes", "The disk \(id) has \(disk.sizeBytes.rawValue) bytes, which is no number of sectors.",
                        "Correct the size."))
            }
            if let size = disk.logicalBlockSize, !(512...65536).contains(size) || size & (size - 1) != 0 {
                findings.append(
                    .refusal(
                        "sizes", "The disk \(id) has blocks of \(size) bytes.",
                        "Say a power of two from 512 to 65536."))
            }
            if id.utf8.count > Self.maximumSourceIDBytes {
                findings.append(
                    .refusal(
                        "request", "The name \(id.prefix(64))… of a disk is too long.", "Give the disk a shorter id."))
            }
            if let bound = said.first(where: { $0.source == id }), bound.sizeBytes != disk.sizeBytes {
                findings.append(
                    .refusal(
                        "sizes",
                        "The disk \(id) has \(disk.sizeBytes), and its master target has it with "
                            + "\(bound.sizeBytes).", "Unbind the disk there, or correct the size."))
            }
            return findings
        }
    }

    // MARK: Targets

    /// What each disk is written to; none is invented.
    private func targets(for request: ReprotectRequest) throws(ConfigurationFailure) -> [DiskTarget] {
        for target in request.targets {
            guard view.disks.contains(where: { $0.machine.name == target.machine && $0.disk.id == target.disk }) else {
                throw ConfigurationFailure(
                    .invalidRequest,
                    "The group \(group) has no disk \"\(SiteText.clipped(target.disk).prefix(64))\" of a machine "
                        + "\"\(SiteText.clipped(target.machine).prefix(64))\".",
                    remedy: "Correct the targets.")
            }
            guard Self.isTarget(target.target) else {
                throw ConfigurationFailure(
                    .invalidRequest,
                    "The target of the disk \(target.disk.prefix(64)) is empty, too long or has control "
                        + "characters.", remedy: "Name a file: or an identity, as mtctl disks shows it.")
            }
        }
        var targets: [DiskTarget] = []
        for (machine, disk) in view.disks {
            let named = request.targets.filter { $0.machine == machine.name && $0.disk == disk.id }
            guard named.count <= 1 else {
                throw ConfigurationFailure(
                    .invalidRequest, "The disk \(disk.id) of \(machine.name) is given two targets.",
                    remedy: "Correct the targets.")
            }
            guard let target = named.first?.target ?? standing(machine, disk, request.direction) else {
                throw ConfigurationFailure(
                    .conflict,
                    request.direction == .failback && machine.isPhysical == true
                        ? "The machine \(machine.name) was no virtual machine: it comes back on new disks, and none is "
                            + "named for \(disk.id) (R-02)."
                        : "Nothing says what the disk \(disk.id) of \(machine.name) is written to.",
                    remedy: "Make a disk of \(disk.sizeBytes) at the master target, and name it as the target.")
            }
            targets.append(DiskTarget(machine: machine.name, disk: disk.id, target: target))
        }
        return targets
    }

    /// The target without a word about it: where it goes now, or else the original disk.
    private func standing(_ machine: SiteMachine, _ disk: SiteDisk, _ direction: ReplicationDirection) -> String? {
        if let placement = record.placement, placement.direction == direction {
            return placement.targets.first { $0.machine == machine.name && $0.disk == disk.id }?.target
        }
        guard direction == .failback else { return nil }
        let accepted = record.onSite.first { $0.machine == machine.name && $0.disk == disk.id }?.target
        return accepted ?? (machine.isPhysical == true ? nil : disk.original)
    }

    private static func isTarget(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= SiteMachine.maximumTextBytes
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }

    /// A disk that is written to belongs to one group. An identity means one disk wherever it is attached; a file is one of
    /// its master target.
    func refuseTaken(by placement: SitePlacement) throws(ConfigurationFailure) {
        var seen: [String: DiskTarget] = [:]
        for target in placement.targets {
            if let other = seen.updateValue(target, forKey: target.target) {
                throw ConfigurationFailure(
                    .conflict,
                    "\(target.target) would be the target of \(other.disk) of \(other.machine) and of "
                        + "\(target.disk) of \(target.machine).", remedy: "Give each a target of its own.")
            }
        }
        // On its way out the group reads the disks that it was failed back to.
        let accepted = view.accepted.filter { $0.key != group || placement.direction == .forward }
        let others = (view.placements.filter { $0.key != group } + Array(accepted)).sorted { $0.key < $1.key }
        for (name, other) in others {
            let isHere = other.masterTarget == placement.masterTarget
            if let taken = other.targets.first(where: {
                seen[$0.target] != nil && (isHere || !$0.target.hasPrefix("file:"))
            }) {
                throw ConfigurationFailure(
                    .conflict,
                    "\(taken.target) is the target of \(taken.disk) of \(taken.machine) in the group \(name).",
                    remedy: "Give each a target of its own.")
            }
        }
    }
}
