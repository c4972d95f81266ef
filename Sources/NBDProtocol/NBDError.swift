// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What went wrong in a conversation with an NBD server or client.
///
/// Every one of them ends the connection. What a peer may be told and go on from is no error here: a request that fails by
/// itself is ``NBDTransmission/Event/failed(cookie:error:)`` or ``NBDServerTransmission/Element/refused(_:)``, and an option
/// that is refused is a reply.
public struct NBDError: Error, Hashable, Sendable {
    /// What went wrong, as far as callers act on it.
    public enum Code: String, Hashable, Sendable {
        /// The peer does not speak NBD, or only with the handshake of before 2012.
        case notNBD
        /// The server answered an option with an error.
        case optionRefused
        /// The server wants TLS first (NBD_REP_ERR_TLS_REQD), and the client asked for an export without.
        case encryptionRequired
        /// There is no export of that name.
        case unknownExport
        /// The server has no metadata context of the name that was asked for.
        case unknownContext
        /// A length or a count is over its limit.
        case tooLarge
        /// A message that the protocol does not allow here, or that contradicts itself.
        case protocolViolation
        /// The server failed a request: an I/O error, no permission, an invalid range.
        case requestFailed
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, as a sentence.
    public let message: String

    /// An error; its message is shown to operators as it is.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension NBDError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
