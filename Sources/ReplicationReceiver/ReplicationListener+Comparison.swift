// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol

extension ReplicationListener {
    /// Asks the group's sender for a comparison of the targets with their sources. Nothing is changed by it.
    ///
    /// - Parameter tell: Told of everything, the last time with `.ended` or `.failed`; on an event loop.
    /// - Returns: False when no session is open: nothing is told then.
    public func compare(
        _ group: String, _ request: Frame.VerifyRequest, tell: @escaping @Sendable (ComparisonEvent) -> Void
    ) -> Bool {
        guard let entry = shared.sessions.session(of: group) else { return false }
        entry.compare(request, tell)
        return true
    }
}
