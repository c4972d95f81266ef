// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import Glibc
import Testing

/// A whole site on one machine, in a folder of its own: a configuration server, master targets, a process server and an
/// operator. The real programs and real TLS; everything on loopback.
final class SiteBed {
    let folder: String
    let serverPort = Int.random(in: 30000..<40000)
    private(set) var server: ChildProcess?
    private(set) var processServer: ChildProcess?
    private(set) var masterTargets: [String: ChildProcess] = [:]
    private(set) var replicationPorts: [String: Int] = [:]
    private var runs = 0

    /// Makes a configuration server with an operator, and runs it.
    init() throws {
        try #require(BuiltProgram.areBuilt, "Build the programs before the tests: swift build.")
        folder = "/tmp/mt-site-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let made = try run(
            .configurationServer, ["init", "--dns", "localhost", "--ip", "127.0.0.1", "--json"] + serverSettings)
        #expect(made.status == 0, "\(made.errors)")
        struct Made: Decodable {
            let passphrase: String
        }
        let passphrase = try JSONDecoder().decode(Made.self, from: Data(made.output.utf8)).passphrase
        try writePassphrase(passphrase)
        let issued = try run(
            .configurationServer, ["operator", "issue", "ada", "--into", path("operator")] + serverSettings)
        #expect(issued.status == 0, "\(issued.errors)")
        try startServer()
    }

    deinit {
        for process in [server, processServer].compactMap(\.self) + masterTargets.values {
            process.signal(SIGKILL)
            _ = process.outcome()
        }
        // What cannot be removed is left in /tmp.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
    var passphraseFile: String { path("passphrase") }
    private var serverSettings: [String] {
        [
            "--set", "state.path=\(path("configuration"))", "--set", "https.address=127.0.0.1", "--set",
            "https.port=\(serverPort)", "--set", "heartbeat.seconds=1",
        ]
    }

    /// As an operator keeps it, unless `mode` says otherwise.
    func writePassphrase(_ text: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: passphraseFile))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: passphraseFile)
    }

    // MARK: Programs

    private func log(_ name: String) -> String {
        runs += 1
        return path("\(name)-\(runs)")
    }

    func run(
        _ program: BuiltProgram, _ arguments: [String], within seconds: Double = 60
    ) throws -> ChildProcess.Outcome {
        try ChildProcess(program.url, arguments, log: log(program.rawValue)).outcome(within: seconds)
    }

    func startServer() throws {
        let server = try ChildProcess(
            BuiltProgram.configurationServer.url, ["run"] + serverSettings, log: log("mt-configuration-server"))
        self.server = server
        let isUp = try wait(20) { try server.isRunning && site("servers").status == 0 }
        try #require(isUp, "the configuration server does not answer: \(server.errors)")
    }

    func killServer() {
        server?.signal(SIGKILL)
        _ = server?.outcome()
    }

    func backup(to name: String) throws {
        let outcome = try run(.configurationServer, ["backup", path(name)] + serverSettings)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// In the place of the one that runs.
    func restore(from name: String) throws {
        killServer()
        try FileManager.default.moveItem(atPath: path("configuration"), toPath: path("configuration-lost"))
        let outcome = try run(.configurationServer, ["restore", path(name)] + serverSettings)
        #expect(outcome.status == 0, "\(outcome.errors)")
        try startServer()
    }

    /// Runs an agent of that name, and waits until it answers.
    func startMasterTarget(_ name: String) throws {
        let port = replicationPorts[name] ?? Int.random(in: 20000..<30000)
        replicationPorts[name] = port
        for part in ["retention", "state"] {
            try FileManager.default.createDirectory(
                atPath: path("\(name)/\(part)"), withIntermediateDirectories: true)
        }
        let settings = [
            "state.path=\(path("\(name)/state"))", "retention.path=\(path("\(name)/retention"))",
            "control.socket=\(path("\(name)/control.sock"))", "replication.address=127.0.0.1",
            "replication.port=\(port)",
            // What a folder is not, and a machine that is busy with other tests.
            "health.waived=os.packages=a test,os.cpu=a test,os.memory=a test,os.layout=a test,retention.volume=a test",
        ]
        let daemon = try ChildProcess(
            BuiltProgram.daemon.url, settings.flatMap { ["--set", $0] }, log: log("mastertargetd-\(name)"))
        masterTargets[name] = daemon
        let isUp = try wait(20) { try daemon.isRunning && agent(name, "status").status == 0 }
        try #require(isUp, "the agent \(name) does not answer: \(daemon.errors)")
    }

    func killMasterTarget(_ name: String) {
        masterTargets[name]?.signal(SIGKILL)
        _ = masterTargets[name]?.outcome()
    }

    /// mtctl on a master target.
    func agent(_ name: String, _ arguments: String...) throws -> ChildProcess.Outcome {
        try run(.control, arguments + ["--socket", path("\(name)/control.sock")])
    }

    func status(of name: String) throws -> ApplianceReport {
        let outcome = try agent(name, "status", "--json")
        return try JSONDecoder().decode(ApplianceReport.self, from: Data(outcome.output.utf8))
    }

    func register(_ name: String, _ more: String...) throws -> ChildProcess.Outcome {
        try run(
            .control,
            [
                "register", "--server", "localhost:\(serverPort)", "--passphrase-file", passphraseFile, "--dns",
                "localhost",
                "--socket", path("\(name)/control.sock"),
            ] + more)
    }

    func registerProcessServer() throws {
        let outcome = try run(
            .processServer,
            [
                "register", "--server", "localhost:\(serverPort)", "--passphrase-file", passphraseFile, "--state",
                path("process-server"),
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// - Parameter stopSource: The command that stops the source machines; nil for none.
    func startProcessServer(_ stopSource: String? = nil) throws {
        let more = stopSource.map { ["--stop-source", $0] } ?? []
        processServer = try ChildProcess(
            BuiltProgram.processServer.url,
            ["run", "--state", path("process-server"), "--interval", "500ms"] + more, log: log("mt-process-server"))
    }

    func killProcessServer() {
        processServer?.signal(SIGKILL)
        _ = processServer?.outcome()
    }

    // MARK: The operator

    /// mtctl site, as the operator.
    func site(_ arguments: String...) throws -> ChildProcess.Outcome { try site(arguments) }

    func site(_ arguments: [String]) throws -> ChildProcess.Outcome {
        try run(
            .control,
            ["site"] + arguments
                + ["--server", "localhost:\(serverPort)", "--credentials", path("operator")], within: 120)
    }

    /// A command that has to succeed.
    func operate(_ arguments: String..., more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let outcome = try site(arguments + more)
        #expect(
            outcome.status == 0, "mtctl site \(arguments.joined(separator: " ")): \(outcome.errors)\(outcome.output)",
            sourceLocation: sourceLocation)
    }

    /// An answer as programs read it.
    func json<Answer: Decodable>(_ type: Answer.Type, _ arguments: String...) throws -> Answer {
        let outcome = try site(arguments + ["--json"])
        return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
    }

    func report(of group: String) throws -> SiteGroupReport { try json(SiteGroupReport.self, "group", "show", group) }

    /// Waits until the configuration server knows a group in a state.
    func waitFor(
        _ state: GroupState, _ group: String, within seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let holds = try wait(seconds) { try report(of: group).report?.state == state }
        #expect(holds, "group \(group) did not become \(state)", sourceLocation: sourceLocation)
    }
}
