// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// Every machine. They are described by command line; here they are shown.
package struct MachinesView: PageView {
    package static let template = "machines"

    struct Disk: Sendable {
        let id: String
        let size: String
        let source: String
        let original: String?
    }

    struct Machine: Sendable {
        let name: String
        let group: String?
        let groupAddress: String?
        let kind: String
        let disks: [Disk]
        let facts: [Fact]
        let unknown: String?
    }

    let machines: [Machine]
    let hasMachines: Bool

    package init(_ machines: [SiteMachine], groups: [SiteGroupReport]) {
        let owners = Dictionary(
            groups.flatMap { group in group.group.machines.map { ($0, group.group.name) } },
            uniquingKeysWith: { first, _ in first })
        self.machines = machines.map { machine in
            let facts = Self.facts(machine.facts ?? SiteFacts())
            let (known, unknown) = (facts.filter { $0.fact != nil }, facts.filter { $0.fact == nil })
            return Machine(
                name: machine.name, group: owners[machine.name],
                groupAddress: owners[machine.name].map { ConsolePath.group($0) },
                kind: machine.isPhysical == true ? "Was no virtual machine" : "Virtual machine",
                disks: machine.disks.map {
                    Disk(id: $0.id, size: "\($0.sizeBytes)", source: $0.source, original: $0.original)
                },
                facts: known.map { Fact($0.name, Words.answer($0.fact)) },
                unknown: unknown.isEmpty ? nil : unknown.map(\.name).joined(separator: ", "))
        }
        hasMachines = !machines.isEmpty
    }

    private static func facts(_ facts: SiteFacts) -> [(name: String, fact: Bool?)] {
        [
            ("powered off on site", facts.isPoweredOff), ("snapshots", facts.hasSnapshots),
            ("datastore writable", facts.isDatastoreWritable), ("account may only read", facts.isAccountReadOnly),
            ("free edition of the host", facts.isFreeEdition),
        ]
    }
}

/// Every policy.
package struct PoliciesView: PageView {
    package static let template = "policies"

    struct Promise: Sendable {
        let rpo: String
        let retention: String
        let interval: String
        let quota: String

        init(_ policy: GroupPolicy) {
            rpo = Quantity.describe(seconds: policy.rpoThresholdSeconds)
            retention = Quantity.describe(seconds: policy.retentionSeconds)
            interval = Quantity.describe(seconds: policy.applicationConsistentSeconds)
            quota = policy.quotaBytes.map { DurationText.bytes($0) } ?? "what there is"
        }
    }

    struct Row: Sendable {
        let name: String
        let address: String
        let groups: Int
        let failback: Promise
        let forward: Promise
    }

    let policies: [Row]

    package init(_ policies: [SitePolicy], groups: [SiteGroupReport]) {
        self.policies = policies.map { policy in
            Row(
                name: policy.name, address: ConsolePath.policyEditor(policy.name),
                groups: groups.count { $0.policy.name == policy.name }, failback: Promise(policy.failback),
                forward: Promise(policy.forward))
        }
    }
}

