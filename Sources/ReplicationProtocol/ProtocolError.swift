// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What was wrong with a peer's bytes or with their order: a code, and a sentence with the object and the remedy.
public struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, as the peer is told.
    public let code: ReasonCode
    /// What was wrong, as a sentence.
    public let message: String

    /// An error; its message may be sent to the peer.
    public init(_ code: ReasonCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message and the code.
    public var description: String { "\(message) (\(code))" }
}
