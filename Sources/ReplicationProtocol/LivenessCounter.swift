// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Counts the ticks without a frame; three of them are the idle timeout.
struct LivenessCounter: Sendable {
    /// Ticks without a frame after which the peer is given up; after the first one it is asked.
    static let limit = 3

    private var silentTicks = 0
    private var nonce: UInt64 = 0

    enum Verdict {
        case alive
        case ask(Frame.Ping)
        case dead
    }

    mutating func heard() { silentTicks = 0 }

    mutating func tick() -> Verdict {
        silentTicks += 1
        if silentTicks >= Self.limit { return .dead }
        nonce &+= 1  // A number to tell answers apart: it may start again.
        return .ask(Frame.Ping(nonce: nonce))
    }
}
