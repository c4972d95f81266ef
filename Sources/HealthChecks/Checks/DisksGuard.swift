// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let disksGuard = HealthCheck(
        "disks.guard", "LVM, md and udisks are kept off the disks that are bound.", needs: .guards
    ) { guards, _ in
        var observations = Observations()
        for intrusion in guards.intrusions {
            observations.note(
                .critical, intrusion,
                remedy: "Take what was activated down again (vgchange --activate n, mdadm --stop, umount), then run "
                    + "'mtctl host prepare --apply' so that it stays away.")
        }
        for gap in guards.gaps {
            observations.note(
                .warning, gap,
                remedy: "Run 'mtctl host prepare --apply' again: it tells LVM of the disks that are bound now.")
        }
        return observations.finding(
            otherwise: guards.boundDisks == 0
                ? "No disk is bound." : "Nothing else uses the \(guards.boundDisks) bound disks.")
    }
}
