// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import StoragePrimitives
import Synchronization

/// What servers said in exchanges about groups that are not theirs. It counts for nothing, and operators are told: a
/// server that goes on with it after it was told otherwise is out of order, or lies.
final class ForeignClaims: Sendable {
    /// The most groups of one server that are remembered.
    static let maximumOfServer = 64
    /// Seconds that a server has to end what it was told to end.
    static let patienceSeconds: UInt64 = 60

    /// When a server first said it, of each group.
    private let claims = Mutex<[String: [String: DateTime]]>([:])

    /// A server said this in its last exchange; what it said before and does not say any more is forgotten.
    func said(_ host: String, of groups: some Sequence<String>, now: DateTime) {
        claims.withLock { claims in
            let former = claims[host] ?? [:]
            var said: [String: DateTime] = [:]
            for group in groups.prefix(Self.maximumOfServer) { said[group] = former[group] ?? now }
            claims[host] = said.isEmpty ? nil : said
        }
    }

    /// What operators are told of a group.
    func findings(_ group: String, _ view: SiteView) -> [SiteFinding] {
        let hosts = claims.withLock { claims in
            claims.filter { $0.value[group].map { view.seconds(since: $0) >= Self.patienceSeconds } ?? false }.keys
                .sorted()
        }
        return hosts.map { host in
            .warning(
                "placement",
                "The server \(view.name(host)) says that it works on the group \(group), which is not its own. "
                    + "What it says does not count.", "Restart its service; if it goes on, revoke it.")
        }
    }
}
