// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// A real PostgreSQL server of a test's own: data and socket in a temporary folder, no port, no user but the tests'.
///
/// It is ended when the test process ends, however that happens: a watcher of the script's waits for it.
public final class PostgreSQLServer: Sendable {
    /// Why the tests cannot run here; nil when they can.
    public static let whyNot: String? = run("installed", "/tmp") == nil ? nil : "PostgreSQL is not installed."

    /// One for all tests that do not end it.
    public static let shared: PostgreSQLServer? = try? PostgreSQLServer()

    /// Where data and socket are.
    public let folder: String

    /// Makes a server and starts it; takes a few seconds.
    public init() throws {
        folder = "/tmp/mt-pg-\(UInt32.random(in: .min ... .max))"
        if let failure = Self.run("make", folder) { throw PostgreSQLFailure(what: failure) }
        try start()
    }

    deinit { _ = Self.run("remove", folder) }

    /// A new, empty database.
    ///
    /// - Parameter options: Of `createdb`.
    /// - Returns: Its URL.
    public func database(_ options: String...) throws -> String {
        let name = "t\(UInt32.random(in: .min ... .max))"
        if let failure = Self.run(["database", folder, name] + options) { throw PostgreSQLFailure(what: failure) }
        return "postgresql:///\(name)?host=\(folder)&user=postgres"
    }

    /// Starts it again, and waits until it takes connections.
    public func start() throws {
        if let failure = Self.run("start", folder) { throw PostgreSQLFailure(what: failure) }
    }

    /// Ends all its processes with SIGKILL.
    public func kill() { _ = Self.run("kill", folder) }

    /// - Returns: nil when it went well.
    private static func run(_ arguments: String...) -> String? { run(arguments) }

    private static func run(_ arguments: [String]) -> String? {
        let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
        return ShellCommand.run(
            "exec bash -c \"$POSTGRESQL_SCRIPT\" postgresql \(quoted)", environment: ["POSTGRESQL_SCRIPT=\(script)"],
            timeout: 60_000_000_000, clock: MachineSteadyClock())
    }

    /// PostgreSQL does not run as root. `make` leaves a watcher behind that ends the server with the test process.
    private static let script = #"""
        set -euo pipefail
        action=$1 folder=$2
        bin=$(printf '%s\n' /usr/lib/postgresql/*/bin /usr/bin | while read -r one; do
            if [[ -x $one/initdb ]]; then echo "$one"; fi
        done | tail -n 1)
        [[ -n $bin ]]
        as() { if [[ $(id -u) -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
        pid() { head -n 1 "$folder/data/postmaster.pid" 2>/dev/null || true; }
        end() {
            local server
            server=$(pid)
            [[ -n $server ]] || return 0
            # The server first, so that it starts no others.
            kill -STOP "$server" 2>/dev/null || return 0
            # shellcheck disable=SC2046
            kill -KILL "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null || true
            while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
        }
        case $action in
            installed) ;;
            make)
                mkdir -p "$folder"
                [[ $(id -u) -ne 0 ]] || chown postgres "$folder"
                as "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 \
                    --locale C.UTF-8 --no-sync >"$folder.log" 2>&1
                # What starts this is the test process.
                parent=$PPID
                (while kill -0 "$parent" 2>/dev/null && [[ -d $folder ]]; do sleep 1; done
                    end
                    rm -rf "$folder" "$folder.log") </dev/null >/dev/null 2>&1 &
                ;;
            start)
                # By itself it would go on as long as its last start.
                cd /
                as "$bin/pg_ctl" start --silent --wait --timeout 30 --pgdata "$folder/data" --log "$folder/server.log" \
                    --options "-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=200" \
                    </dev/null >/dev/null 2>&1
                ;;
            kill) end ;;
            database) as "$bin/createdb" --host "$folder" --username postgres "${@:3}" ;;
            remove) end; rm -rf "$folder" "$folder.log" ;;
        esac
        """#
}

/// Why a server for tests could not be had.
public struct PostgreSQLFailure: Error {
    /// What happened.
    public let what: String
}

/// What a database test runs with.
public enum DatabaseEngine: String, CaseIterable, Sendable {
    case sqlite
    case postgreSQL

    /// Both, or SQLite alone where PostgreSQL is not installed: the suites of PostgreSQL's own say so.
    public static let available: [DatabaseEngine] = PostgreSQLServer.whyNot == nil ? allCases : [.sqlite]

    /// The URL of a new, empty database; nil for SQLite, which needs none.
    public func url() throws -> String? {
        guard self == .postgreSQL else { return nil }
        guard let server = PostgreSQLServer.shared else { throw PostgreSQLFailure(what: "it did not start") }
        return try server.database()
    }
}
