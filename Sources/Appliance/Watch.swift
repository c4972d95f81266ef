// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import Logging
import ServiceLifecycle

/// Looks at every group once a second and tells the service manager what it saw.
///
/// The watchdog is fed only after a round in which the groups' control threads answered, and the event loops that
/// sessions run on: an agent whose groups all hang, or that takes no data any more, stops feeding it. One group that
/// hangs is reported and does not take the others down.
struct Watch: Service {
    let core: ApplianceCore
    let notify: NotifySocket
    let logger: Logger

    private static let interval = Duration.seconds(1)

    func run() async throws {
        await core.readiness.wait()
        notify.ready(status: status())
        await cancelWhenGracefulShutdown {
            var rounds = Rounds()
            while !Task.isCancelled {
                let isDataMoving = rounds.look(at: core.environment.sessions)
                if rounds.look(at: core.groups.all()), isDataMoving { notify.watchdog() }
                notify.status(status())
                // Cancellation is the end of the loop.
                try? await Task.sleep(for: Self.interval)
            }
        }
        notify.stopping()
    }

    private func status() -> String {
        let groups = core.groups.all()
        let degraded = groups.filter { $0.state.cause != nil }
        let listener = core.listener.withLock { $0 }
        var text =
            listener.isListening
            ? "Listening on port \(listener.port)" : "Not listening: \(listener.problem ?? "starting")"
        text += "; \(groups.count) group\(groups.count == 1 ? "" : "s")"
        if !degraded.isEmpty { text += ", degraded: \(degraded.map(\.name).joined(separator: ", "))" }
        return text
    }
}

/// Which groups have answered.
private struct Rounds {
    private var open: [String: Round] = [:]
    private var data: Round?

    /// Asks the event loops of the sessions, unless they still owe an answer; whether they owed none.
    mutating func look(at sessions: SessionDesk) -> Bool {
        if let data, !data.isAnswered { return false }
        let round = Round()
        data = sessions.pulse({ round.answer() }) ? round : nil
        return true
    }

    /// Asks every group that has answered before; whether any has, or there is none to ask.
    mutating func look(at groups: [ProtectedGroup]) -> Bool {
        var answered = groups.isEmpty
        for group in groups {
            if let round = open[group.id] {
                guard round.isAnswered else { continue }
            }
            answered = true
            let round = Round()
            open[group.id] = round
            group.control.run {
                group.observe()
                round.answer()
            }
        }
        return answered
    }
}
