// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import StoragePrimitives

/// What the retention store refuses or cannot do: a code to act on, a sentence to show.
public struct RetentionError: Error, Hashable, Sendable {
    /// What was refused or failed, as far as callers act on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        // Refused input; nothing was journaled.
        case unknownDisk
        case misaligned
        case outOfRange
        case emptyExtent
        case batchTooLarge
        case sequenceGap
        case sequenceRepeat
        case batchOpen
        case syncOpen
        case noSyncOpen
        case notAccepting
        // Points.
        case noSuchPoint
        case pointNotExact
        case historyDamaged
        // The group's files.
        case notAGroup
        case unknownVersion
        case journalDamaged
        case manifestDamaged
        case targetMismatch
        // Volumes and disks.
        case retentionFull
        case retentionFailed
        case targetFailed
        case closed
    }

    /// What was refused or failed.
    public let code: Code
    /// A sentence with the object and, where there is one, the remedy.
    public let message: String
    /// The device's error, where one is behind it.
    public let cause: DeviceError?

    /// An error; the message is shown to operators as it is.
    public init(_ code: Code, _ message: String, cause: DeviceError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// A failure of the retention volume.
    static func retention(_ cause: DeviceError) -> RetentionError {
        switch cause.code {
        case .noSpace:
            RetentionError(
                .retentionFull,
                """
                The retention volume has no room left (\(cause)). Enlarge it, lower the group's quota or window, or \
                free space.
                """,
                cause: cause)
        default:
            RetentionError(
                .retentionFailed,
                """
                The retention volume failed (\(cause)). What was acknowledged is kept; put the volume right and reopen \
                the group.
                """,
                cause: cause)
        }
    }

    /// A failure of a target disk.
    static func target(_ cause: DeviceError) -> RetentionError {
        RetentionError(
            .targetFailed,
            """
            The target disk failed (\(cause)). What was acknowledged is in the journal; put the disk right and reopen \
            the group.
            """,
            cause: cause)
    }
}

extension RetentionError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
