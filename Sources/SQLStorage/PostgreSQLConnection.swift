// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CPQ

// SAFETY: libpq lets one thread at a time use a connection. A connection is taken out of the pool by the one job that uses
// it, on that job's thread, and given back when the job is done; the pool's lock orders one job after the other.
/// One connection of libpq. Blocking; every wait is bounded by the server's timeouts and by TCP's.
@safe final class PostgreSQLConnection: SQLEngine, @unchecked Sendable {
    private let handle: OpaquePointer
    private let name: String
    var dialect: SQLDialect { .postgreSQL }

    /// A statement may take this long, and wait for another's lock this long; a transaction may do nothing this long.
    /// Commits are durable where the server's administrator has switched that off.
    private static let session = [
        "SET statement_timeout = '30s'", "SET lock_timeout = '10s'",
        "SET idle_in_transaction_session_timeout = '60s'", "SET client_min_messages = 'warning'",
        """
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """,
    ]

    /// Connects.
    ///
    /// - Throws: ``SQLFailure`` with `.unavailable`.
    init(_ address: PostgreSQLAddress) throws(SQLFailure) {
        name = address.name
        let pairs = address.parameters.sorted { $0.key < $1.key }
        let texts = TextBlock(pairs.map(\.key) + pairs.map(\.value))
        let connection = unsafe texts.withPointers { pointers in
            // Both lists end with a null pointer.
            let keywords = unsafe pointers.prefix(pairs.count) + [nil]
            let values = unsafe pointers.suffix(pairs.count) + [nil]
            return unsafe PQconnectdbParams(Array(keywords), Array(values), 0)
        }
        guard let connection = unsafe connection else {
            throw SQLFailure(.unavailable, "\(name) cannot be reached: no memory.")
        }
        unsafe handle = unsafe connection
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            let reason = unsafe Self.reason(handle, hiding: address.parameters["password"])
            throw SQLFailure(.unavailable, "\(name) cannot be reached: \(reason).")
        }
        // By itself it would write to standard error.
        unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        for statement in Self.session { _ = try execute(statement, []) }
        let encoding = unsafe PQparameterStatus(handle, "server_encoding").map { unsafe String(cString: $0) }
        guard encoding == "UTF8" else {
            throw SQLFailure(
                .other, "\(name) has the encoding \(encoding ?? "?"); make one with ENCODING 'UTF8'.")
        }
    }

    deinit { unsafe PQfinish(handle) }

    /// Whether it is up, as far as is known, and no transaction is open.
    var isIdle: Bool { unsafe PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE }
    var isUp: Bool { unsafe PQstatus(handle) == CONNECTION_OK }

    /// - Throws: ``SQLFailure``; its `again` says whether the transaction may be repeated, if it was not committing.
    func execute(_ text: String, _ arguments: [SQLValue]) throws(SQLFailure) -> SQLOutcome {
        guard arguments.count <= Int(UInt16.max) else {
            throw SQLFailure(.other, "A statement with \(arguments.count) arguments is too long.")
        }
        let texts = TextBlock(arguments.map(\.postgreSQLText))
        let types = arguments.map(\.postgreSQLType)
        let answer = unsafe texts.withPointers { pointers in
            unsafe PQexecParams(handle, text, Int32(arguments.count), types, pointers, nil, nil, 0)
        }
        // Null where there is no memory, or nothing could be sent.
        guard let answer = unsafe answer else { throw broken(unsafe Self.reason(handle, hiding: nil)) }
        let result = unsafe PostgreSQLResult(answer)
        guard result.isSuccess else { throw failure(result) }
        return try result.outcome(name)
    }

    /// Commits what is open.
    ///
    /// - Throws: ``SQLFailure`` with `.outcomeUnknown` when the answer did not come.
    func commit() throws(SQLFailure) {
        do {
            try checkedCommit()
        } catch {
            guard error.again == .lost || !isUp else { throw error }
            throw SQLFailure(
                .outcomeUnknown,
                "\(name) was lost while a change was committed; it may have been made. Look before asking again.")
        }
    }

    private func checkedCommit() throws(SQLFailure) {
        guard let answer = unsafe PQexec(handle, "COMMIT") else { throw broken("no answer") }
        let result = unsafe PostgreSQLResult(answer)
        guard result.isSuccess else { throw failure(result) }
        // PostgreSQL answers ROLLBACK, as a success, where a statement had failed.
        guard result.command == "COMMIT" else { throw SQLFailure(.other, "\(name) has undone a transaction.") }
    }

    /// Undoes what is open, if the connection is up; without it the server does.
    func rollback() {
        guard isUp, !isIdle else { return }
        if let answer = unsafe PQexec(handle, "ROLLBACK") { unsafe PQclear(answer) }
    }

    private func broken(_ reason: String) -> SQLFailure {
        SQLFailure(.unavailable, "\(name) was lost: \(reason).", again: .lost)
    }

    /// What an error of the server means. Its detail is left out: it quotes values.
    ///
    /// Source: PostgreSQL, "PostgreSQL Error Codes".
    private func failure(_ result: borrowing PostgreSQLResult) -> SQLFailure {
        let state = result.state
        let sentence = "\(name) did not run a statement: \(result.message) (\(state))."
        switch state {
        case "23505": return SQLFailure(.uniqueViolation, sentence)
        case "23503": return SQLFailure(.foreignKey, sentence)
        // serialization_failure, deadlock_detected
        case "40001", "40P01": return SQLFailure(.unavailable, sentence, again: .conflict)
        // statement_completion_unknown, transaction_resolution_unknown, shutdowns
        case "40003", "08007", "57P01", "57P02", "57P03", "57P05", "25P03":
            return SQLFailure(.unavailable, sentence, again: .lost)
        // lock_not_available, query_canceled by a timeout, read_only_sql_transaction
        case "55P03", "57014", "25006": return SQLFailure(.unavailable, sentence)
        default:
            // Connection exceptions, insufficient resources, system errors.
            if !isUp || state.isEmpty || state.hasPrefix("08") { return broken(result.message) }
            return SQLFailure(state.hasPrefix("53") || state.hasPrefix("58") ? .unavailable : .other, sentence)
        }
    }

    /// libpq's sentence about a connection, on one line.
    private static func reason(_ handle: OpaquePointer, hiding secret: String?) -> String {
        let text = unsafe PQerrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
        let line = text.split { $0.isNewline || $0 == "\t" }.joined(separator: "; ")
        guard let secret, !secret.isEmpty else { return line }
        return line.replacing(secret, with: "…")
    }
}

extension SQLValue {
    fileprivate var postgreSQLText: String? {
        switch self {
        case .null: nil
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }

    /// Told, because without it `SELECT $1` would be a text. Source: PostgreSQL, `pg_type.dat`: int8, text; 0 is open.
    fileprivate var postgreSQLType: Oid {
        switch self {
        case .null: 0
        case .integer: 20
        case .text: 25
        }
    }
}

/// Texts as C wants them, one after the other in one block; nil is a null pointer.
private struct TextBlock {
    private var octets: [CChar] = []
    private var offsets: [Int?] = []

    init(_ texts: [String?]) {
        for text in texts {
            offsets.append(text == nil ? nil : octets.count)
            if let text { octets += text.utf8CString }
        }
    }

    /// SAFETY: the pointers are good inside the closure, in which libpq copies what they point to.
    func withPointers<Value>(_ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
        unsafe octets.withUnsafeBufferPointer { buffer in
            unsafe body(offsets.map { offset in unsafe offset.flatMap { unsafe buffer.baseAddress?.advanced(by: $0) } })
        }
    }
}
