// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension HostPreparation {
    private static let devicesFile = "/etc/lvm/devices/system.devices"
    private static let localFile = "/etc/lvm/lvmlocal.conf"
    private static let mainFile = "/etc/lvm/lvm.conf"

    /// Keeps LVM from the disks that are bound: through its devices file where it has one, else through its filter.
    ///
    /// - Parameter written: Patterns that an earlier run wrote, so that those of disks that are free again go.
    ///
    /// Source: lvmdevices(8); lvm.conf(5), `devices/global_filter`, `devices/use_devicesfile`.
    func planLVM(_ plan: inout PreparationPlan, written: Set<String>) throws {
        let patterns = try inputs.boundIdentities.map { try LVMFilter.reject($0) }
        let main = try configuration(Self.mainFile)
        let local = try configuration(Self.localFile)
        let usage = local?.value("devices/use_devicesfile") ?? main?.value("devices/use_devicesfile")
        if usage?.items.first != "0", let devices = try tree.image(Self.devicesFile), devices.content != nil {
            try planDevicesFile(devices, &plan)
        } else {
            try planFilter(patterns, local: local, main: main, written: written, &plan)
        }
    }

    private func configuration(_ path: String) throws -> LVMConfiguration? {
        guard let bytes = try tree.contents(path, limit: RecordLimits.configuration) else { return nil }
        return try LVMConfiguration(parsing: bytes, name: path)
    }

    /// A disk that is bound must not be among the devices that LVM may use.
    private func planDevicesFile(_ image: FileImage, _ plan: inout PreparationPlan) throws {
        let file = DevicesFile(parsing: image.text)
        let listed = file.devices.filter { device in inputs.boundIdentities.contains { device.isIdentified(by: $0) } }
        guard !listed.isEmpty else { return }
        let commands = listed.map(\.removal)
        guard tree.isThisMachine else {
            plan.notes.append(
                "\(Self.devicesFile) lists disks that are bound: run '\(commands.joined(separator: " && "))' on the "
                    + "machine "
                    + "itself.")
            return
        }
        var after = image
        after.content = .init(file.without(listed).utf8)
        plan.changes.append(
            PreparationChange(
                what: "Take bound disks out of LVM's devices",
                why: "LVM must not look at a guest's volumes; nothing is written to the disks themselves.",
                action: .devicesFile(
                    Self.devicesFile, before: image, after: after, command: commands.joined(separator: " && "))))
    }

    private func planFilter(
        _ patterns: [String], local: LVMConfiguration?, main: LVMConfiguration?, written: Set<String>,
        _ plan: inout PreparationPlan
    ) throws {
        plan.rejects = patterns
        let own = local?.value("devices/global_filter")
        let effective = own ?? main?.value("devices/global_filter")
        let others = (effective?.items ?? []).filter { !written.contains($0) && !patterns.contains($0) }
        let filter = LVMFilter(rejecting: patterns, before: others)
        // Without LVM, without disks to keep it from, or as it should be.
        guard local != nil || main != nil || !patterns.isEmpty else { return }
        guard filter.items != (effective?.items ?? []), !(patterns.isEmpty && others == effective?.items ?? []) else {
            return
        }
        if let accepting = filter.accepting {
            plan.notes.append(
                "LVM's filter has \(accepting) before it rejects the rest: make sure that it does not let a bound "
                    + "disk in by "
                    + "another name.")
        }
        let text: String
        if let local, let own {
            text = local.replacing(own, with: filter.text)
        } else {
            let before = local?.text ?? ""
            text =
                before + (before.isEmpty || before.hasSuffix("\n") ? "" : "\n")
                + "# Written by Master Target: LVM does not look at disks that show a guest's content.\n"
                + "devices {\n    global_filter = \(filter.text)\n}\n"
        }
        try planFile(
            Self.localFile, what: "Keep LVM off bound disks",
            why: "LVM must not look at a guest's volumes; nothing is written to the disks themselves.", text: text,
            followUp: nil, &plan)
    }
}

enum RecordLimits {
    /// The largest configuration file that is read; lvm.conf with all its comments has a tenth of it.
    static let configuration = 1 << 20
}
