// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import PrometheusText
import RetentionStore
import StoragePrimitives

/// What metrics tell of one group: read from memory, no disk is asked.
struct GroupFigures: Sendable {
    var report: GroupReport
    /// Since the process started, however often the history was opened.
    var counters: RetentionCounters
    /// Of an open history.
    var status: RetentionStatus?
    var pressure: IngestPressure?

    /// Seconds by which the targets are behind what is durable.
    fileprivate var appliedLagSeconds: Double? {
        guard let status, let durable = status.durableTime else { return nil }
        guard status.applied < status.durable, let applied = status.appliedTime else { return 0 }
        return max(0, Double(durable.nanoseconds(since: applied)) / 1e9)
    }
}

/// The groups as metrics; each has the label `group`, of which an appliance has ``GroupRegistry/maximumGroups`` at most.
struct GroupMetrics {
    let groups: [GroupFigures]
    let outlook: RetentionOutlook?
    let now: Timestamp

    var families: [MetricFamily] { state + traffic + lag + retention + work }

    private func family(
        _ kind: MetricFamily.Kind, _ name: String, _ help: String, _ value: (GroupFigures) -> Double?
    ) -> MetricFamily {
        MetricFamily(
            kind, "mastertarget_group_\(name)", help,
            groups.compactMap { group in value(group).map { .init($0, ["group": group.report.name]) } })
    }

    private func gauge(_ name: String, _ help: String, _ value: (GroupFigures) -> Double?) -> MetricFamily {
        family(.gauge, name, help, value)
    }

    private func counter(
        _ name: String, _ help: String, _ value: (RetentionCounters) -> UInt64
    ) -> MetricFamily {
        family(.counter, name, help) { Double(value($0.counters)) }
    }

    private var state: [MetricFamily] {
        [
            MetricFamily(
                .gauge, "mastertarget_group_info", "The id of the group; the value is always 1.",
                groups.map { .init(1, ["group": $0.report.name, "id": $0.report.id]) }),
            MetricFamily(
                .gauge, "mastertarget_group_state", "The state of the group: 1 for the one that it is in.",
                groups.flatMap { group in
                    GroupState.allCases.map { state in
                        .init(group.report.state == state, ["group": group.report.name, "state": state.rawValue])
                    }
                }),
            gauge("disks", "Disks of the group.") { Double($0.report.disks.count) },
            gauge("unsynced_disks", "Disks whose content is not the source's: in their first sync, or in a resync.") {
                Double($0.report.disks.count { $0.content != "differential" })
            },
            gauge("sender_connected", "Whether something that feeds the group is connected.") {
                $0.report.isSenderConnected ? 1 : 0
            },
            MetricFamily(
                .gauge, "mastertarget_group_throttled", "Whether the sender has to wait, by what it waits for.",
                groups.flatMap { group in
                    ThrottleCause.allCases.map { cause in
                        .init(
                            group.report.throttledBy == cause, ["group": group.report.name, "cause": cause.rawValue])
                    }
                }),
        ]
    }

    private var traffic: [MetricFamily] {
        [
            counter("received_bytes_total", "Bytes of the source that came, in batches and in syncs, zeroes included.")
            {
                $0.acceptedBytes
            },
            counter("received_batches_total", "Batches that came.") { $0.acceptedBatches },
            counter("journaled_bytes_total", "Bytes of the source that batches in the journal cover, zeroes included.")
            {
                $0.receivedBytes
            },
            counter("journaled_batches_total", "Batches that are durable in the journal.") { $0.batches },
            counter("applied_bytes_total", "Bytes of the source that are on the targets, batches and syncs.") {
                $0.appliedBytes
            },
            counter("applied_batches_total", "Batches that are on the targets.") { $0.appliedBatches },
            counter("journal_commits_total", "Commits of the journal, each for all batches that waited.") {
                $0.commits
            },
            counter("captured_bytes_total", "Bytes of the targets whose old content was kept, zeroes included.") {
                $0.capturedBytes
            },
            counter("undo_bytes_total", "Bytes of before-images that were written to the retention volume.") {
                $0.undoBytes
            },
            counter("target_written_bytes_total", "Bytes that were written to the targets, zeroes included.") {
                $0.writtenBytes
            },
        ]
    }

