// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A path's two ends, as dirname(1) and basename(1) have them.
public enum PathText {
    /// The folder that `path` is in, `.` for a bare name, and the last name in it; empty where it ends in a slash.
    public static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (folder, String(path[path.index(after: slash)...]))
    }
}
