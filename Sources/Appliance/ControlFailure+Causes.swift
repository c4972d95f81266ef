// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import NBDServer
import RetentionStore
import StoragePrimitives

/// Every error that leaves the appliance is a ``ControlFailure``: a code, a sentence, a remedy.
extension ControlFailure {
    /// What went wrong on the way, as something to answer with.
    static func from(_ error: any Error) -> ControlFailure {
        switch error {
        case let failure as ControlFailure: failure
        case let error as RetentionError: .from(error)
        case let error as DeviceError: .from(error)
        case let error as NBDServerError: ControlFailure(.unavailable, error.message, remedy: "")
        default:
            ControlFailure(
                .internalFailure, "The agent failed: \(error).",
                remedy: "Look at the journal: journalctl -u mastertargetd.")
        }
    }

    static func from(_ error: RetentionError) -> ControlFailure {
        switch error.code {
        case .noSuchPoint:
            ControlFailure(.notFound, error.message, remedy: "mtctl points shows what there is.")
        case .pointNotExact:
            ControlFailure(
                .notConfirmed, error.message, remedy: "Choose an exact point, or accept it with --accept-inexact.")
        case .historyDamaged, .journalDamaged, .manifestDamaged, .unknownVersion, .notAGroup:
            ControlFailure(.corrupt, error.message, remedy: "mtctl retention scrub shows what is damaged.")
        case .retentionFull, .retentionFailed, .targetFailed:
            ControlFailure(.inputOutput, error.message, remedy: "mtctl status shows the volume and the disks.")
        case .syncOpen, .batchOpen, .notAccepting, .closed:
            ControlFailure(.refused, error.message, remedy: "mtctl group show tells what the group waits for.")
        case .unknownDisk, .misaligned, .outOfRange, .emptyExtent, .batchTooLarge, .sequenceGap, .sequenceRepeat,
            .noSyncOpen,
            .targetMismatch:
            ControlFailure(.refused, error.message, remedy: "")
        }
    }
}
