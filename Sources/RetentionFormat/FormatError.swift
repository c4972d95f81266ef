// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why bytes of a history file are not what they should be.
public enum FormatError: Error, Hashable, Sendable {
    /// Shorter than the structure.
    case truncated
    /// Another magic: not such a structure.
    case notRecognized
    /// Written by a version that this one does not know.
    case unknownVersion(UInt16)
    /// The checksum differs.
    case damaged
    /// A field has a value that cannot be.
    case invalid(String)
}
