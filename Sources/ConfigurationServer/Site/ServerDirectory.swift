// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives

/// Knows every server.
package protocol ServerDirectory: Sendable {
    /// All of them, with their last heartbeats.
    func servers() async throws -> [ServerReport]
}

/// What the inventory and the heartbeats know of servers.
struct InventoryDirectory: ServerDirectory {
    let inventory: Inventory
    let board: HeartbeatBoard
    let heartbeatSeconds: UInt64
    let clock: any WallClock

    func servers() async throws -> [ServerReport] {
        try await inventory.reports(board, heartbeatSeconds: heartbeatSeconds, now: clock.now())
    }
}
