// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials

/// A file or a folder as it is, was, or shall be. Absence is nil.
struct FileImage: Hashable, Sendable, Codable {
    /// The bytes; nil of a folder.
    var content: Data?
    var mode: UInt32
    /// Owner and group; nil where they are not ours to say: whoever makes the file.
    var owner: UInt32?
    var group: UInt32?

    /// What it holds, as text.
    var text: String { String(decoding: content ?? Data(), as: UTF8.self) }

    /// Whether `current` is what this was written as.
    func isWritten(as current: FileImage) -> Bool {
        content == current.content && mode == current.mode && (owner == nil || owner == current.owner)
            && (group == nil || group == current.group)
    }
}
