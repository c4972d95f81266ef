// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import StoragePrimitives

/// What an operator says of disks that are not what they were.
extension DiskDesk {
    /// Takes the size that a disk has grown to for the right one, so that its group goes on. Said again, it changes
    /// nothing.
    package func accept(_ text: String) throws(ControlFailure) -> String {
        let survey = try survey()
        let identity = try identity(text, in: survey.scan)
        guard let device = survey.scan.target(identity) ?? survey.scan.devices(of: identity).first else {
            throw ControlFailure(
                .unavailable, "No disk with identity \(identity) is here.",
                remedy: "Attach it; mtctl disks shows those that are.")
        }
        if let finding = survey.findings.first(where: { $0.identities.contains(identity) && $0.kind != .grown }),
            finding.stopsGroup
        {
            throw ControlFailure(.refused, finding.message, remedy: finding.remedy)
        }
        let known = inventory.known.records[identity]?.size ?? device.size
        guard survey.findings.contains(where: { $0.kind == .grown && $0.identities == [identity] }), known < device.size
        else { return "Disk \(identity) has the size that it is known by, \(device.size); nothing was changed." }
        try change { () throws(InventoryError) in try inventory.accept(size: device.size, of: identity) }
        return "Disk \(identity) is known by its new size, \(device.size), from now on; it was \(known). What is "
            + "replicated to it stays as large as its source."
    }

    /// Drops what is known of a disk that will not come back.
    package func forget(_ text: String) throws(ControlFailure) -> String {
        let survey = try survey()
        let identity = try identity(text, in: survey.scan)
        if let group = group(of: identity) {
            throw ControlFailure(
                .refused, "Disk \(identity) is a target of group \(group).",
                remedy: "Release it first with mtctl disk unbind \(group).")
        }
        if let device = survey.scan.devices(of: identity).first {
            throw ControlFailure(
                .refused, "Disk \(identity) is here (\(device.name)), and would be known again at once.",
                remedy: "Forget a disk when it is gone for good.")
        }
        guard let record = inventory.known.records[identity] else {
            throw ControlFailure(
                .notFound, "No disk with identity \(identity) was ever here.",
                remedy: "mtctl disks shows the disks that are here, and those that are gone.")
        }
        try change { () throws(InventoryError) in try inventory.forget(identity) }
        let model = record.model.isEmpty ? "Disk" : record.model
        return "\(model) \(identity) of \(record.size) is forgotten; should it come back, it counts as new."
    }

    /// The disk that an operator means; names under `/dev` are refused with the identity to use instead.
    func identity(_ text: String, in scan: DiskScan) throws(ControlFailure) -> DiskIdentity {
        do {
            return try TargetRules.identity(text, in: scan)
        } catch {
            throw ControlFailure(.invalidRequest, error.message, remedy: "")
        }
    }

    private func change(_ body: () throws(InventoryError) -> Void) throws(ControlFailure) {
        do {
            try body()
        } catch {
            throw ControlFailure(.inputOutput, error.message, remedy: "Nothing was changed.")
        }
    }
}
