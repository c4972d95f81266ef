// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import LinuxSystem
import Testing

/// What the tests of NBD have besides an appliance: clients' certificates, and the real programs that speak NBD.
extension Bed {
    /// Starts the agent with its NBD listener on `port`.
    func startNBD(port: Int) throws {
        try startDaemon("nbd.enabled=true", "nbd.address=127.0.0.1", "nbd.port=\(port)")
        let isUp = try wait(10) { try json(ApplianceReport.self, "status").nbd?.isListening == true }
        try #require(isUp, "the agent does not listen for NBD: \(daemon?.errors ?? "")")
    }

    /// Makes a client's certificate, in a folder as GnuTLS wants it.
    func issueNBDClient(_ host: String, role: String = "nbd-client") throws -> String {
        try issue(host, role)
        let folder = path("\(host).tls")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, file) in [
            ("authority.pem", "ca-cert.pem"), ("\(host).\(role).pem", "client-cert.pem"),
            ("\(host).\(role).key", "client-key.pem"),
        ] { try FileManager.default.copyItem(atPath: path("pki/\(name)"), toPath: "\(folder)/\(file)") }
        return folder
    }

    /// A command of the shell that has to succeed.
    func shell(_ script: String, within seconds: Int64 = 60, sourceLocation: SourceLocation = #_sourceLocation) {
        let log = path("shell.log")
        let failure = ShellCommand.run(
            "{ \(script)\n} >\(log) 2>&1", environment: [], timeout: seconds * 1_000_000_000,
            clock: MachineSteadyClock())
        guard let failure else { return }
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        Issue.record("\(script): \(failure)\n\(said)", sourceLocation: sourceLocation)
    }

    /// What a command of the shell prints.
    func read(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let output = path("read.out")
        shell("{ \(script)\n} >\(output)", sourceLocation: sourceLocation)
        return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A program found by its name that runs beside the test.
    func start(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(URL(filePath: "/usr/bin/env"), [program] + arguments, log: path(program))
    }
}

/// A conversation with qemu's monitor.
///
/// Source: qemu, docs/interop/qmp-spec: a JSON object a line; answers have `return` or `error`, events have `event`.
final class QMPClient {
    private let socket: LocalSocket

    init(socket path: String) throws {
        socket = try LocalSocket(address: path, timeout: 60_000_000_000, clock: MachineSteadyClock())
        _ = try line()
        try execute(#"{"execute": "qmp_capabilities"}"#)
    }

    private func line() throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") { bytes += try socket.receive(1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    func execute(_ command: String) throws {
        try socket.send(Array((command + "\n").utf8))
        while true {
            let answer = try line()
            if answer.contains(#""event""#) { continue }
            try #require(answer.contains(#""return""#), "\(command): \(answer)")
            return
        }
    }

    func wait(for event: String) throws {
        while true {
            let answer = try line()
            if answer.contains(#""event": "\#(event)""#) { return }
            try #require(!answer.contains("BLOCK_JOB_ERROR"), "\(answer)")
        }
    }
}
