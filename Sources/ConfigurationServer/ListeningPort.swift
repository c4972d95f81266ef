// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// The port that a server listens on, for those who wait until it does.
public final class ListeningPort: Sendable {
    private enum State {
        case starting([CheckedContinuation<Int?, Never>])
        case up(Int)
        case down
    }

    private let state = Mutex<State>(.starting([]))

    /// Waits until the server listens.
    ///
    /// - Returns: The port; nil when the server ended without.
    public func port() async -> Int? {
        await withCheckedContinuation { continuation in
            let known: Int?? = state.withLock { state in
                switch state {
                case .starting(let waiting):
                    state = .starting(waiting + [continuation])
                    return .none
                case .up(let port): return .some(port)
                case .down: return .some(nil)
                }
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    func isUp(_ port: Int) { change(to: .up(port), port) }

    func isDown() { change(to: .down, nil) }

    private func change(to next: sending State, _ port: Int?) {
        let waiting: [CheckedContinuation<Int?, Never>] = state.withLock { state in
            defer { state = next }
            guard case .starting(let waiting) = state else { return [] }
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }
}