/// Durations and sizes as forms have them: what is written is read as the same.
package enum DurationText {
    /// `15m`, `24h`, `90s`.
    package static func seconds(_ seconds: UInt64) -> String {
        for (unit, factor) in [("d", UInt64(86400)), ("h", 3600), ("m", 60)]
        where seconds > 0 && seconds.isMultiple(of: factor) && (unit != "d" || seconds > factor) {
            return "\(seconds / factor)\(unit)"
        }
        return "\(seconds)s"
    }

    /// `20GiB`.
    package static func bytes(_ bytes: UInt64) -> String {
        for (unit, shift) in [("TiB", UInt64(40)), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
        where bytes > 0 && bytes.isMultiple(of: 1 << shift) {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)"
    }
}

/// A policy as a form.
package struct PolicyView: PageView {
    package static let template = "policy"

    struct Field: Sendable {
        let id: String
        let label: String
        let value: String
        let isRequired: Bool
        let hint: String
    }

    struct Direction: Sendable {
        let title: String
        let fields: [Field]
    }

    let name: String?
    let isNew: Bool
    let groups: [String]
    let hasGroups: Bool
    let directions: [Direction]
    let refusal: FindingView?

    private static let fields = [
        ("rpo", "RPO threshold", true, "Such as 15m. Beyond it the group is reported."),
        ("retention", "History", true, "How far back it reaches: 24h, 3d."),
        ("interval", "Application-consistent points", true, "How often the sender is asked for one: 1h."),
        ("quota", "Room for history", false, "Such as 200GiB; empty for what the volume has."),
    ]

    private static let ways = [("failback", "Back to this site"), ("forward", "Out to the other site")]

    /// - Parameters:
    ///   - policy: What it is now; nil for a new one.
    ///   - typed: What was typed and refused.
    package init(
        _ policy: SitePolicy?, typed: FormFields? = nil, refusal: ConfigurationFailure? = nil, groups: [String] = []
    ) {
        isNew = policy == nil
        name = policy?.name ?? typed?["name"]
        self.groups = groups
        hasGroups = !groups.isEmpty
        let base = policy ?? SitePolicy(name: "")
        directions = Self.ways.map { way, title in
            let values = Self.values(way == "forward" ? base.forward : base.failback)
            return Direction(
                title: title,
                fields: zip(Self.fields, values).map { field, value in
                    Field(
                        id: "\(way)-\(field.0)", label: field.1,
                        value: typed.map { $0["\(way)-\(field.0)"] ?? "" } ?? value, isRequired: field.2,
                        hint: field.3)
                })
        }
        self.refusal = refusal.map { FindingView(Badge("Not saved", .bad), $0.message, remedy: $0.remedy) }
    }

    private static func values(_ policy: GroupPolicy) -> [String] {
        [
            DurationText.seconds(policy.rpoThresholdSeconds), DurationText.seconds(policy.retentionSeconds),
            DurationText.seconds(policy.applicationConsistentSeconds),
            policy.quotaBytes.map { DurationText.bytes($0) } ?? "",
        ]
    }

    /// Reads the form.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` that names the field.
    package static func policy(from fields: FormFields) throws(ConfigurationFailure) -> SitePolicy {
        guard let name = fields["name"] else { throw .wrong("The policy has no name.") }
        let policy = SitePolicy(
            name: name, forward: try groupPolicy("forward", fields), failback: try groupPolicy("failback", fields))
        if let complaint = policy.complaint { throw .wrong(complaint) }
        return policy
    }

    private static func groupPolicy(
        _ way: String, _ fields: FormFields
    ) throws(ConfigurationFailure) -> GroupPolicy {
        func seconds(_ field: Int) throws(ConfigurationFailure) -> UInt64 {
            let text = fields["\(way)-\(Self.fields[field].0)"] ?? ""
            guard let value = Quantity.seconds(text) else {
                throw .wrong("\(Self.fields[field].1): \"\(text.prefix(32))\" is no duration; write 15m, 24h or 3d.")
            }
            return value
        }
        var policy = GroupPolicy(
            rpoThresholdSeconds: try seconds(0), retentionSeconds: try seconds(1),
            applicationConsistentSeconds: try seconds(2))
        if let text = fields["\(way)-quota"] {
            guard let bytes = Quantity.bytes(text) else {
                throw .wrong("\(Self.fields[3].1): \"\(text.prefix(32))\" is no size; write 200GiB.")
            }
            policy.quotaBytes = bytes
        }
        return policy
    }
}

/// The way in.
package struct LoginView: PageView {
    package static let template = "login"

    let next: String
    let certificate: String?
    let refusal: FindingView?

    /// - Parameter certificate: The operator whose certificate the connection has.
    package init(next: String, certificate: String?, refusal: ConfigurationFailure? = nil) {
        self.next = next
        self.certificate = certificate
        self.refusal = refusal.map { FindingView(Badge("Not let in", .bad), $0.message, remedy: $0.remedy) }
    }
}

/// What is shown instead of a page.
package struct FailureView: PageView {
    package static let template = "failure"

    let message: String
    let remedy: String?

    package init(_ failure: ConfigurationFailure) {
        message = failure.message
        remedy = failure.remedy.isEmpty ? nil : failure.remedy
    }
}
