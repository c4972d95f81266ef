// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import Foundation
import TestSupport
import Testing

@Suite struct SettingsTests {
    private func load(
        _ file: String? = nil, environment: [String: String] = [:], settings: [String] = []
    ) async throws -> ConfigurationServerSettings {
        let folder = try TestFolder()
        let path = "\(folder.path)/configuration-server.yaml"
        if let file { try Data(file.utf8).write(to: URL(filePath: path)) }
        return try await .load(
            file: file == nil ? nil : path, isFileRequired: true, environment: environment, settings: settings)
    }

    @Test func `the command line is over the environment, that over the file, that over defaults`() async throws {
        let file = "https:\n  port: 1\n  address: 127.0.0.1\ncertificates:\n  days: 30\n"
        let environment = [
            "MASTER_TARGET_CONFIGURATION_HTTPS_PORT": "2", "MASTER_TARGET_CONFIGURATION_CERTIFICATES_DAYS": "31",
        ]
        let settings = try await load(file, environment: environment, settings: ["https.port=3"])
        #expect(settings.port == 3)
        #expect(settings.certificateDays == 31)
        #expect(settings.address == "127.0.0.1")
        #expect(settings.heartbeatSeconds == 10)
        #expect(try await load() == ConfigurationServerSettings())
    }

    @Test func `the file of the package says what the defaults are`() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "packaging/configuration-server.yaml")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(try await load(text) == ConfigurationServerSettings())
        // A setting is commented out by a # right in front of it; prose has a space behind its own.
        let all = text.replacing(/(?m)^( *)#(?=[^ \n])/) { $0.output.1 }
        #expect(try await load(all) == ConfigurationServerSettings())
        for key in ConfigurationServerKey.allCases {
            let parts = key.rawValue.split(separator: ".")
            let indent = String(repeating: "  ", count: parts.count - 1)
            #expect(all.contains("\n\(indent)\(parts.last ?? ""): "), "\(key.rawValue)")
        }
    }

    @Test(arguments: [
        "https:\n  prot: 1\n", "colour: blue\n", "https: 1\n", "- a\n", "https:\n  port: [1]\n", "{",
        "https:\n  port: x\n",
        "https:\n  port: 70000\n", "state:\n  path: relative\n", "certificates:\n  days: 0\n",
        "heartbeat:\n  seconds: 301\n",
        "database: /var/lib/x\n", "database: mysql://user@host/site\n", "database:\n  url: sqlite\n",
    ])
    func `what nobody reads or makes no sense is refused`(file: String) async {
        #expect(await refusal { try await load(file) } == .invalidRequest)
    }

    @Test func `where the inventory is comes from each layer, and a password that is misplaced is not repeated`()
        async throws
    {
        let url = "postgresql://user@host/site?sslmode=verify-full"
        #expect(try await load("database: \(url)\n").database == .postgreSQL(url: url))
        let environment = ["MASTER_TARGET_CONFIGURATION_DATABASE": "postgres://host/site"]
        #expect(try await load(environment: environment).database == .postgreSQL(url: "postgres://host/site"))
        #expect(try await load(environment: environment, settings: ["database=sqlite"]).database == .file)
        let failure = await #expect(throws: ConfigurationFailure.self) {
            try await load(settings: ["database=mysql://user:h0rse@host/site"])
        }
        #expect(failure?.message.contains("h0rse") == false)
    }

    @Test(arguments: ["https.port", "x=1", "https.port=x", "=", ""])
    func `what is no setting is refused`(setting: String) async {
        #expect(await refusal { try await load(settings: [setting]) } == .invalidRequest)
    }
}

