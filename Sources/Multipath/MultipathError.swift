// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why multipathd's word could not be had, or not be taken.
public struct MultipathError: Error, Hashable, Sendable {
    /// What went wrong, as far as callers act on it.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// Nobody listens on its socket: it is not installed, not started, or dead.
        case notRunning
        /// Its socket may not be used by who runs this process.
        case permissionDenied
        /// It took the request and did not answer in time.
        case timedOut
        /// The conversation broke off.
        case disconnected
        /// It refused or did not know the command.
        case refused
        /// It answered more than is accepted.
        case replyTooLarge
        /// It answered what is not the reply to the command.
        case malformedReply
        /// A configuration file could not be understood.
        case malformedConfiguration
        /// A path could not be read to compare it with the others.
        case unreadablePath
    }

    /// What went wrong.
    public let code: Code
    /// The command, the file or the device it concerns.
    public let object: String
    /// What was seen, without a full stop.
    public let detail: String

    /// An error.
    public init(_ code: Code, object: String, detail: String = "") {
        self.code = code
        self.object = object
        self.detail = detail
    }

    /// What the operator can do, as a sentence.
    public var remedy: String {
        switch code {
        case .notRunning:
            "Install multipath-tools (device-mapper-multipath) and start it: systemctl enable --now multipathd.socket "
                + "multipathd.service."
        case .permissionDenied: "Run it as root: multipathd talks to root alone."
        case .timedOut: "Look at it with: systemctl status multipathd; a hanging path checker can hold it up."
        case .disconnected: "Look at it with: journalctl -u multipathd; it may have been restarted."
        case .refused: "Compare the command with what this version knows: multipathd -k'help'."
        case .replyTooLarge, .malformedReply: "Compare with: multipathd show maps json; this version may be unknown."
        case .malformedConfiguration: "Correct the file, then: multipathd reconfigure."
        case .unreadablePath: "Look at the path with: multipathd show paths; the map is not used until it can be read."
        }
    }
}

extension MultipathError: CustomStringConvertible {
    /// A sentence, and the remedy.
    public var description: String {
        let what =
            switch code {
            case .notRunning: "multipathd does not listen on its socket (\(object))"
            case .permissionDenied: "multipathd's socket (\(object)) may not be used"
            case .timedOut: "multipathd did not answer '\(object)' in time"
            case .disconnected: "multipathd broke off while it answered '\(object)'"
            case .refused: "multipathd refused '\(object)'"
            case .replyTooLarge: "multipathd's answer to '\(object)' is too large"
            case .malformedReply: "multipathd's answer to '\(object)' cannot be understood"
            case .malformedConfiguration: "\(object) cannot be understood"
            case .unreadablePath: "the path \(object) cannot be read"
            }
        return "\(what)\(detail.isEmpty ? "" : ": \(detail)"). \(remedy)"
    }
}
