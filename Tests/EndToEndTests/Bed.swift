// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import StoragePrimitives
import Testing

/// An appliance and a process server on one machine, in a folder of their own: the real programs and real TLS.
final class Bed {
    let folder: String
    private(set) var port = 0
    private(set) var daemon: ChildProcess?
    private var runs = 0
    /// What agents that are started have in their environment, besides the test's own.
    var daemonEnvironment: [String: String] = [:]

    /// Makes an authority, the certificates that both sides need, and a retention folder.
    init() throws {
        try #require(BuiltProgram.areBuilt, "Build the programs before the tests: swift build.")
        folder = "/tmp/mt-e2e-\(UUID().uuidString.prefix(8))"
        for name in ["retention", "state"] {
            try FileManager.default.createDirectory(
                atPath: path(name), withIntermediateDirectories: true)
        }
        try makeAuthority("pki")
        try issue("appliance", "master-target", "--dns", "localhost")
        try issue("cloud", "process-server")
        port = Int.random(in: 20000..<30000)
    }

    deinit {
        daemon?.signal(SIGKILL)
        _ = daemon?.outcome()
        // What cannot be removed is left in /tmp.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func makeAuthority(_ name: String) throws {
        #expect(try program(.control, ["pki", "init", "--folder", path(name)]).status == 0)
    }

    func issue(_ host: String, _ role: String, _ more: String..., authority: String = "pki") throws {
        let arguments = ["pki", "issue", "--folder", path(authority), "--host", host, "--role", role] + more
        #expect(try program(.control, arguments).status == 0)
    }

    // MARK: Programs

    private func log(_ name: String) -> String {
        runs += 1
        return path("\(name)-\(runs)")
    }

    func program(
        _ program: BuiltProgram, _ arguments: [String], within seconds: Double = 60
    ) throws
        -> ChildProcess.Outcome
    {
        try ChildProcess(program.url, arguments, log: log(program.rawValue)).outcome(within: seconds)
    }

    /// Starts the agent and waits until it answers, and listens.
    func startDaemon(_ settings: String...) throws {
        let all =
            [
                "state.path=\(path("state"))", "retention.path=\(path("retention"))",
                "control.socket=\(path("control.sock"))", "replication.address=127.0.0.1", "replication.port=\(port)",
                "replication.certificate=\(path("pki/appliance.master-target.pem"))",
                "replication.key=\(path("pki/appliance.master-target.key"))",
                "replication.authority=\(path("pki/authority.pem"))",
            ] + settings
        let daemon = try ChildProcess(
            BuiltProgram.daemon.url, all.flatMap { ["--set", $0] }, log: log("mastertargetd"),
            environment: daemonEnvironment)
        self.daemon = daemon
        let isUp = try wait(20) {
            guard daemon.isRunning, FileManager.default.fileExists(atPath: path("control.sock")) else { return false }
            let status = try mtctl("status", "--json")
            return status.status == 0 && status.output.contains(#""isListening":true"#)
        }
        try #require(isUp, "the agent does not answer: \(daemon.errors)")
    }

    /// Pulls its plug.
    func killDaemon() {
        daemon?.signal(SIGKILL)
        _ = daemon?.outcome()
    }

    /// Ends it in order, and tells how it ended.
    func stopDaemon() throws -> ChildProcess.Outcome {
        let daemon = try #require(daemon)
        daemon.signal(SIGTERM)
        return daemon.outcome(within: 30)
    }

    func mtctl(_ arguments: String...) throws -> ChildProcess.Outcome {
        try program(.control, arguments + ["--socket", path("control.sock")])
    }

    /// An answer as programs read it.
    func json<Answer: Decodable>(_ type: Answer.Type, _ arguments: String...) throws -> Answer {
        let outcome = try program(.control, arguments + ["--json", "--socket", path("control.sock")])
        return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
    }

    /// A command that has to succeed.
    func control(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcome = try program(.control, arguments + ["--socket", path("control.sock")])
        #expect(
            outcome.status == 0, "mtctl \(arguments.joined(separator: " ")): \(outcome.errors)",
            sourceLocation: sourceLocation)
    }

    // MARK: Groups and senders

    /// Makes a group whose disks are bound to image files of their own: `ID.target`.
    func protect(_ group: String, _ disks: [String], bytes: Int) throws {
        try control("group", "create", group)
        for disk in disks {
            _ = try Image(path("\(disk).target"), bytes: bytes)
            try control(
                "disk", "bind", group, "--source", disk, "--target", "file:\(path("\(disk).target"))", "--size",
                "\(bytes)", "--yes")
        }
    }

    func target(_ disk: String) throws -> Data { try Data(contentsOf: URL(filePath: path("\(disk).target"))) }

    /// The process server's command line for the images `ID.source`; `more` comes last.
    func sender(
        _ group: String, _ disks: [String], as host: String = "cloud.process-server", authority: String = "pki",
        _ more: [String]
    ) -> [String] {
        [
            "--server", "localhost:\(port)", "--group", group, "--state", path("sender-\(group)"), "--certificate",
            path("\(authority)/\(host).pem"), "--key", path("\(authority)/\(host).key"), "--authority",
            path("pki/authority.pem"),
        ] + disks.flatMap { ["--disk", "\($0)=\(path("\($0).source"))"] } + more
    }

    /// One pass, and a bookmark that has its name.
    func replicate(
        _ group: String, _ disks: [String], label: String, sourceLocation: SourceLocation = #_sourceLocation
    )
        throws
    {
        let outcome = try program(
            .processServer, sender(group, disks, ["--once", "--static-source", "--bookmark-label", label]))
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)", sourceLocation: sourceLocation)
    }

    func startSender(_ group: String, _ disks: [String], _ more: [String]) throws -> ChildProcess {
        try ChildProcess(BuiltProgram.processServer.url, sender(group, disks, more), log: log("mt-process-server"))
    }

    /// The agent looks at its groups once a second.
    func waitFor(_ state: GroupState, _ group: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let holds = try wait(15) { try json(GroupReport.self, "group", "show", group).state == state }
        #expect(holds, "group \(group) did not become \(state)", sourceLocation: sourceLocation)
    }
}