/// The built program.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: Tool.server))) struct ProgramTests {
    @Test func `a server is made once, its passphrase rotated, its backup restored`() async throws {
        let folder = try TestFolder()
        func run(_ arguments: String..., state: String = "state") async throws -> Tool.Outcome {
            try await Tool.run(Tool.server, arguments + ["--set", "state.path=\(folder.path)/\(state)"])
        }
        #expect(try await run("show").status == 1)
        #expect(try await run("init").status == 2)
        let made = try await run("init", "--dns", "site.example", "--json")
        #expect(made.status == 0)
        let answer = try JSONDecoder().decode([String: String].self, from: Data(made.output.utf8))
        let passphrase = try Passphrase(#require(answer["passphrase"]))
        #expect(HexBytes(answer["fingerprint"] ?? "")?.bytes.count == 32)
        let again = try await run("init", "--dns", "site.example")
        #expect(again.status == 1)
        #expect(again.errors.contains("never overwritten"))
        #expect(try await run("show", "--json").output.contains(answer["fingerprint"] ?? "none"))
        let rotated = try await run("passphrase", "rotate", "--overlap", "1h", "--json")
        let second = try JSONDecoder().decode([String: String].self, from: Data(rotated.output.utf8))
        #expect(try Passphrase(#require(second["passphrase"])) != passphrase)
        #expect(try await run("passphrase", "rotate", "--overlap", "soon").status == 2)
        #expect(try await run("operator", "issue", "bob", "--into", "\(folder.path)/bob").status == 0)
        #expect(try await run("operator", "issue", "bob", "--into", "\(folder.path)/bob").status == 1)
        #expect(try await run("operator", "issue", "../bob", "--into", "\(folder.path)/bob").status == 1)
        #expect(try await run("operator", "revoke", "bob", "--reason", "left").status == 0)
        #expect(try await run("operator", "revoke", "eve", "--reason", "left").status == 1)
        #expect(try await run("backup", "\(folder.path)/site.backup").status == 0)
        #expect(try await run("restore", "\(folder.path)/site.backup").status == 1)
        #expect(try await run("restore", "\(folder.path)/site.backup", state: "other").status == 0)
        #expect(try await run("show", "--json", state: "other").output.contains(answer["fingerprint"] ?? "none"))
        #expect(try await Tool.run(Tool.server, ["bogus"]).status == 2)
        #expect(try await Tool.run(Tool.server, ["--help"]).status == 0)
    }

    @Test(.enabled(if: PostgreSQLServer.whyNot == nil, "PostgreSQL is not installed."))
    func `with --database the inventory is in PostgreSQL, and a backup goes from one to the other`() async throws {
        let folder = try TestFolder()
        let server = try await PostgreSQLServer.shared
        let (first, second) = (try await server.database(), try await server.database())
        func run(_ arguments: String..., state: String, database: String?) async throws -> Tool.Outcome {
            try await Tool.run(
                Tool.server,
                arguments + ["--set", "state.path=\(folder.path)/\(state)"]
                    + (database.map { ["--database", $0] } ?? []))
        }
        let backup = "\(folder.path)/site.backup"
        #expect(try await run("init", "--dns", "site.example", state: "a", database: first).status == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/a/inventory.sqlite"))
        let issue = ["operator", "issue", "bob", "--into", "\(folder.path)/bob"]
        #expect(
            try await run(issue[0], issue[1], issue[2], issue[3], issue[4], state: "a", database: first).status == 0)
        // Without its database, and with one that is not its own.
        #expect(try await run("passphrase", "rotate", state: "a", database: second).status == 1)
        let again = try await run("init", "--dns", "site.example", state: "b", database: first)
        #expect(again.status == 1)
        #expect(again.errors.contains("has a site in it already"))
        #expect(try await run("backup", backup, state: "a", database: first).status == 0)
        #expect(try await run("restore", backup, "--keys-only", state: "c", database: nil).status == 1)
        #expect(try await run("restore", backup, "--keys-only", state: "d", database: first).status == 0)
        #expect(try await run("passphrase", "rotate", state: "d", database: first).status == 0)
        #expect(try await run("restore", backup, state: "e", database: first).status == 1)
        #expect(try await run("restore", backup, state: "f", database: try await server.database()).status == 0)
        #expect(try await run("restore", backup, state: "g", database: nil).status == 0)
        for (state, database) in [("d", first), ("g", nil)] {
            let left = try await run("operator", "revoke", "bob", "--reason", "left", state: state, database: database)
            #expect(left.status == 0, "\(left.errors)")
        }
        let down = try await run("show", state: "a", database: "postgresql://x:h0rse@127.0.0.1:1/none")
        #expect(down.status == 0)
        let closed = try await run(
            "passphrase", "rotate", state: "a", database: "postgresql://x:h0rse@127.0.0.1:1/none")
        #expect(closed.status == 1)
        #expect(!closed.errors.contains("h0rse"))
    }

    /// Stands for systemd: gives `$NOTIFY_SOCKET`, waits until the program is ready, and ends it with SIGTERM.
    private static let serviceManager = """
        import os, signal, socket, subprocess, sys
        folder, program = sys.argv[1], sys.argv[2:]
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(folder + "/notify")
        listener.settimeout(60)
        child = subprocess.Popen(program, env={**os.environ, "NOTIFY_SOCKET": folder + "/notify"})
        print(listener.recv(4096).decode())
        child.send_signal(signal.SIGTERM)
        print(listener.recv(4096).decode())
        print("exit", child.wait(60))
        """

    @Test func `it tells the service manager when it is ready and when it stops, and ends in order`() async throws {
        let folder = try TestFolder()
        let settings = ["--set", "state.path=\(folder.path)/state"]
        _ = try await Tool.run(Tool.server, ["init", "--dns", "site.example"] + settings)
        let run = [Tool.server, "run", "--set", "https.port=0", "--set", "https.address=127.0.0.1"] + settings
        let outcome = try await Tool.run("/usr/bin/python3", ["-c", Self.serviceManager, folder.path] + run)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 5, "\(outcome)")
        #expect(lines[0] == "READY=1")
        #expect(lines[1].hasPrefix("STATUS=Listening on port "))
        #expect(lines[2] == "STOPPING=1")
        #expect(lines[4] == "exit 0")
        let without = try await Tool.run(Tool.server, ["run", "--set", "state.path=\(folder.path)/none"])
        #expect(without.status == 1)
        #expect(without.errors.contains("There is no configuration server"))
    }
}
