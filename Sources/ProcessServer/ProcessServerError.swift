// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Why the process server could not do something: a code, and a sentence with the object and the remedy.
public struct ProcessServerError: Error, Hashable, Sendable {
    /// What went wrong, as far as the program acts on it.
    public enum Code: String, Hashable, Sendable {
        /// What was asked for makes no sense; nothing was started.
        case configuration
        /// A source disk could not be opened or read.
        case sourceFailed
        /// A source disk is not what it was: its size or its blocks changed.
        case sourceChanged
        /// A command before or after a pass failed.
        case hookFailed
        /// The connection could not be made or was lost.
        case connectionFailed
        /// The peer's certificate does not admit it as a master target.
        case peerNotAdmitted
        /// The receiver refused the session or ended it with a reason.
        case refused
        /// What the receiver holds and what is remembered here do not fit: a resync is needed.
        case outOfStep
        /// The folder of remembered state could not be read or written.
        case stateFailed
        /// The operator asked for an orderly end.
        case stopped
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, as a sentence with the object and the remedy.
    public let message: String
    /// The receiver's wish for when to come back.
    public let retryAfterNanoseconds: Int64
    /// Whether trying again can help.
    public let isPermanent: Bool

    /// An error; its message is shown to operators as it is.
    ///
    /// - Parameter isPermanent: Whether trying again cannot help.
    public init(_ code: Code, _ message: String, retryAfterNanoseconds: Int64 = 0, isPermanent: Bool = false) {
        self.code = code
        self.message = message
        self.retryAfterNanoseconds = retryAfterNanoseconds
        self.isPermanent = isPermanent
    }

    static func state(_ error: DeviceError) -> ProcessServerError {
        ProcessServerError(
            .stateFailed, "The state folder cannot be used: \(error). Make room or repair it; nothing sent is lost.")
    }

    static func source(_ error: DeviceError) -> ProcessServerError {
        ProcessServerError(.sourceFailed, "A source disk cannot be read: \(error).")
    }
}

extension ProcessServerError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
