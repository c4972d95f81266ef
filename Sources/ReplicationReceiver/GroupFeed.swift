// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionStore
import Synchronization

/// Counts the data of a group that its store holds, across sessions, and passes the store's reports to the session that
/// feeds it.
///
/// What an earlier session had in flight is released while a later one is open. It is no credit for the later one: else
/// every reconnection would add to what may be in memory.
package final class GroupFeed: Sendable {
    private struct State {
        var observer: (@Sendable (RetentionEvent) -> Void)?
        /// Bytes handed to the store and not released.
        var outstanding = 0
        /// Those of them that earlier sessions handed over.
        var inherited = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// A session begins to feed the group.
    package func attach(_ observer: @escaping @Sendable (RetentionEvent) -> Void) {
        state.withLock { state in
            state.observer = observer
            state.inherited = state.outstanding
        }
    }

    package func detach() { state.withLock { $0.observer = nil } }

    package func handed(bytes: Int) { state.withLock { $0.outstanding += bytes } }

    /// The store reports.
    package func report(_ event: RetentionEvent) {
        let (observer, event) = state.withLock { state -> ((@Sendable (RetentionEvent) -> Void)?, RetentionEvent) in
            guard case .released(let bytes) = event else { return (state.observer, event) }
            let settled = min(bytes, state.inherited)
            state.inherited -= settled
            state.outstanding -= bytes
            return (state.observer, .released(bytes: bytes - settled))
        }
        observer?(event)
    }
}
