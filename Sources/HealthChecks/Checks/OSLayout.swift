// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

extension HealthCheck {
    static let osLayout = HealthCheck(
        "os.layout", "The system's disk has room, swap and /var/crash, and no history on it.", needs: .layout
    ) { layout, _ in
        let (total, available) = (layout.rootTotal.rawValue, layout.rootAvailable.rawValue)
        var observations = Observations()
        if total == 0 || available > total {
            observations.note(
                .unknown, "The filesystem on / says that \(layout.rootAvailable) of \(layout.rootTotal) are free.",
                remedy: "Look at 'df /' and at the kernel's log for errors of that filesystem.")
        } else {
            let percent = Share.percent(available, of: total)
            observations.measures = [Measure("root_free", percent, .percent, warning: 20, critical: 10)]
            if Share.isBelow(available, of: total, percent: 20) {
                observations.note(
                    Share.isBelow(available, of: total, percent: 10) ? .critical : .warning,
                    "On / \(layout.rootAvailable) of \(layout.rootTotal) are free, \(percentText(percent)).",
                    remedy: "Make room on /: old kernels, packages and logs go first ('journalctl "
                        + "--vacuum-size=200M').")
            }
        }
        if let root = layout.rootDevice, root == layout.retentionDevice {
            observations.note(
                .critical, "The retention volume is the root filesystem (\(root)).",
                remedy: "Mount a volume of its own for history: 'mtctl retention candidates' shows those that may be.")
        } else if let shared = layout.rootDisks.intersection(layout.retentionDisks).min() {
            observations.note(
                .warning, "The root filesystem and the retention volume are on one disk, \(shared).",
                remedy: "Move history to a disk of its own: 'mtctl retention candidates' shows those that may be.")
        }
        if layout.swap == .zero {
            observations.note(
                .warning, "There is no swap.",
                remedy: "Add swap, so that a short peak of memory does not end "
                    + "programs.")
        }
        if !layout.hasCrashFolder {
            observations.note(
                .warning, "There is no folder /var/crash, so that a crash of the kernel leaves no dump.",
                remedy: "Run 'mtctl host prepare --apply', which makes it.")
        }
        return observations.finding(
            otherwise: "\(layout.rootAvailable) of \(layout.rootTotal) are free on /, and there are \(layout.swap) "
                + "of swap.")
    }
}
