// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

extension GroupRegistry {
    /// Makes a group as the configuration server wants it, or sees that it is: it may be asked again at any time, and
    /// goes on from what is there. What a group has that is not wanted is never taken away: that is refused.
    func prepare(_ name: String, _ request: PrepareRequest) async throws -> Acknowledgement {
        if let former = find(name), former.state.underlying == .released {
            // Committed, its disks given back: what is left is the name.
            _ = try await delete(named: name, discardHistory: false)
        }
        if find(name) == nil {
            var create = CreateGroupRequest(name: name, senders: [request.sender])
            create.rpoThresholdSeconds = request.policy.rpoThresholdSeconds
            create.retentionSeconds = request.policy.retentionSeconds
            create.applicationConsistentSeconds = request.policy.applicationConsistentSeconds
            create.quotaBytes = request.policy.quotaBytes
            _ = try await self.create(create, defaults: request.policy)
        }
        let group = try group(named: name)
        try group.checkDisks(are: request.disks)
        try await group.take(request.policy, senders: [request.sender])
        for disk in request.disks where !group.record.disks.contains(where: { $0.source == disk.source }) {
            _ = try await group.bind(disk)
        }
        if case .paused = group.state { _ = try await group.resume() }
        return Acknowledgement(message: "Group \(name) is ready for its process server, \(request.sender).")
    }
}

extension ProtectedGroup {
    /// - Throws: ``ControlFailure`` with `.exists` for a disk that is bound otherwise, or that is not wanted.
    fileprivate func checkDisks(are wanted: [BindDiskRequest]) throws {
        for disk in record.disks {
            guard
                wanted.contains(where: {
                    $0.source == disk.source && $0.target == disk.target && $0.sizeBytes == disk.size
                        && $0.logicalBlockSize ?? 512 == disk.logicalBlockSize
                })
            else {
                throw ControlFailure(
                    .exists,
                    "Group \(name) has disk \(disk.source) bound to \(disk.target), which is not what is wanted of it.",
                    remedy: "Unbind it here with mtctl disk unbind, or name this target.")
            }
        }
    }

    /// What a group promises and who may send can change at any time; the sender of before is sent away.
    fileprivate func take(_ policy: GroupPolicy, senders: [String]) async throws {
        if let complaint = policy.complaint {
            throw ControlFailure(
                .invalidRequest, "Group \(name) cannot have this policy. \(complaint)", remedy: "Correct it.")
        }
        try await perform { [self] in
            guard record.policy != policy || record.senders != senders else { return }
            let isAnotherSender = record.senders != senders
            try transition(.observed(outstanding())) { record in
                record.policy = policy
                record.senders = senders
            }
            if isAnotherSender { endSession("another process server sends from now on") }
        }
    }
}
