// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What keeps LVM off bound disks where it does not work with a devices file: a filter for `lvmlocal.conf`.
///
/// The text only; preparing a host writes it. Never a change to what is on the disk. Source: man 5 lvm.conf,
/// `devices/global_filter`.
public enum LVMGuard {
    /// The contents of `/etc/lvm/lvmlocal.conf` that refuse these disks by every name with which udev links to them.
    public static func localConfiguration(for disks: [UdevGuard.BoundDisk]) -> String {
        let patterns = disks.map(\.identity.rawValue).sorted().flatMap { identity in
            // A pattern's characters in an identity stand for themselves.
            let plain = identity.map { ".+[]()*?|^$\\".contains($0) ? "\\\($0)" : String($0) }.joined()
            return ["r|/dev/disk/by-id/.*\(plain)$|", "r|/dev/mapper/\(plain)$|"]
        }
        return """
            # Written by Master Target: LVM leaves the targets of replication alone.
            devices {
                global_filter = [ \((patterns + ["a|.*|"]).map { "\"\($0)\"" }.joined(separator: ", ")) ]
            }

            """
    }
}
