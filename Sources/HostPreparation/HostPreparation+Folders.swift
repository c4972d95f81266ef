// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem

extension HostPreparation {
    /// The folders, their modes, and whether a folder that is there gets that mode, too.
    private static let folders: [(path: String, mode: UInt32, isEnforced: Bool, why: String)] = [
        (stateFolder, RecordFile.stateMode, true, "It holds the machine's key and the ledger of disks."),
        ("/mnt/retention", 0o755, false, "The retention volume is mounted there."),
        ("/var/crash", 0o755, false, "A crash of the kernel leaves its dump there."),
    ]

    func planFolders(_ plan: inout PreparationPlan) throws {
        for folder in Self.folders {
            if let current = try tree.image(folder.path) {
                guard current.content == nil else {
                    plan.notes.append("\(folder.path) is a file and has to be a folder: move it away.")
                    continue
                }
                guard folder.isEnforced, current.mode != folder.mode else { continue }
                var after = current
                after.mode = folder.mode
                plan.changes.append(
                    PreparationChange(
                        what: "Set the rights of \(folder.path)", why: folder.why,
                        action: .folder(folder.path, before: current, after: after)))
            } else {
                try planParents(of: folder.path, &plan)
                plan.changes.append(
                    PreparationChange(
                        what: "Make \(folder.path)", why: folder.why,
                        action: .folder(folder.path, before: nil, after: FileImage(mode: folder.mode))))
            }
        }
    }

    /// Plans the folders above a path that are not there, the topmost first.
    private func planParents(of path: String, _ plan: inout PreparationPlan) throws {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/\(part)"
            guard try tree.entry(parent) == nil, !plan.changes.contains(where: { $0.path == parent }) else { continue }
            plan.changes.append(
                PreparationChange(
                    what: "Make \(parent)", why: "It is to hold \(path).",
                    action: .folder(parent, before: nil, after: FileImage(mode: 0o755))))
        }
    }

    /// Plans a file that is to hold just this text.
    func planFile(
        _ path: String, what: String, why: String, text: String, followUp: String?, _ plan: inout PreparationPlan
    ) throws {
        let current = try tree.image(path)
        if let current, current.content == nil {
            plan.notes.append("\(path) is a folder and has to be a file: move it away.")
            return
        }
        var after = current ?? FileImage(mode: 0o644)
        after.content = .init(text.utf8)
        guard after != current else { return }
        try planParents(of: path, &plan)
        plan.changes.append(
            PreparationChange(
                what: what, why: why, action: .file(path, before: current, after: after),
                commandAfter: tree.isThisMachine ? followUp : nil))
    }
}
