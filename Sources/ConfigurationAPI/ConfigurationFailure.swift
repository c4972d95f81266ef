// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why the configuration server, or the one who asked it, did not go on: a code to act on, and sentences to read.
public struct ConfigurationFailure: Error, Hashable, Sendable, Codable {
    /// What kind of failure it is.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// The request makes no sense: no JSON, a wrong type, a value out of range.
        case invalidRequest
        /// The two sides speak other versions of the interface.
        case unsupportedVersion
        /// No certificate of this site came with the connection.
        case notAuthenticated
        /// The certificate is good, and its role or its host may not do this.
        case notPermitted
        /// The certificate was taken back.
        case revoked
        /// The proof of the passphrase does not hold: another passphrase, another request, or a man in the middle.
        case proofInvalid
        /// The challenge is too old, or not of this server.
        case challengeExpired
        /// The challenge was used before.
        case challengeSpent
        /// There is no such thing.
        case notFound
        /// It contradicts what is there.
        case conflict
        /// Two machines have one host id.
        case cloned
        /// The request is too large.
        case tooLarge
        /// The request came too slowly.
        case timedOut
        /// Too many attempts; later.
        case tooManyRequests
        /// The server cannot do it now.
        case unavailable
        /// A defect of the server.
        case internalFailure
        /// The server wants a key derived with parameters that are too weak, or take too much memory or time.
        case unsafeParameters
        /// The TLS certificate is not the one that was named beforehand.
        case fingerprintMismatch
        /// The server did not prove that it knows the passphrase.
        case serverNotProven
        /// An event came in a state in which it makes no sense.
        case outOfOrder
    }

    /// What kind of failure it is.
    public let code: Code
    /// A sentence that names the object.
    public let message: String
    /// A sentence that says what to do about it.
    public let remedy: String

    /// A failure.
    ///
    /// - Parameter remedy: A sentence that says what to do; empty where nothing helps.
    public init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// The HTTP status it travels with (RFC 9110, section 15; RFC 6585, section 4). Codes that only a joining server
    /// has never travel.
    public var httpStatus: Int {
        switch code {
        case .invalidRequest, .unsupportedVersion: 400
        case .notAuthenticated, .proofInvalid, .challengeExpired, .challengeSpent: 401
        case .notPermitted, .revoked: 403
        case .notFound: 404
        case .conflict, .cloned, .outOfOrder: 409
        case .timedOut: 408
        case .tooLarge: 413
        case .tooManyRequests: 429
        case .internalFailure, .unsafeParameters, .fingerprintMismatch, .serverNotProven: 500
        case .unavailable: 503
        }
    }
}

extension ConfigurationFailure: CustomStringConvertible {
    /// The message and the remedy.
    public var description: String { remedy.isEmpty ? message : "\(message) \(remedy)" }
}
