// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import StoragePrimitives

extension ProtectedGroup {
    /// All that is to be said about it now. Quick: nothing here reads a disk.
    func report() -> GroupReport {
        let (record, state, store, job, intake) = shared.withLock {
            ($0.record, $0.lifecycle.state, $0.store, $0.job, $0.intake)
        }
        let status = store?.status
        var report = GroupReport(
            name: record.name, id: record.id, state: state.reported, underlyingState: state.underlying.reported,
            cause: state.cause ?? status?.blocked ?? record.disks.lazy.compactMap(\.resyncReason).first,
            remedy: state.cause.map { _ in "Remove the cause; the group goes on by itself, or with mtctl resume." },
            policy: record.policy, senders: record.senders, fencingToken: record.fencingToken,
            disks: record.disks.map { disk in
                let isUnsynced =
                    disk.resyncReason != nil || status?.unsynced.contains(disk.number) ?? !disk.wasSynced
                return DiskReport(
                    number: disk.number, source: disk.source, target: disk.target, sizeBytes: disk.size,
                    content: isUnsynced ? (disk.wasSynced ? "resync" : "initialSync") : "differential")
            })
        report.nbd = feedReport(record, intake)
        report.isSenderConnected = environment.sessions.isConnected(name) || report.nbd?.connections ?? 0 > 0
        if let throttle = environment.sessions.throttle(of: name) {
            report.throttledBy =
                switch throttle.cause {
                case .journal: .journal
                case .target: .target
                case .quota: .quota
                }
            report.throttleReason = throttle.message
        }
        report.durableSequence = status?.durable
        report.appliedSequence = status?.applied
        if let newest = status?.lastDurable {
            report.lastDurable = DateTime(newest)
            report.rpoSeconds = UInt64(max(0, environment.clock.now().nanoseconds(since: newest)) / 1_000_000_000)
            report.isBeyondRPO = report.rpoSeconds.map { $0 > record.policy.rpoThresholdSeconds }
        }
        report.retention = status?.retention
        report.retention?.lastApplicationConsistent = store?.lastApplicationConsistent.map { DateTime($0) }
        report.retention?.quotaBytes = record.policy.quotaBytes.map { ByteCount($0) }
        switch state.underlying {
        case .recovering, .recovered, .committed, .released:
            report.recoveredPoint = record.point.map { point in
                record.pointSequence.map { "\(point) (number \($0))" } ?? "\(point)"
            }
        case .created, .initialSync, .protected, .resyncing, .paused, .degraded: break
        }
        report.job = job
        return report
    }
}
