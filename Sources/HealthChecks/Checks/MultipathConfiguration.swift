// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let multipathConfiguration = HealthCheck(
        "multipath.config", "Our part of multipathd's configuration holds, and leaves the root disk alone.",
        needs: .multipath
    ) { multipath, _ in
        var observations = Observations()
        for override in multipath.overrides {
            observations.note(
                .warning, override,
                remedy:
                    "Run 'mtctl host prepare --apply', then 'multipathd reconfigure'; where it stays so, look for the "
                    + "setting in /etc/multipath.conf and /etc/multipath/conf.d.")
        }
        return observations.finding(otherwise: "Nothing overrides it.")
    }
}
