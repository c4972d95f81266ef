// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// A real PostgreSQL server of a test's own: data and socket in a temporary folder, no port, no user but the tests'.
///
/// It is ended when the test process ends, however that happens: a watcher of the script's waits for it.
public final class PostgreSQLServer: Sendable {
    /// Why the tests cannot run here; nil when they can.
    public static let whyNot: String? = runNow(["installed", "/tmp"]) == nil ? nil : "PostgreSQL is not installed."

    /// One for all tests that do not end it.
    public static var shared: PostgreSQLServer { get async throws { try await one.value } }
    // Of the test process, with which it ends.
    private static let one = Task { try await PostgreSQLServer() }
    /// Tests wait without blocking the threads that the others run on.
    private static let threads = DiskThreadPool(name: "test-postgresql", threads: 4)

    /// Where data and socket are.
    public let folder: String
    /// Of the loopback interface, with TLS only; 0 for none. There passwords are asked for.
    public let port: UInt16
    /// Its own certificate, for 127.0.0.1.
    public var certificate: String { "\(folder)/server.crt" }
    /// The password of `postgres`, for who comes by TCP.
    public static let password = "h0rse-battery-staple"

    /// Makes a server and starts it; takes a few seconds.
    public init(isOnLoopback: Bool = false) async throws {
        folder = "/tmp/mt-pg-\(UInt32.random(in: .min ... .max))"
        port = isOnLoopback ? .random(in: 20_000..<30_000) : 0
        try await Self.run(["make", folder, "\(port)"])
        try await start()
    }

    deinit { Self.threads.run { [folder] in _ = Self.runNow(["remove", folder]) } }

    /// A new, empty database.
    ///
    /// - Parameter options: Of `createdb`.
    /// - Returns: Its URL.
    public func database(_ options: String...) async throws -> String {
        let name = "t\(UInt32.random(in: .min ... .max))"
        try await Self.run(["database", folder, name] + options)
        return "postgresql:///\(name)?host=\(folder)&user=postgres" + (port == 0 ? "" : "&port=\(port)")
    }

    /// Starts it again, and waits until it takes connections.
    public func start() async throws { try await Self.run(["start", folder]) }

    /// Ends all its processes with SIGKILL.
    public func kill() async throws { try await Self.run(["kill", folder]) }

    private static func run(_ arguments: [String]) async throws {
        let failure = await withCheckedContinuation { continuation in
            threads.run { continuation.resume(returning: runNow(arguments)) }
        }
        if let failure { throw PostgreSQLFailure(what: failure) }
    }

    /// - Returns: nil when it went well.
    private static func runNow(_ arguments: [String]) -> String? {
        let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
        return ShellCommand.run(
            "exec bash -c \"$POSTGRESQL_SCRIPT\" postgresql \(quoted)", environment: ["POSTGRESQL_SCRIPT=\(script)"],
            timeout: 60_000_000_000, clock: MachineSteadyClock())
    }

    /// PostgreSQL does not run as root. `make` leaves a watcher behind that ends the server with the test process.
    private static let script = #"""
        set -euo pipefail
        # What other tests have open is not for a server that outlives them: they would wait for its end.
        for file in /proc/self/fd/*; do
            number=${file##*/}
            if ((number > 2)); then eval "exec $number>&-"; fi
        done
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
                settings=("listen_addresses = ''" "unix_socket_directories = '$folder'" "max_connections = 200")
                if [[ $3 -ne 0 ]]; then
                    settings+=("listen_addresses = '127.0.0.1'" "port = $3" "ssl = on"
                        "ssl_cert_file = '$folder/server.crt'" "ssl_key_file = '$folder/server.key'")
                    as openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
                        -addext subjectAltName=IP:127.0.0.1 -keyout "$folder/server.key" \
                        -out "$folder/server.crt" 2>>"$folder.log"
                    echo 'hostssl all all 127.0.0.1/32 scram-sha-256' >>"$folder/data/pg_hba.conf"
                    sed -i '/^host /d' "$folder/data/pg_hba.conf"
                fi
                printf '%s\n' "${settings[@]}" >>"$folder/data/postgresql.conf"
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
                    </dev/null >/dev/null 2>&1
                ;;
            kill) end ;;
            database)
                socket=$(printf '%s\n' "$folder"/.s.PGSQL.*[0-9])
                as "$bin/createdb" --host "$folder" --port "${socket##*.}" --username postgres "${@:3}"
                ;;
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
    public func url() async throws -> String? {
        self == .postgreSQL ? try await PostgreSQLServer.shared.database() : nil
    }
}
