// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why a request was refused or failed: the body of every answer that is not a success.
public struct ControlFailure: Error, Hashable, Sendable, Codable {
    /// What kind of failure it is, for programs.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// The request itself is wrong: a name, a number, a missing field.
        case invalidRequest
        /// What it names does not exist.
        case notFound
        /// The name is taken.
        case exists
        /// The state of the group does not allow it.
        case refused
        /// It destroys something, or depends on a fact outside, and that was not confirmed.
        case notConfirmed
        /// Another operation holds what it needs.
        case busy
        /// Something it needs is missing: the retention volume, a target disk, the agent itself.
        case unavailable
        /// Data on disk does not check, or has a version that this agent does not know.
        case corrupt
        /// A device or a file failed.
        case inputOutput
        /// A defect of the agent.
        case internalFailure
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

    /// The HTTP status it travels with (RFC 9110, section 15).
    public var httpStatus: Int {
        switch code {
        case .invalidRequest: 400
        case .notFound: 404
        case .exists, .refused, .busy: 409
        case .notConfirmed: 428
        case .unavailable: 503
        case .corrupt, .inputOutput, .internalFailure: 500
        }
    }
}

extension ControlFailure: CustomStringConvertible {
    /// The message and the remedy.
    public var description: String { remedy.isEmpty ? message : "\(message) \(remedy)" }
}
