// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What keeps the receiver from listening.
public struct ReceiverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as callers act on it.
    public enum Code: Hashable, Sendable {
        case certificatesUnusable
        case cannotListen
        case alreadyRunning
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, as a sentence with the object and the remedy.
    public let message: String

    /// An error; the message is shown to operators as it is.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
