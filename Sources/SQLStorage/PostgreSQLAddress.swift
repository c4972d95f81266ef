// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CPQ

/// Where a PostgreSQL server is and how to come in, as libpq reads it from a URL.
///
/// It has the password if the URL has one, and so is never shown; ``name`` is.
struct PostgreSQLAddress: Sendable {
    /// libpq's parameters by their keywords.
    private(set) var parameters: [String: String]
    /// Host and database, for sentences: without user and password.
    let name: String

    /// What a URL that does not say otherwise means. Every one may be set in the URL.
    ///
    /// A server that vanished without a word is noticed within half a minute; of several hosts, the one that takes writes
    /// is used. Source: PostgreSQL, "libpq", "Parameter Key Words".
    private static let defaults = [
        "connect_timeout": "5", "application_name": "master-target", "target_session_attrs": "read-write",
        "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "15000",
    ]

    /// - Parameters:
    ///   - url: `postgres://` or `postgresql://`, with libpq's parameters after `?`.
    ///   - password: Used when the URL has none.
    /// - Throws: ``SQLFailure``; libpq's own sentence is not told, because it quotes the URL.
    init(url: String, password: String? = nil) throws(SQLFailure) {
        let wrong = SQLFailure(
            .other, "The URL of the database is none that libpq can read; write postgresql://user@host/database.")
        guard Self.isURL(url), !url.utf8.contains(0) else { throw wrong }
        // SAFETY: the list is libpq's until it is freed at the end of this function; its texts are copied before.
        guard let options = unsafe PQconninfoParse(url, nil) else { throw wrong }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe parameters[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        let host = parameters["host"] ?? parameters["hostaddr"] ?? "this machine"
        name = "The database \(parameters["dbname"].map { "\($0) at " } ?? "at ")\(host)"
        parameters.merge(Self.defaults) { given, _ in given }
        if parameters["password"] == nil { parameters["password"] = password }
        // What is read and written here is UTF-8.
        parameters["client_encoding"] = "UTF8"
        self.parameters = parameters
    }

    /// Whether a text is meant to be such a URL.
    static func isURL(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }
}
