// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HostPreparation {
    /// What R-16 wants: the program by which it is recognized, and the packages that bring it.
    private static let packages: [(program: String, debian: String, enterprise: String)] = [
        ("multipathd", "multipath-tools", "device-mapper-multipath"),
        ("mkfs.xfs", "xfsprogs", "xfsprogs"),
        ("lsscsi", "lsscsi", "lsscsi"),
        ("modprobe", "kmod", "kmod"),
        ("perl", "perl", "perl-interpreter"),
        ("rsync", "rsync", "rsync"),
        ("wget", "wget", "wget"),
        ("kexec", "kexec-tools", "kexec-tools"),
    ]

    func planPackages(_ plan: inout PreparationPlan) throws {
        let missing = try Self.packages.filter { try tree.program($0.program) == nil }
        guard !missing.isEmpty else { return }
        let programs = missing.map(\.program).joined(separator: ", ")
        let system = try OperatingSystem(tree)
        let names: [String]
        let command: String
        switch system.family {
        case .debian:
            names = missing.map(\.debian)
            command = "apt-get install --yes --no-install-recommends \(names.joined(separator: " "))"
        case .enterpriseLinux:
            names = missing.map(\.enterprise)
            command = "dnf install --assumeyes --setopt=install_weak_deps=False \(names.joined(separator: " "))"
        case .other:
            plan.notes.append("\(system.name) has no package names that are known here: install what has \(programs).")
            return
        }
        guard tree.isThisMachine else {
            plan.notes.append("\(programs) are missing in this tree: run '\(command)' in it.")
            return
        }
        plan.changes.append(
            PreparationChange(
                what: "Install packages", why: "There is no \(programs).", action: .packages(names, command: command)))
    }
}
