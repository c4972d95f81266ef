// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc
import StoragePrimitives

/// Who may connect to a unix domain socket: the mode and the group of its file.
public enum SocketFile {
    /// Sets mode 0660, and the group where the system knows it. Root and the owner may connect in any case.
    ///
    /// - Returns: Whether the group exists and was set.
    public static func restrict(path: String, group: String) throws(DeviceError) -> Bool {
        guard unsafe chmod(path, 0o660) == 0 else { throw systemError("chmod", path) }
        guard let id = groupID(group) else { return false }
        guard unsafe chown(path, uid_t.max, id) == 0 else { throw systemError("chown", path) }
        return true
    }

    /// The most bytes a group's entry may have: /etc/group of a large site.
    private static let entryBytes = 64 << 10

    /// man 3 getgrnam_r; nil when there is no such group.
    static func groupID(_ name: String) -> gid_t? {
        var entry = unsafe group()
        var buffer = [CChar](repeating: 0, count: entryBytes)
        var found: UnsafeMutablePointer<group>?
        // SAFETY: entry and buffer outlive the call, and only the number is taken out of what it fills.
        let code = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe getgrnam_r(name, &entry, $0.baseAddress, $0.count, &found)
        }
        return unsafe code == 0 && found != nil ? entry.gr_gid : nil
    }
}
