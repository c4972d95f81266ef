// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

extension LinuxHost {
    /// The largest list of modules that is read: a distribution's has less than one mebibyte.
    private static let longestModuleList = 16 << 20

    /// Which of the wanted programs and filesystems are there. No package manager is asked: what counts is what works.
    public func software() throws -> SoftwareFacts {
        var programs: Set<String> = []
        for requirement in SoftwareRequirement.all where requirement.kind == .program {
            if try tree.program(requirement.name) != nil { programs.insert(requirement.name) }
        }
        return SoftwareFacts(programs: programs, filesystems: try filesystems(), waived: waived)
    }

    /// Those that the kernel has (`/proc/filesystems`) and those that it can load (`modules.builtin`, `modules.dep`).
    ///
    /// Source: man 5 proc, man 5 modules.dep.
    private func filesystems() throws -> Set<String> {
        guard let present = try tree.text("/proc/filesystems") else {
            throw HealthError(.malformedSource, "/proc/filesystems is not there.")
        }
        // "nodev" or nothing, a tab, the name.
        var names = Set(present.split(separator: "\n").compactMap { $0.split(separator: "\t").last.map(String.init) })
        let wanted = SoftwareRequirement.all.filter { $0.kind == .filesystem && !names.contains($0.name) }.map(\.name)
        guard !wanted.isEmpty, let release = try tree.text("/proc/sys/kernel/osrelease") else { return names }
        let kernel = release.trimmed
        guard !kernel.isEmpty, !kernel.contains("/") else { return names }
        for list in ["modules.builtin", "modules.dep"] {
            let path = "/lib/modules/\(kernel)/\(list)"
            guard let text = try tree.text(path, limit: Self.longestModuleList) else { continue }
            for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
                // kernel/fs/xfs/xfs.ko.zst: what it depends on
                let module = line.prefix { $0 != UInt8(ascii: ":") }
                let file = module.split(separator: UInt8(ascii: "/")).last ?? module
                let name = file.prefix { $0 != UInt8(ascii: ".") }
                for filesystem in wanted where name.elementsEqual(filesystem.utf8) { names.insert(filesystem) }
            }
        }
        return names
    }
}
