// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import SQLStorage

/// Where the inventory is: the setting `database`.
public enum InventoryDatabase: Hashable, Sendable, CustomStringConvertible {
    /// `sqlite`: in the state folder.
    case file
    /// A URL as libpq reads it: in PostgreSQL, which several servers of one site may share.
    case postgreSQL(url: String)

    /// - Returns: nil for what is neither.
    public init?(_ text: String) {
        if text == "sqlite" {
            self = .file
        } else if PostgreSQLDatabase.isURL(text) {
            self = .postgreSQL(url: text)
        } else {
            return nil
        }
    }

    /// What it is, without user and password.
    public var description: String {
        switch self {
        case .file: "sqlite"
        case .postgreSQL: "postgresql"
        }
    }
}
