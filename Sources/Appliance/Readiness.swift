// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// What has to be up before the service manager is told that the agent is ready.
final class Readiness: Sendable {
    private struct State {
        var isUp = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// The control socket accepts connections; the groups were opened before. A listener without a certificate or a
    /// retention volume that is missing does not keep the agent from being asked about it.
    func controlIsUp() {
        let waiting = state.withLock { state in
            state.isUp = true
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isUp = state.withLock { state in
                if !state.isUp { state.waiting.append(continuation) }
                return state.isUp
            }
            if isUp { continuation.resume() }
        }
    }
}
