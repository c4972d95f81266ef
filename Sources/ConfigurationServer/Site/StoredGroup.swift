// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Crypto
import StoragePrimitives

/// A group with the job that works on it: all that servers are told about it comes of these two.
package struct StoredGroup: Hashable, Sendable {
    package var record: GroupRecord
    package var job: SiteJob?

    package init(_ record: GroupRecord, _ job: SiteJob? = nil) {
        self.record = record
        self.job = job
    }

    /// What the group's master target is asked now.
    package var task: SiteTask? { workingJob == nil ? record.settle : job?.task }

    /// The job, while it has not ended.
    package var workingJob: SiteJob? { job.flatMap { $0.report.state.isFinal ? nil : $0 } }

    /// What each server is told, for seeing whether it changed.
    package var told: [String: Told] {
        guard let placement = record.placement else { return [:] }
        var told: [String: Told] = [placement.masterTarget: Told(task: task)]
        told[placement.processServer, default: Told()].assignment = record.assignment
        return told.filter { $0.value != Told() }
    }

    /// What one server is told about one group.
    package struct Told: Hashable, Sendable {
        package var task: SiteTask?
        package var assignment: SiteAssignment?
    }
}

extension SiteOrders {
    /// Orders with the revision that their content has: the same after a restart, on every instance, and after a backup
    /// was restored. Never 0, and exact as a number of JavaScript.
    package init(tasks: [SiteTask], assignments: [SiteAssignment]) throws {
        self.init(
            revision: 0, tasks: tasks.sorted { $0.id < $1.id }, assignments: assignments.sorted { $0.group < $1.group })
        let digest = SHA256.hash(data: try JSON.encode(self))
        let number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        revision = max(1, number & (1 << 53 - 1))
    }
}

extension ServerReport {
    /// The port of a master target that does not say where it listens.
    static let replicationPort = 9443

    /// Where process servers connect to it.
    var replicationEndpoints: [String] {
        if let said = heartbeat?.replication { return said }
        return [address.contains(":") ? "[\(address)]:\(Self.replicationPort)" : "\(address):\(Self.replicationPort)"]
    }
}
