// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let multipathDaemon = HealthCheck(
        "multipath.daemon", "multipathd runs where a disk has several paths.", needs: .multipath
    ) { multipath, _ in
        guard !multipath.isRunning else { return Finding(.ok, "multipathd answers.") }
        let disks = multipath.disksWithSeveralPaths
        guard let first = disks.min() else {
            return Finding(.ok, "multipathd does not run, and no disk has several paths.")
        }
        return Finding(
            .critical,
            "multipathd does not answer, and "
                + "\(disks.count == 1 ? first : "\(disks.count) disks, \(first) among them,") "
                + "\(disks.count == 1 ? "has" : "have") several paths.",
            remedy: "Start it with 'systemctl enable --now multipathd'.")
    }
}
