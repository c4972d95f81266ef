// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What an argument or a column is: the types that both engines store alike.
public enum SQLValue: Hashable, Sendable {
    /// NULL.
    case null
    /// BIGINT: 64 bits with a sign.
    case integer(Int64)
    /// TEXT: UTF-8 without NUL.
    case text(String)
}

/// What may be interpolated into a ``Statement``.
public protocol SQLArgument {
    /// As it is bound.
    ///
    /// - Throws: ``SQLFailure`` for a number that does not fit into 64 bits with a sign.
    func sqlValue() throws(SQLFailure) -> SQLValue
}

extension SQLValue: SQLArgument {
    /// Itself.
    public func sqlValue() -> SQLValue { self }
}

extension String: SQLArgument {
    /// TEXT.
    public func sqlValue() -> SQLValue { .text(self) }
}

extension Int64: SQLArgument {
    /// BIGINT.
    public func sqlValue() -> SQLValue { .integer(self) }
}

extension Int: SQLArgument {
    /// BIGINT.
    public func sqlValue() -> SQLValue { .integer(Int64(self)) }
}

extension UInt64: SQLArgument {
    /// BIGINT; refused from 2⁶³ on, where it would become another number.
    public func sqlValue() throws(SQLFailure) -> SQLValue {
        guard let value = Int64(exactly: self) else {
            throw SQLFailure(.unstorable, "The number \(self) is too large to be stored.")
        }
        return .integer(value)
    }
}

extension Bool: SQLArgument {
    /// BIGINT: 0 or 1.
    public func sqlValue() -> SQLValue { .integer(self ? 1 : 0) }
}
