// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why facts could not be had, as a sentence in a report says it.
public struct HealthError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Code: String, Hashable, Sendable {
        /// A file of the kernel's or the system's is not there, or says what cannot be true.
        case malformedSource
        /// Nobody provides these facts.
        case notProvided
        /// What was recorded cannot be read.
        case corruptRecord
    }
    /// The kind of trouble.
    public let code: Code
    /// A sentence.
    public let description: String

    /// An error.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
