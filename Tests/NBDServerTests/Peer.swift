// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Foundation
import LinuxSystem
import NBDServer
import Testing

/// Other people's clients, run as processes against a listener of ours.
struct Peer {
    let fixture: ServerFixture

    /// Whether tests with these programs are run: where they are installed, and always in continuous integration, where a
    /// missing one is a failure. `scripts/setup --interop` installs them.
    static func isTested(with programs: String...) -> Bool {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        return programs.allSatisfy { program in
            ShellCommand.run(
                "command -v \(program)", environment: [], timeout: 5_000_000_000, clock: MachineSteadyClock()) == nil
        }
    }

    /// Runs a shell command; what it said, and nil or how it failed.
    ///
    /// It finds in its environment: `$dir`, the folder it runs in; `$socket`; `$port`; for an export called `name`,
    /// `${uri}name$tail` is its URI.
    func attempt(_ command: String) async throws -> (output: String, failure: String?) {
        let folder = fixture.folder.path
        var environment = ["dir=\(folder)"]
        switch fixture.endpoint {
        case .unix(let path): environment += ["socket=\(path)", "uri=nbd+unix:///", "tail=?socket=\(path)"]
        case .tcp(_, let port):
            environment += ["port=\(port)", "uri=nbds://localhost:\(port)/", "tail=?tls-certificates=\(folder)/tls"]
        }
        let output = "\(folder)/output-\(UInt64.random(in: .min ... .max))"
        let script = "cd $dir && { \(command)\n} >\(output) 2>&1"
        let variables = environment
        let failure = try await DiskThread(name: "peer").run {
            ShellCommand.run(
                script, environment: variables, timeout: 120_000_000_000, clock: MachineSteadyClock())
        }
        return (String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self), failure)
    }

    /// Runs a shell command that has to succeed; what it said.
    @discardableResult
    func run(_ command: String, _ location: SourceLocation = #_sourceLocation) async throws -> String {
        let (output, failure) = try await attempt(command)
        #expect(failure == nil, "\(command): \(failure ?? "") \(output)", sourceLocation: location)
        return output
    }

    /// Runs a shell command that has to fail; what it said.
    @discardableResult
    func fails(_ command: String, _ location: SourceLocation = #_sourceLocation) async throws -> String {
        let (output, failure) = try await attempt(command)
        #expect(failure != nil, "\(command) succeeded: \(output)", sourceLocation: location)
        return output
    }

    /// Certificates where libnbd and QEMU look for them, in `$dir/tls`.
    func writeCertificates(role: String = "nbd-client", host: String = "host-1") throws {
        let identity = try fixture.authority.identity(roles: [role], host: host)
        _ = try DirectoryFolder(path: fixture.folder.path + "/tls", create: true)
        try fixture.folder.write("tls/ca-cert.pem", fixture.authority.pem)
        try fixture.folder.write("tls/client-cert.pem", identity.certificatePEM)
        try fixture.folder.write("tls/client-key.pem", identity.keyPEM)
    }

    /// A file of bytes, in `$dir`.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: "\(fixture.folder.path)/\(name)"))
    }

    func contents(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(fixture.folder.path)/\(name)")))
    }
}
