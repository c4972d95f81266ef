// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What would change, and what cannot be changed from here.
public struct PreparationPlan: Hashable, Sendable {
    /// The changes, in order.
    public internal(set) var changes: [PreparationChange] = []
    /// Sentences about what the operator has to see to.
    public internal(set) var notes: [String] = []
    /// LVM's patterns for our disks, as this plan writes them.
    var rejects: [String] = []

    /// Whether nothing is left to change.
    public var isEmpty: Bool { changes.isEmpty }

    /// For people: each change with its reason and its diff or command, then the notes.
    public var lines: [String] {
        var lines = isEmpty ? ["Nothing to change."] : []
        for change in changes {
            lines += ["\(change.what): \(change.why)"]
            lines += change.detail.map { "    \($0)" }
        }
        return lines + notes.map { "Note: \($0)" }
    }
}

/// One change to the machine.
public struct PreparationChange: Hashable, Sendable {
    /// How it is done.
    enum Action: Hashable, Sendable {
        case file(String, before: FileImage?, after: FileImage)
        case folder(String, before: FileImage?, after: FileImage)
        case packages([String], command: String)
        /// A command that changes LVM's devices file, and what the file holds after that.
        case devicesFile(String, before: FileImage, after: FileImage, command: String)
        case followUp(String)
    }

    /// What is done, without an end.
    public let what: String
    /// Why, in a sentence.
    public let why: String
    let action: Action
    let commandAfter: String?

    init(what: String, why: String, action: Action, commandAfter: String? = nil) {
        self.what = what
        self.why = why
        self.action = action
        self.commandAfter = commandAfter
    }

    /// The command that brings it into force.
    public var followUp: String? {
        if case .followUp(let command) = action { command } else { commandAfter }
    }

    /// The file or folder that changes; nil for what is a command.
    public var path: String? {
        switch action {
        case .file(let path, _, _), .folder(let path, _, _), .devicesFile(let path, _, _, _): path
        case .packages, .followUp: nil
        }
    }

    /// The command that is run; nil for what is written.
    public var command: String? {
        switch action {
        case .packages(_, let command), .devicesFile(_, _, _, let command), .followUp(let command): command
        case .file, .folder: nil
        }
    }

    /// What changes: a unified diff, a folder with its rights, or the command that would run.
    public var detail: [String] {
        switch action {
        case .file(let path, let before, let after):
            UnifiedDiff.lines(
                from: before?.text, to: after.text, oldName: before == nil ? "/dev/null" : path, newName: path)
                + (commandAfter.map { ["then: \($0)"] } ?? [])
        case .folder(let path, let before, let after):
            if let before {
                ["\(path): mode \(octal(before.mode)) → \(octal(after.mode))"]
            } else {
                ["\(path): made, mode \(octal(after.mode))"]
            }
        case .packages(_, let command), .devicesFile(_, _, _, let command), .followUp(let command): ["run: \(command)"]
        }
    }
}

func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
