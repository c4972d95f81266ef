// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CPQ

/// What libpq answered; freed with the value.
@safe struct PostgreSQLResult: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    deinit { unsafe PQclear(handle) }

    var isSuccess: Bool {
        let status = unsafe PQresultStatus(handle)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    /// The command that was done, as `COMMIT` or `INSERT 0 1`.
    var command: String { unsafe PQcmdStatus(handle).map { unsafe String(cString: $0) } ?? "" }

    /// SQLSTATE; empty when the failure is libpq's own.
    var state: String { field("C") }

    /// The server's sentence in short, or libpq's.
    var message: String {
        let primary = field("M")
        if !primary.isEmpty { return primary }
        let text = unsafe PQresultErrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    /// Source: PostgreSQL, `postgres_ext.h`: PG_DIAG_SQLSTATE 'C', PG_DIAG_MESSAGE_PRIMARY 'M'.
    private func field(_ code: Unicode.Scalar) -> String {
        unsafe PQresultErrorField(handle, Int32(code.value)).map { unsafe String(cString: $0) } ?? ""
    }

    func outcome(_ name: String) throws(SQLFailure) -> SQLOutcome {
        var outcome = SQLOutcome()
        let isQuery = unsafe PQresultStatus(handle) == PGRES_TUPLES_OK
        // For a SELECT it is the number of rows that it gave.
        if let changed = unsafe PQcmdTuples(handle), !command.hasPrefix("SELECT"), !command.hasPrefix("FETCH") {
            outcome.changed = Int(unsafe String(cString: changed)) ?? 0
        }
        guard isQuery else { return outcome }
        let columns = unsafe PQnfields(handle)
        let names = (0..<columns).map { unsafe PQfname(handle, $0).map { unsafe String(cString: $0) } ?? "" }
        let places = SQLRow.places(of: names)
        for row in 0..<(unsafe PQntuples(handle)) {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(columns))
            for column in 0..<columns { values.append(try value(row, column, name)) }
            outcome.rows.append(SQLRow(places: places, values: values))
        }
        return outcome
    }

    /// Source: PostgreSQL, `pg_type.dat`.
    private func value(_ row: Int32, _ column: Int32, _ name: String) throws(SQLFailure) -> SQLValue {
        guard unsafe PQgetisnull(handle, row, column) == 0, let pointer = unsafe PQgetvalue(handle, row, column) else {
            return .null
        }
        let text = unsafe String(cString: pointer)
        switch unsafe PQftype(handle, column) {
        case 16: return .integer(text == "t" ? 1 : 0)  // bool, as SQLite answers a comparison
        case 20, 21, 23, 1700:  // int8, int2, int4; numeric, which is what the sum of int8 is
            guard let number = Int64(text) else {
                throw SQLFailure(.other, "\(name) has a number that is not whole or does not fit into 64 bits.")
            }
            return .integer(number)
        default: return .text(text)
        }
    }
}