    private var lag: [MetricFamily] {
        [
            gauge("last_durable_timestamp_seconds", "The source's time of the newest durable change.") {
                Self.seconds($0.report.lastDurable)
            },
            gauge("last_application_consistent_timestamp_seconds", "The source's time of the newest such point.") {
                Self.seconds($0.report.retention?.lastApplicationConsistent)
            },
            gauge("durable_lag_seconds", "The age of the newest durable change: the RPO.") { group in
                group.report.lastDurable.map { max(0, Double(now.nanoseconds(since: $0.timestamp)) / 1e9) }
            },
            gauge("durable_lag_bytes", "Bytes of data that came and are not durable yet.") {
                $0.pressure.map { Double($0.undurableBytes) }
            },
            gauge("applied_lag_seconds", "How far the targets are behind what is durable, in the source's time.") {
                $0.appliedLagSeconds
            },
            gauge("applied_lag_bytes", "Bytes of data that are durable and not on the targets yet.") {
                $0.pressure.map { Double($0.backlogBytes - min($0.backlogBytes, $0.undurableBytes)) }
            },
            gauge("rpo_threshold_seconds", "The RPO beyond which the group's policy wants an event.") {
                Double($0.report.policy.rpoThresholdSeconds)
            },
            gauge("waiting_operations", "Batches, bookmarks and orders that are not on the targets yet.") {
                $0.report.retention.map { Double($0.waiting) }
            },
        ]
    }

    private var retention: [MetricFamily] {
        [
            gauge("retention_used_bytes", "Bytes of the retention volume that the group's history takes.") {
                $0.report.retention.map { Double($0.usedBytes.rawValue) }
            },
            gauge("retention_quota_bytes", "Bytes that the history may take; absent for what there is.") {
                $0.report.policy.quotaBytes.map { Double($0) }
            },
            gauge("retention_window_seconds", "How far the history reaches back from its newest change.") { group in
                guard let oldest = group.report.retention?.oldest, let newest = group.report.retention?.newest else {
                    return nil
                }
                return max(0, Double(newest.timestamp.nanoseconds(since: oldest.timestamp)) / 1e9)
            },
            gauge("retention_promised_seconds", "How far the history reaches back by the group's policy.") {
                Double($0.report.policy.retentionSeconds)
            },
            gauge(
                "retention_possible_seconds",
                "How far the history could reach at the rate at which it grows; absent while no rate is known."
            ) { group in
                outlook?.window(of: group.report.name)?.possibleSeconds.map { Double($0) }
            },
            MetricFamily(
                .gauge, "mastertarget_group_epochs", "Epochs of the history: sealed ones, and live ones.",
                groups.flatMap { group in
                    guard let status = group.status else { return [MetricFamily.Sample]() }
                    return [
                        .init(status.epochs, ["group": group.report.name, "kind": "sealed"]),
                        .init(status.liveEpochs, ["group": group.report.name, "kind": "live"]),
                    ]
                }),
        ]
    }

    private var work: [MetricFamily] {
        [
            gauge("nbd_connections", "NBD clients that feed the group; absent where process servers do.") {
                $0.report.nbd.map { Double($0.connections) }
            }
        ]
    }

    private static func seconds(_ moment: DateTime?) -> Double? {
        moment.map { Double($0.timestamp.rawValue) / 1e9 }
    }
}

extension ProtectedGroup {
    /// What metrics tell of it. Quick: nothing here reads a disk.
    func figures() -> GroupFigures {
        let (store, closing, past) = shared.withLock { ($0.store, $0.closing, $0.past) }
        return GroupFigures(
            report: report(), counters: past + ((store ?? closing)?.group.counters ?? RetentionCounters()),
            status: store?.group.status, pressure: store?.group.pressure)
    }
}
