// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import ReplicationProtocol
import RetentionStore

/// What all connections of a listener have in common.
final class ReceiverShared: Sendable {
    let settings: ReceiverSettings
    let directory: any GroupDirectory
    let pool: BufferPool
    let logger: Logger
    let sessions: SessionTable
    let budget: CreditBudget
    let board = StatusBoard()

    init(settings: ReceiverSettings, directory: any GroupDirectory, pool: BufferPool, logger: Logger) {
        self.settings = settings
        self.directory = directory
        self.pool = pool
        self.logger = logger
        sessions = SessionTable(limit: settings.maximumSessions)
        budget = CreditBudget(settings)
    }

    /// When a sender that is refused for a passing reason may try again.
    func retryAfter(_ code: ReasonCode) -> UInt32 {
        code == .tooManySessions || code == .shuttingDown ? settings.retryAfterMilliseconds : 0
    }
}
