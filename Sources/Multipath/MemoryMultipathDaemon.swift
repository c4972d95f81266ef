// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Synchronization

/// A multipathd in memory: answers what it was given, in the daemon's own words. For simulation and tests.
public final class MemoryMultipathDaemon: MultipathDaemon {
    private struct State: Sendable {
        var replies: [MultipathCommand: [UInt8]] = [:]
        var failure: MultipathError?
        var requests: [MultipathCommand] = []
    }

    private let state = Mutex(State())

    /// A daemon that runs and knows no map.
    public init() {
        answer(.showMaps, with: "{\"major_version\": 0, \"minor_version\": 1, \"maps\": []}\n")
        answer(.showPaths, with: "ok\n")
        answer(.showDaemon, with: "pid 1 idle\n")
        answer(.showConfiguration, with: "defaults {\n}\n")
        answer(.reconfigure, with: "ok\n")
    }

    /// What it answers from now on.
    public func answer(_ command: MultipathCommand, with reply: String) {
        state.withLock { $0.replies[command] = Array(reply.utf8) }
    }

    /// Every request fails so from now on; nil ends that.
    public func fail(with error: MultipathError?) { state.withLock { $0.failure = error } }

    /// What it was asked, in order.
    public var requests: [MultipathCommand] { state.withLock { $0.requests } }

    /// Its answer.
    public func reply(to command: MultipathCommand) throws(MultipathError) -> [UInt8] {
        let (failure, reply) = state.withLock { (state) -> (MultipathError?, [UInt8]?) in
            state.requests.append(command)
            return (state.failure, state.replies[command])
        }
        if let failure { throw failure }
        return try SocketMessage.text(of: (reply ?? Array("fail\n".utf8)) + [0], command: command)
    }
}
