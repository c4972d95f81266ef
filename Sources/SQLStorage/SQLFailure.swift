// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Why the database did not do something.
public struct SQLFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: String, Hashable, Sendable {
        /// The database cannot be reached or used now; nothing was changed.
        case unavailable
        /// The connection was lost while a transaction was committed: it may be done or not. Whoever asked has to look
        /// before asking again; nothing is repeated by itself.
        case outcomeUnknown
        /// A row with this key is there already.
        case uniqueViolation
        /// A row refers to one that is not there, or is referred to.
        case foreignKey
        /// An argument is none that both engines store: a text with a NUL, a number of more than 64 bits with a sign.
        case unstorable
        /// A newer version of the program has changed the schema.
        case newerSchema
        /// Anything else: a statement or an argument that is wrong.
        case other
    }

    /// Whether the whole transaction may be done again because certainly nothing of it was done.
    enum Again: Hashable, Sendable {
        case no
        /// Another transaction was in the way.
        case conflict
        /// The connection was lost before the commit.
        case lost
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What happened, for people; names the database, never a password nor a bound value.
    public let sentence: String
    let again: Again

    /// A failure.
    public init(_ kind: Kind, _ sentence: String) { self.init(kind, sentence, again: .no) }

    init(_ kind: Kind, _ sentence: String, again: Again) {
        self.kind = kind
        self.sentence = sentence
        self.again = again
    }

    /// The sentence.
    public var description: String { sentence }
}
