// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why a session was refused or ended: the code of Refuse, Close and ``ProtocolError``.
///
/// A code that this version does not know is read as ``unspecified``; its sentence still says it.
public enum ReasonCode: UInt16, Sendable, CaseIterable {
    case unspecified = 0

    // Orderly.
    /// The sender has nothing more to send.
    case finished = 1
    /// This end is shutting down; connect again later.
    case shuttingDown = 2
    /// A session with a newer fencing token took over the group.
    case superseded = 3

    // Refused at Hello.
    case unsupportedVersion = 16
    /// The certificate's role is not process-server.
    case roleNotAdmitted = 17
    /// The certificate's host is not one that the group admits, or differs from the host named in Hello.
    case hostNotAdmitted = 18
    case unknownGroup = 19
    case staleFencingToken = 20
    /// A disk is named that the group does not have, or one of the group's is missing.
    case disksDiffer = 21
    case diskSizeDiffers = 22
    case logicalBlockSizeDiffers = 23
    /// The group takes no data now: paused, recovering, recovered or committed.
    case groupNotReady = 24
    /// The group's store failed and has to be reopened.
    case groupFailed = 25
    case tooManySessions = 26

    // Violations of the protocol.
    /// The header does not check: damage, or not this protocol.
    case headerCorrupt = 32
    case bodyCorrupt = 33
    /// A field holds what it may not, or a body ends early or late.
    case malformedFrame = 34
    case frameTooLong = 35
    /// A frame that this end, or this state, does not expect.
    case unexpectedFrame = 36
    /// The connection ended inside a frame.
    case truncated = 37
    case unknownDisk = 38
    case misaligned = 39
    case outOfRange = 40
    case emptyRange = 41
    case oversizedWrite = 42
    case payloadCorrupt = 43
    case sequenceGap = 44
    /// BatchEnd does not describe the batch that it ends.
    case batchMismatch = 45
    case creditExceeded = 46
    /// A batch came while a sync was open.
    case syncOpen = 47
    /// Sync data came for a disk that has no sync open.
    case syncNotOpen = 48
    case tooManyDigests = 49
    case codecNotAgreed = 50
    case timesReversed = 51
    /// A sync ended while another disk that is out of step had not begun its own.
    case syncIncomplete = 52
    /// A batch, a bookmark or a sync came while a comparison was open.
    case verifyOpen = 53
    /// A comparison came that was not asked for, or before everything that was sent is applied.
    case verifyMisplaced = 54

    // Circumstances.
    case idleTimeout = 64
    case handshakeTimeout = 65
    case storeFailed = 66
    case connectionLost = 67
}
