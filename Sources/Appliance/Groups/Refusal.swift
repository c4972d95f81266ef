// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI

/// Why the state of a group does not allow an operation.
public enum Refusal: Error, Hashable, Sendable {
    case replicating
    case notPaused
    case paused
    case notProtected
    case noHistory
    case notRecovered
    case recovering
    case recovered
    case committed
    case degraded(String)

    /// The sentence, with the group and what to do.
    func failure(group: String) -> ControlFailure {
        let (message, remedy): (String, String) =
            switch self {
            case .replicating:
                (
                    "Group \(group) replicates already, and its disks are bound before that.",
                    "Bind the disk in a new group; machines that need a common point belong in one group from the "
                        + "start."
                )
            case .notPaused: ("Group \(group) is not paused.", "")
            case .paused: ("Group \(group) is paused already.", "mtctl resume \(group) lets replication go on.")
            case .notProtected:
                (
                    "Group \(group) is not protected now, so no point of it can be marked.",
                    "Wait until mtctl group show \(group) says protected."
                )
            case .noHistory:
                (
                    "Group \(group) has no recovery point yet: its first synchronization is not complete.",
                    "Wait until mtctl group show \(group) says protected."
                )
            case .notRecovered:
                (
                    "Group \(group) is not recovered.",
                    "Recover it to a point first: mtctl recover \(group) --point latest."
                )
            case .recovering:
                ("Group \(group) is being recovered.", "Wait for the job to end: mtctl jobs shows it.")
            case .recovered:
                (
                    "The disks of group \(group) show a recovered point.",
                    "Commit it, recover another point, or roll back to the latest: mtctl commit, recover or rollback "
                        + "\(group)."
                )
            case .committed:
                (
                    "Group \(group) is committed: its disks are released and its history is dropped.",
                    "Delete it, and protect the machines in a new group."
                )
            case .degraded(let cause):
                ("Group \(group) is degraded. \(cause)", "Remove the cause, then mtctl resume \(group).")
            }
        return ControlFailure(.refused, message, remedy: remedy)
    }
}
