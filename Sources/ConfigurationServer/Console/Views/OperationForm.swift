// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// An operation as the fields of a form, in both directions.
package enum OperationForm {
    /// A field's name and value.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// The most disks that a form names.
    static let maximumTargets = SiteGroup.maximumMachines * SiteMachine.maximumDisks

    /// Reads an operation.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` that names the field.
    package static func operation(
        _ kind: SiteOperation.Kind, from fields: FormFields
    ) throws(ConfigurationFailure) -> SiteOperation {
        switch kind {
        case .reprotect:
            guard let direction = ReplicationDirection(rawValue: fields["direction"] ?? "failback") else {
                throw .wrong("The direction is neither back nor out.")
            }
            return .reprotect(
                ReprotectRequest(
                    direction: direction, masterTarget: fields["masterTarget"],
                    processServer: fields["processServer"], targets: targets(fields),
                    targetsAreUnused: fields.isTicked("targetsUnused") ? true : nil))
        case .failover:
            return .failover(
                FailoverRequest(
                    point: try point(fields), sourceStopped: fields.isTicked("sourceStopped"),
                    acceptInexact: fields.isTicked("acceptInexact"), targets: try statement(fields)))
        case .rollback:
            return .rollback(
                RollbackRequest(targets: try statement(fields), discardHistory: fields.isTicked("discardHistory")))
        // That history is dropped is what the confirmation is about.
        case .commit: return .commit(CommitRequest(dropHistory: true))
        }
    }

    /// The fields that give the same operation again.
    package static func fields(of operation: SiteOperation) -> [Field] {
        var fields: [Field] = []
        func add(_ name: String, _ value: String?) {
            if let value { fields.append(Field(name: name, value: value)) }
        }
        if let request = operation.reprotect {
            add("direction", request.direction.rawValue)
            add("masterTarget", request.masterTarget)
            add("processServer", request.processServer)
            for (index, target) in request.targets.enumerated() {
                add("machine-\(index)", target.machine)
                add("disk-\(index)", target.disk)
                add("target-\(index)", target.target)
            }
            if request.targetsAreUnused == true { add("targetsUnused", "yes") }
        }
        if let request = operation.failover {
            add("point", "\(request.point)")
            if request.sourceStopped { add("sourceStopped", "yes") }
            if request.acceptInexact { add("acceptInexact", "yes") }
            add("targets", request.targets?.rawValue)
        }
        if let request = operation.rollback {
            add("targets", request.targets?.rawValue)
            if request.discardHistory { add("discardHistory", "yes") }
        }
        return fields
    }

    /// A recovery point: one of the words, a time in UTC as `<input type="datetime-local">` writes it, or a name.
    static func point(_ fields: FormFields) throws(ConfigurationFailure) -> PointReference {
        let text: String?
        switch fields["which"] {
        case "time": text = fields["time"].map(time)
        case "named", nil: text = fields["point"]
        case let word: text = word
        }
        guard let text else { throw .wrong("No recovery point was chosen.") }
        guard let point = PointReference(text) else {
            throw .wrong("\"\(text.prefix(64))\" is no recovery point: a bookmark's label, a time or a number.")
        }
        return point
    }

    private static func time(_ text: String) -> String { text + (text.count == 16 ? ":00Z" : "Z") }

    private static func statement(_ fields: FormFields) throws(ConfigurationFailure) -> TargetsStatement? {
        guard let text = fields["targets"] else { return nil }
        guard let statement = TargetsStatement(rawValue: text) else {
            throw .wrong("What was done to the disks is neither \"untouched\" nor \"written\".")
        }
        return statement
    }

    private static func targets(_ fields: FormFields) -> [DiskTarget] {
        var targets: [DiskTarget] = []
        for index in 0..<maximumTargets {
            guard let machine = fields["machine-\(index)"], let disk = fields["disk-\(index)"] else { break }
            if let target = fields["target-\(index)"] {
                targets.append(DiskTarget(machine: machine, disk: disk, target: target))
            }
        }
        return targets
    }
}
