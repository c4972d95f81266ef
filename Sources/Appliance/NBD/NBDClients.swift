// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDServer
import Synchronization

/// Reaches the network's NBD clients: the listener while there is one.
final class NBDClients: Sendable {
    private let listener = Mutex<NBDListener?>(nil)

    func use(_ listener: NBDListener?) { self.listener.withLock { $0 = listener } }

    /// Connections from now on see another certificate; those that there are keep theirs.
    func use(_ trust: NBDTrust) throws { try listener.withLock { $0 }?.use(trust) }

    /// Ends the connections of those who are not admitted any more.
    func look() { listener.withLock { $0 }?.lookAtPeers() }
}
