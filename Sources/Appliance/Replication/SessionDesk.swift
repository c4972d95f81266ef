// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Logging
import ReplicationProtocol
import ReplicationReceiver
import Synchronization

/// Reaches the sessions of process servers for the groups: the listener while there is one.
final class SessionDesk: Sendable {
    private struct State {
        var listener: ReplicationListener?
        /// What listeners before this one counted: metrics only grow.
        var past = ReceiverStatus()
    }

    private let state = Mutex(State())
    private var listener: ReplicationListener? { state.withLock { $0.listener } }

    /// The one before has ended, or is replaced before anything came.
    func use(_ listener: ReplicationListener?) {
        let counted = self.listener?.status ?? ReceiverStatus()
        state.withLock { state in
            state.past.addTotals(counted)
            state.listener = listener
        }
    }

    /// What is connected now, and what came since the process started.
    var status: ReceiverStatus {
        let (listener, past) = state.withLock { ($0.listener, $0.past) }
        var status = listener?.status ?? ReceiverStatus()
        status.addTotals(past)
        return status
    }

    /// Connections from now on see another certificate; those that there are keep theirs.
    func use(_ trust: ReceiverTrust) throws { try listener?.use(trust) }

    /// Ends the sessions of hosts whose certificates were taken back; who has a new one comes again.
    func end(hosts: Set<String>) {
        guard let listener else { return }
        for session in listener.status.sessions where hosts.contains(session.host) {
            // Nobody has to wait for it: what comes until then came from one who was admitted.
            _ = listener.endSession(
                of: session.group, .hostNotAdmitted, "The certificate of \(session.host) was taken back.")
        }
    }

    /// Ends a group's session and waits until nothing of it touches the group any more. Blocking: on a disk thread.
    func end(_ group: String, _ code: ReasonCode, _ reason: String) {
        guard let listener else { return }
        // The future cannot fail: there was a session or there was none.
        try? listener.endSession(of: group, code, reason).wait()
    }

    /// Asks the event loops that sessions run on; false when nobody listens.
    func pulse(_ answer: @escaping @Sendable () -> Void) -> Bool {
        guard let listener else { return false }
        listener.pulse(answer)
        return true
    }

    /// Whether a group has a session now.
    func isConnected(_ group: String) -> Bool {
        listener?.status.sessions.contains { $0.group == group } ?? false
    }

    /// Why the group's sender has to wait now, or nil.
    func throttle(of group: String) -> Frame.Throttle? {
        listener?.status.sessions.first { $0.group == group }?.throttle
    }

    /// Asks the group's sender for a comparison of the targets with their sources. False when it has no session.
    func compare(_ group: String, tell: @escaping @Sendable (ComparisonEvent) -> Void) -> Bool {
        var generator = SystemRandomNumberGenerator()
        let request = Frame.VerifyRequest(idHigh: generator.next(), idLow: generator.next())
        return listener?.compare(group, request, tell: tell) ?? false
    }

    /// Asks the group's sender for a bookmark. False when it has no session.
    func requestBookmark(_ group: String, label: String, kind: Frame.BookmarkKind) -> Bool {
        var generator = SystemRandomNumberGenerator()
        let request = Frame.BookmarkRequest(idHigh: generator.next(), idLow: generator.next(), kind: kind, label: label)
        return listener?.tell(group, .bookmarkRequest(request)) ?? false
    }
}

extension ProtectedGroup {
    /// Ends the session that there is; the sender is told why, and comes back later.
    func endSession(_ reason: String) {
        endIntake(reason)
        environment.sessions.end(name, .groupNotReady, "Group \(name) takes no data now: \(reason).")
    }
}
