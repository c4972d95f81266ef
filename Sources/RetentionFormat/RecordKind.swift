// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a record in a segment is.
public enum RecordKind: UInt16, Hashable, Sendable {
    /// A part of a batch: writes on the group's disks.
    case batch = 1
    /// A named point.
    case bookmark = 2
    /// The order to make the disks show an earlier point; what it writes follows from history.
    case rewind = 3
    /// A disk's content is about to be replaced from its source.
    case syncBegin = 4
    /// It has been replaced, and the disk was flushed before this was written.
    case syncEnd = 5
    /// Before-images, in undo segments.
    case beforeImages = 6
}
