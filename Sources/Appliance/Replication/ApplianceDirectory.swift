// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import ReplicationProtocol
import ReplicationReceiver
import StoragePrimitives

/// Decides which process server may feed which group.
struct ApplianceDirectory: GroupDirectory {
    let groups: GroupRegistry

    /// How long a sender waits that came at the wrong moment.
    static let retryMilliseconds: UInt32 = 5_000

    func admit(
        _ hello: Frame.Hello, from peer: PeerIdentity, then: @escaping @Sendable (AdmissionOutcome) -> Void
    ) {
        guard let group = groups.find(hello.group) else {
            return then(
                .refused(
                    Frame.Refuse(
                        .unknownGroup,
                        "There is no group \(hello.group) on this master target: make it with mtctl group create.",
                        retryAfterMilliseconds: 60_000)))
        }
        // In turn with everything else that changes the group.
        group.control.run { then(group.admit(hello, from: peer)) }
    }
}

extension ProtectedGroup {
    /// On the control thread.
    func admit(_ hello: Frame.Hello, from peer: PeerIdentity) -> AdmissionOutcome {
        let (record, store, state) = shared.withLock { ($0.record, $0.store, $0.lifecycle.state) }
        let terms = GroupTerms(
            group: name,
            disks: record.disks.map { disk in
                GroupTerms.Disk(
                    number: disk.number, sourceID: disk.source, sectorCount: disk.size.rawValue / Sector.size,
                    logicalBlockSize: disk.logicalBlockSize)
            }, admittedHosts: Set(record.senders), fencingToken: record.fencingToken)
        if let refusal = terms.refusal(of: hello, certifiedHost: peer.host) { return .refused(refusal) }
        guard state.takesData, let store else {
            let reason = state.cause ?? "it is \(state.reported.rawValue)"
            return .refused(
                Frame.Refuse(
                    state.cause == nil ? .groupNotReady : .groupFailed, "Group \(name) takes no data now: \(reason).",
                    retryAfterMilliseconds: ApplianceDirectory.retryMilliseconds))
        }
        do {
            // Durable before the sender may write under it.
            if hello.fencingToken > record.fencingToken {
                try transition(.observed(outstanding())) { $0.fencingToken = hello.fencingToken }
            }
        } catch {
            return .refused(
                Frame.Refuse(
                    .groupFailed, "\(ControlFailure.from(error))",
                    retryAfterMilliseconds: ApplianceDirectory.retryMilliseconds))
        }
        let unsynced = store.status.unsynced
        let again = record.disks.filter { $0.wasSynced && unsynced.contains($0.number) }
        let reasons = again.map { ($0.number, "A comparison of \($0.source) with its target was not completed.") }
        return .admitted(
            AdmittedGroup(
                group: store.group, resyncReasons: Dictionary(reasons, uniquingKeysWith: { first, _ in first })))
    }
}

extension GroupLifecycle.State {
    /// Whether a sender may feed the group.
    var takesData: Bool {
        switch self {
        case .created, .initialSync, .protected, .resyncing: true
        case .paused, .recovering, .recovered, .committed, .released, .degraded: false
        }
    }
}
