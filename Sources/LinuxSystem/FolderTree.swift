// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// Folders of folders, which a flat ``StoreFolder`` does not know.
public enum FolderTree {
    /// Makes a folder and its parents, where they are not there.
    public static func make(_ path: String, mode: UInt32 = 0o700) throws(DeviceError) {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            if unsafe mkdir(partial, mode) != 0, errno != EEXIST { throw systemError("mkdir", partial) }
        }
    }

    /// Removes a folder that is empty.
    public static func removeEmpty(_ path: String) throws(DeviceError) {
        guard unsafe rmdir(path) == 0 else { throw systemError("rmdir", path) }
    }

    /// Whether a path is a folder.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
