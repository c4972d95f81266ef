// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What was there before, and what we wrote: enough to put every file back, and to know our own work.
///
/// An entry is recorded before its file is touched. So a file is, after an interruption at any moment, either as it was
/// before or as one of those that were written; anything else is somebody's own change.
struct PreparationRecord: Hashable, Sendable, Codable {
    static let currentSchema = 1

    struct Entry: Hashable, Sendable, Codable {
        let path: String
        let isFolder: Bool
        /// As it was before us; nil for nothing.
        var before: FileImage?
        /// As we wrote it, the newest last; more than one while a change is under way.
        var written: [FileImage]
        /// LVM writes this one, and also on its own: only the devices that it lists are compared.
        var isDevicesFile: Bool

        /// Whether a state is our work.
        func isOurs(_ current: FileImage?) -> Bool {
            guard let current else { return false }
            return written.contains { image in
                isDevicesFile
                    ? DevicesFile.listsTheSame(image.text, current.text) : image.isWritten(as: current)
            }
        }
    }

    var schema = currentSchema
    /// In the order in which they were made.
    var entries: [Entry] = []
    /// Whether the folder that holds the record is ours, too.
    var madeStateFolder: Bool
    /// Packages that were installed.
    var packages: [String] = []
    /// Patterns in LVM's filter that are ours.
    var rejects: [String] = []
    /// Commands that have still to bring something into force.
    var pending: [String] = []

    init(madeStateFolder: Bool) { self.madeStateFolder = madeStateFolder }

    /// Notes a change that is about to be made. What somebody else made of our file meanwhile is what was there before.
    mutating func note(
        _ path: String, isFolder: Bool, from current: FileImage?, to after: FileImage, isDevicesFile: Bool = false
    ) {
        guard let index = entries.firstIndex(where: { $0.path == path }) else {
            entries.append(
                Entry(
                    path: path, isFolder: isFolder, before: current, written: [after], isDevicesFile: isDevicesFile))
            return
        }
        if entries[index].isOurs(current) {
            // LVM's own spelling is ours as well.
            entries[index].written = (current.map { [$0] } ?? []) + [after]
        } else {
            entries[index].before = current
            entries[index].written = [after]
        }
    }

    mutating func expect(_ command: String) {
        if !pending.contains(command) { pending.append(command) }
    }
}
