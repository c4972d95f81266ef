// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let osPackages = HealthCheck(
        "os.packages", "The programs and filesystems that failback needs are there.", needs: .software
    ) { software, _ in
        var observations = Observations()
        for requirement in SoftwareRequirement.all {
            let isProgram = requirement.kind == .program
            guard !(isProgram ? software.programs : software.filesystems).contains(requirement.name) else { continue }
            if let reason = software.waived[requirement.name] {
                observations.note(.ok, "\(requirement.name) is not there, and waived in the configuration: \(reason)")
                continue
            }
            observations.note(
                requirement.isNeeded ? .critical : .warning,
                isProgram
                    ? "The program \(requirement.name), for \(requirement.purpose), is not there."
                    : "The kernel has no support for \(requirement.name), for \(requirement.purpose).",
                remedy: isProgram
                    ? "Run 'mtctl host prepare' to see which packages are missing, and with --apply to install them."
                    : "Install the package with the kernel's further modules, or waive it in the "
                        + "configuration (health.waived) where no source needs it.")
        }
        return observations.finding(otherwise: "All of them are there.")
    }
}
