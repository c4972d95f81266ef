// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why a machine could not be prepared, or not be put back.
public struct PreparationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Code: String, Hashable, Sendable {
        /// A file is not as the plan saw it.
        case changedSince
        /// A command ended with a failure.
        case commandFailed
        /// The record of what was there before cannot be read.
        case corruptRecord
        /// A configuration file cannot be understood.
        case malformedFile
        /// Something is not what it has to be.
        case notPossible
    }
    /// The kind of trouble.
    public let code: Code
    /// What it is about and what happened, in a sentence.
    public let sentence: String
    /// What to do, in a sentence.
    public let remedy: String

    init(_ code: Code, _ sentence: String, remedy: String) {
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
    }

    /// Both sentences.
    public var description: String { "\(sentence) \(remedy)" }

    static func changed(_ path: String) -> PreparationError {
        PreparationError(
            .changedSince, "\(path) was changed after the plan was made.",
            remedy: "Look at a new plan with 'mtctl host prepare'.")
    }
}
