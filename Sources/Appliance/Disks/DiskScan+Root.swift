// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory

extension DiskScan {
    /// The identities of the disks under the root filesystem, which multipathd must leave alone.
    var rootIdentities: [String] {
        disks.filter { $0.isPhysical && $0.roles.contains(.root) }.compactMap(\.identity?.rawValue)
    }
}
