// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// One SQL statement with its arguments apart, written as a string: `"SELECT name FROM server WHERE host_id = \(id)"`.
///
/// What is interpolated becomes a bound argument and never text of the statement. `\(raw: name)` puts text in as it is:
/// for names of tables and columns that the program itself knows. One statement, without a semicolon.
public struct Statement: Sendable, ExpressibleByStringInterpolation {
    enum Part: Sendable {
        case text(String)
        case argument(SQLValue)
    }

    private(set) var parts: [Part]
    /// An argument that no engine can store, found when the statement was written.
    private(set) var fault: SQLFailure?

    /// A statement without arguments.
    public init(stringLiteral text: String) { parts = [.text(text)] }

    /// A statement with arguments.
    public init(stringInterpolation: StringInterpolation) {
        parts = stringInterpolation.parts
        fault = stringInterpolation.fault
    }

    /// Collects a statement's text and arguments.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var parts: [Part] = []
        fileprivate var fault: SQLFailure?

        /// Nothing yet.
        public init(literalCapacity: Int, interpolationCount: Int) {
            parts.reserveCapacity(2 * interpolationCount + 1)
        }

        /// Text that stands in the source.
        public mutating func appendLiteral(_ text: String) { parts.append(.text(text)) }

        /// A bound argument; nil is NULL.
        public mutating func appendInterpolation(_ value: (some SQLArgument)?) {
            do {
                parts.append(.argument(try value?.sqlValue() ?? .null))
            } catch {
                fault = fault ?? error
                parts.append(.argument(.null))
            }
        }

        /// Another statement, with its arguments.
        public mutating func appendInterpolation(_ statement: Statement) {
            parts += statement.parts
            fault = fault ?? statement.fault
        }

        /// Text of the program's own: a name of a table or a column. Never anything that came from outside.
        public mutating func appendInterpolation(raw text: String) { parts.append(.text(text)) }
    }

    /// The text with the engine's placeholders, and what is bound to them in order.
    ///
    /// - Throws: ``SQLFailure`` for an argument that is out of range or has a NUL: PostgreSQL stores none, so SQLite is
    ///   given none either.
    func rendered(for dialect: SQLDialect) throws(SQLFailure) -> (text: String, arguments: [SQLValue]) {
        if let fault { throw fault }
        var text = ""
        var arguments: [SQLValue] = []
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .argument(let value):
                if case .text(let string) = value, string.utf8.contains(0) {
                    throw SQLFailure(.unstorable, "A text with a NUL character cannot be stored.")
                }
                arguments.append(value)
                text += dialect.placeholder(arguments.count)
            }
        }
        return (text, arguments)
    }
}
