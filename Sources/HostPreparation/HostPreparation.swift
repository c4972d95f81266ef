// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// Prepares a machine to be a master target: shows what would change, changes it, and takes it back.
///
/// Everything blocks: not on the cooperative pool. One run at a time.
public struct HostPreparation: Sendable {
    /// Where it is remembered what was there before.
    public static let stateFolder = "/var/lib/master-target"

    let tree: any HostTree
    let inputs: PreparationInputs
    let runner: any CommandRunner

    /// - Parameters:
    ///   - tree: The machine's files, or an image's.
    ///   - inputs: What the machine's disks ask for.
    ///   - runner: What runs commands; nothing is run in another tree than this machine's.
    public init(
        tree: any HostTree = RootedTree(), inputs: PreparationInputs, runner: any CommandRunner = ShellCommandRunner()
    ) {
        self.tree = tree
        self.inputs = inputs
        self.runner = runner
    }

    /// What would change, in the order in which it would; empty on a machine that is prepared. Changes nothing.
    public func plan() throws -> PreparationPlan {
        let record = try RecordFile(tree).load()
        var plan = PreparationPlan()
        plan.rejects = record?.rejects ?? []
        try planPackages(&plan)
        try planFolders(&plan)
        try planFile(
            "/etc/multipath/conf.d/master-target.conf", what: "Configure multipathd",
            why: "Maps are called by their identity, guests' partitions are left alone, and the root disk is no map.",
            text: try inputs.texts.multipathDropIn(rootIdentities: inputs.rootIdentities),
            followUp: "systemctl try-reload-or-restart multipathd.service", &plan)
        try planLVM(&plan, written: Set(record?.rejects ?? []))
        // What an earlier run wrote and could not bring into force.
        let planned = Set(plan.changes.compactMap(\.followUp))
        for command in record?.pending ?? [] where tree.isThisMachine && !planned.contains(command) {
            plan.changes.append(
                PreparationChange(
                    what: "Bring into force what was written", why: "An earlier run wrote it and was interrupted.",
                    action: .followUp(command)))
        }
        return plan
    }

    /// Carries a plan out. What was there before is recorded first, so that a run that is interrupted at any step can be
    /// made again, or undone.
    ///
    /// - Returns: Sentences about what could not be brought into force; what was written is in place.
    /// - Throws: ``PreparationError``, with `.changedSince` when a file is not as the plan saw it.
    public func apply(_ plan: PreparationPlan) throws -> [String] {
        let file = RecordFile(tree)
        try file.clear()
        guard !plan.isEmpty else { return [] }
        var record = try file.loadOrCreate()
        record.rejects = Array(Set(record.rejects).union(plan.rejects)).sorted()
        for change in plan.changes {
            if let command = change.followUp, tree.isThisMachine { record.expect(command) }
            switch change.action {
            case .file(let path, let before, let after):
                guard try tree.image(path) == before else { throw PreparationError.changed(path) }
                record.note(path, isFolder: false, from: before, to: after)
                try file.save(record)
                try tree.restore(after, at: path)
            case .folder(let path, let before, let after):
                // The state folder is there by now, because the record is in it.
                let current = try tree.image(path)
                // Somebody else made it meanwhile, and it is his.
                if before == nil, path != Self.stateFolder, let current, current.content == nil { continue }
                guard current == before || path == Self.stateFolder else { throw PreparationError.changed(path) }
                if path != Self.stateFolder || before != nil {
                    record.note(path, isFolder: true, from: before, to: after)
                    try file.save(record)
                }
                if current == nil {
                    try tree.makeFolder(path, mode: after.mode)
                } else {
                    try tree.setMode(path, to: after.mode)
                }
            case .packages(let names, let command):
                record.packages = Array(Set(record.packages).union(names)).sorted()
                try file.save(record)
                try run(command, for: change.what)
            case .devicesFile(let path, let before, let after, let command):
                guard try tree.image(path) == before else { throw PreparationError.changed(path) }
                record.note(path, isFolder: false, from: before, to: after, isDevicesFile: true)
                try file.save(record)
                try run(command, for: change.what)
            case .followUp: break
            }
        }
        return try settle(&record, plan.rejects, file)
    }

    private func run(_ command: String, for what: String) throws(PreparationError) {
        if let failure = runner.run(command) {
            throw PreparationError(
                .commandFailed, "\(what): '\(command)' failed: \(failure).",
                remedy: "Mend what it says, then run 'mtctl host prepare --apply' again; what is done stays done.")
        }
    }

    /// Brings into force what was written, and forgets what is no longer needed to recognize our own files.
    func settle(_ record: inout PreparationRecord, _ rejects: [String], _ file: RecordFile) throws -> [String] {
        record.rejects = rejects
        for index in record.entries.indices { record.entries[index].written = record.entries[index].written.suffix(1) }
        var failures: [String] = []
        for command in record.pending {
            if let failure = runner.run(command) {
                failures.append("What was written is not in force yet: '\(command)' failed: \(failure).")
            } else {
                record.pending.removeAll { $0 == command }
            }
        }
        try file.save(record)
        return failures
    }
}
