// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// What undoing does with one file or folder.
public struct UndoStep: Hashable, Sendable {
    /// The file or folder.
    public let path: String
    /// What happens to it, in a sentence.
    public let sentence: String
    /// From what is there to what was there before; empty for folders.
    public let diff: [String]
    /// Whether it stays as it is, because somebody changed it since.
    public let isRefused: Bool
    let action: Action

    enum Action: Hashable, Sendable {
        case restore(FileImage)
        case remove
        case removeFolder
        case setMode(UInt32)
        /// It is as it was before, or what is left of it is no longer only ours.
        case nothing
    }
}

extension HostPreparation {
    /// What undoing would do, the newest change first. Changes nothing.
    public func undoSteps() throws -> [UndoStep] {
        guard let record = try RecordFile(tree).load() else { return [] }
        var gone: Set<String> = []
        var steps: [UndoStep] = []
        for entry in record.entries.reversed() {
            guard let step = try step(for: entry, gone) else { continue }
            if step.action == .remove || step.action == .removeFolder { gone.insert(entry.path) }
            steps.append(step)
        }
        return steps
    }

    /// Puts everything back as it was before the first preparation, but what somebody changed since.
    ///
    /// - Returns: Sentences about what stays, and why.
    public func undo() throws -> [String] {
        let file = RecordFile(tree)
        try file.clear()
        guard var record = try file.load() else { return [] }
        let steps = try undoSteps()
        if tree.isThisMachine, !steps.isEmpty {
            for path in steps.map(\.path) {
                if path.hasPrefix("/etc/multipath/") {
                    record.expect("systemctl try-reload-or-restart multipathd.service")
                }
            }
            try file.save(record)
        }
        for entry in record.entries where !entry.isFolder { _ = try tree.removeTemporary(of: entry.path) }
        var remarks: [String] = []
        for step in steps {
            switch step.action {
            case .restore(let image): try tree.restore(image, at: step.path)
            case .remove: _ = try tree.removeFile(step.path)
            case .removeFolder: try tree.removeFolder(step.path)
            case .setMode(let mode): try tree.setMode(step.path, to: mode)
            case .nothing: remarks.append(step.sentence)
            }
        }
        for command in record.pending {
            if let failure = runner.run(command) {
                remarks.append("What was put back is not in force yet: '\(command)' failed: \(failure).")
            }
        }
        if !record.packages.isEmpty {
            remarks.append("The packages that were installed stay: \(record.packages.joined(separator: ", ")).")
        }
        let refused = Set(steps.filter(\.isRefused).map(\.path))
        if refused.isEmpty {
            if try file.remove(record) {
                remarks.append("\(Self.stateFolder) stays: there is more in it than the record of the preparation.")
            }
        } else {
            record.entries.removeAll { !refused.contains($0.path) }
            record.pending = []
            record.packages = []
            try file.save(record)
        }
        return remarks
    }

    private func step(for entry: PreparationRecord.Entry, _ gone: Set<String>) throws -> UndoStep? {
        let path = entry.path
        let current = try tree.image(path)
        guard current != entry.before else { return nil }
        guard let current, entry.isOurs(current) else {
            return UndoStep(
                path: path,
                sentence: "\(path) was changed by somebody else since it was written here, and stays as it is: what "
                    + "it was "
                    + "before is in \(RecordFile.path).",
                diff: UnifiedDiff.lines(
                    from: entry.written.last?.text ?? "", to: current?.text, oldName: path,
                    newName: current == nil ? "/dev/null" : path), isRefused: true, action: .nothing)
        }
        guard entry.isFolder else {
            let diff = UnifiedDiff.lines(
                from: current.text, to: entry.before?.text, oldName: path,
                newName: entry.before == nil ? "/dev/null" : path)
            guard let before = entry.before else {
                return UndoStep(
                    path: path,
                    sentence: "\(path) is "
                        + "removed.", diff: diff, isRefused: false, action: .remove)
            }
            return UndoStep(
                path: path, sentence: "\(path) is put back.", diff: diff, isRefused: false, action: .restore(before))
        }
        if let before = entry.before {
            return UndoStep(
                path: path, sentence: "\(path) gets its mode \(octal(before.mode)) back.", diff: [], isRefused: false,
                action: .setMode(before.mode))
        }
        let left = try tree.names(path).filter { name in
            !gone.contains("\(path)/\(name)") && !isTemporary("\(path)/\(name)")
        }
        guard left.isEmpty else {
            return UndoStep(
                path: path, sentence: "\(path) stays: there is something in it.", diff: [], isRefused: false,
                action: .nothing)
        }
        return UndoStep(
            path: path, sentence: "\(path) is removed.", diff: [], isRefused: false, action: .removeFolder)
    }

    /// What an interruption left of one of our files; it is removed before the folders are.
    private func isTemporary(_ path: String) -> Bool { path.hasSuffix(RootedTree.temporarySuffix) }
}
