// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksEnableUUID = HealthCheck(
        "disks.enable-uuid", "Every SCSI disk says who it is.", needs: .disks
    ) { facts, _ in
        let disks = facts.disks.filter(\.isSCSI)
        var observations = Observations()
        for disk in disks where disk.identity?.isEmpty ?? true {
            // Without an identity nobody binds it, so that it harms nothing yet.
            observations.note(
                disk.isBound ? .critical : .warning,
                "\(disk.name) has neither page 0x83 nor page 0x80"
                    + (disk.isBound
                        ? ", and it is bound: its group is stopped." : ", so that it cannot become a target."),
                remedy: "Shut the machine down, set disk.EnableUUID to TRUE in its settings (VM Options, Advanced, "
                    + "Configuration Parameters), and start it; on another hypervisor than VMware's give each disk a "
                    + "serial number.")
        }
        observations.measures = [Measure("scsi_disks", Double(disks.count), .count)]
        return observations.finding(
            otherwise: disks.isEmpty ? "There is no SCSI disk." : "All \(disks.count) SCSI disks have an identity.")
    }
}
