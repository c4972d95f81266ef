// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// One row that a statement gave, its columns by name.
public struct SQLRow: Sendable {
    /// Where each column is; one table for all rows of a statement.
    private let places: [String: Int]
    private let values: [SQLValue]

    init(places: [String: Int], values: [SQLValue]) {
        self.places = places
        self.values = values
    }

    static func places(of names: [String]) -> [String: Int] {
        Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The names of the columns, in their order.
    public var columns: [String] { places.sorted { $0.value < $1.value }.map(\.key) }

    /// A column that is TEXT and not NULL.
    ///
    /// - Throws: ``SQLFailure`` when it is something else, or there is none of this name.
    public func text(_ column: String) throws -> String {
        guard let text = try optionalText(column) else { throw Self.wrong(column, "NULL") }
        return text
    }

    /// A column that is TEXT; nil for NULL.
    public func optionalText(_ column: String) throws -> String? {
        switch try value(column) {
        case .null: nil
        case .text(let text): text
        case .integer: throw Self.wrong(column, "a number")
        }
    }

    /// A column that is BIGINT and not NULL.
    public func integer(_ column: String) throws -> Int64 {
        guard let number = try optionalInteger(column) else { throw Self.wrong(column, "NULL") }
        return number
    }

    /// A column that is BIGINT; nil for NULL.
    public func optionalInteger(_ column: String) throws -> Int64? {
        switch try value(column) {
        case .null: nil
        case .integer(let number): number
        case .text: throw Self.wrong(column, "a text")
        }
    }

    /// A column, whatever it is.
    public func value(_ column: String) throws -> SQLValue {
        guard let place = places[column] else {
            throw SQLFailure(.other, "A row of the database has no column \"\(column)\".")
        }
        return values[place]
    }

    private static func wrong(_ column: String, _ what: String) -> SQLFailure {
        SQLFailure(.other, "The column \"\(column)\" of the database has \(what) where it must not.")
    }
}
