// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import ServiceLifecycle
import StoragePrimitives
import Synchronization

extension SiteDesk {
    /// Between two looks at what other instances changed, and at what time changes.
    static let interval = Duration.milliseconds(500)
    /// Looks between two at groups on which nothing is under way.
    static let roundsToLearn = 10

    /// Looks for all who wait, until it is told to end; then lets them go.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var revision: Int64 = 0
            var isFailing = false
            var round = 0
            while !Task.isCancelled {
                do {
                    revision = try await self.lookForChanges(after: revision)
                    try await self.goOn(learning: round.isMultiple(of: Self.roundsToLearn))
                    round &+= 1  // compared for being a multiple only
                    isFailing = false
                } catch {
                    if !isFailing, !Task.isCancelled {
                        self.logger.error("The site's jobs cannot go on.", metadata: ["reason": "\(error)"])
                    }
                    isFailing = true
                }
                // Cancellation is the end of the loop.
                try? await Task.sleep(for: Self.interval)
            }
        }
        signals.close()
    }

    /// What other instances changed: one question for all who wait here.
    func lookForChanges(after revision: Int64) async throws -> Int64 {
        let (hosts, newest) = try await read { try $0.announced(after: revision) }
        signals.changed(hosts + hosts.map { Self.answers(of: $0) })
        return newest
    }

    /// Jobs go on with what heartbeats and time brought.
    ///
    /// - Parameter learning: Whether groups without a job learn what their master targets say of them, too.
    package func goOn(learning: Bool) async throws {
        let names = try await read { learning ? try $0.placedGroups() : try $0.groupsWithJobs() }
        guard !names.isEmpty else { return }
        let servers = try await knownServers()
        var failure: (any Error)?
        for name in names {
            do {
                try await goOn(name, servers)
            } catch {
                // Others go on.
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func goOn(_ name: String, _ servers: [ServerReport]) async throws {
        let now = DateTime(clock.now())
        let wouldChange = try await read { store in
            guard let state = try store.group(name) else { return false }
            return Self.goneOn(state, try store.view(of: state.record, servers, now)) != state
        }
        guard wouldChange else { return }
        try await change(name, servers: servers) { state, view, _ in state = Self.goneOn(state, view) }
    }

    private static func goneOn(_ state: StoredGroup, _ view: SiteView) -> StoredGroup {
        var after = state
        if var job = after.workingJob {
            job.advance(&after.record, in: view, makeID: makeID)
            after.job = job
        } else {
            _ = after.record.learn(view)
            after.record.follow(view, makeID: makeID)
        }
        return after
    }
}

/// Counts the questions that are open.
final class OpenQuestions: Sendable {
    private let count = Mutex(0)

    func begin(atMost limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func end() { count.withLock { $0 -= 1 } }
}
