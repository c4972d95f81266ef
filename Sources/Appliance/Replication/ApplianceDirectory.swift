// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import ReplicationProtocol
import ReplicationReceiver
import StoragePrimitives

/// Decides which process server may feed which group.
struct ApplianceDirectory: GroupDirectory {
    let groups: GroupRegistry
    let revoked: RevokedCertificates

    /// How long a sender waits that came at the wrong moment.
    static let retryMilliseconds: UInt32 = 5_000

    func admit(
        _ hello: Frame.Hello, from peer: PeerIdentity, then: @escaping @Sendable (AdmissionOutcome) -> Void
    ) {
        guard !revoked.contains(peer.serial) else {
            return then(
                .refused(
                    Frame.Refuse(
                        .hostNotAdmitted, "The certificate of \(peer.host) was taken back: register it again.",
                        retryAfterMilliseconds: 60_000)))
        }
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
        guard record.isFedOverNBD != true else {
            return .refused(
                Frame.Refuse(
                    .groupNotReady,
                    "Group \(name) is fed over NBD, and has one source at a time: mtctl nbd disable \(name).",
                    retryAfterMilliseconds: 60_000))
        }
        guard state.takesData, let store else {
            let reason = state.cause ?? "it is \(state.reported.rawValue)"
            return .refused(
                Frame.Refuse(
                    state.cause == nil ? .groupNotReady : .groupFailed, "Group \(name) takes no data now: \(reason).",
                    retryAfterMilliseconds: ApplianceDirectory.retryMilliseconds))
        }
        do {
            try beginMarkedSyncs(store)
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
        let status = store.status
        return .admitted(
            AdmittedGroup(
                group: store.group,
                resyncReasons: Self.resyncReasons(
                    record.disks, unsynced: status.unsynced, hasBegun: status.hasBegun)))
    }

    /// Which disks have to be compared with their sources, and why. The disks of a group are compared together: the end
    /// of a sync is a point of all of them.
    static func resyncReasons(
        _ disks: [GroupRecord.Disk], unsynced: Set<DiskNumber>, hasBegun: Bool
    ) -> [DiskNumber: String] {
        guard !unsynced.isEmpty else { return [:] }
        var reasons: [DiskNumber: String] = [:]
        for disk in disks {
            if let reason = disk.resyncReason {
                reasons[disk.number] = reason
            } else if !unsynced.contains(disk.number) {
                reasons[disk.number] = "Another disk of the group is compared, and its disks show one moment together."
            } else if disk.wasSynced {
                reasons[disk.number] = "A comparison of \(disk.source) with its target was not completed."
            } else if hasBegun {
                reasons[disk.number] = "The first copy of \(disk.source) was not completed."
            }
        }
        return reasons
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
