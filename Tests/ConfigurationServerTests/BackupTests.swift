// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Registration
import Testing

@Suite struct BackupTests {
    @Test func `a restored server is the same at another address, for those it knows`() async throws {
        try await TestServer.with { server in
            let (known, later) = (TestHost(1), TestHost(2))
            let knownCredentials = try await server.credentials(known)
            let backup = "\(server.folder.path)/site.backup"
            try ServerBackup.write(server.state, to: backup)
            try ServerBackup.write(server.state, to: backup)
            let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let laterCredentials = try await server.credentials(later)
            _ = try await server.enrol(TestHost(1))
            let restored = "\(server.folder.path)/restored"
            try ServerBackup.restore(backup, to: restored)
            try await TestServer.run(TestServer.settings(restored), clock: server.clock) { port in
                let endpoint = ServerEndpoint(host: "127.0.0.1", port: port)
                let client = ConfigurationClient([endpoint], credentials: knownCredentials)
                let answer = try await client.heartbeat(known.heartbeat(server.clock.now(), revocations: 1))
                // The number is none that was given before.
                #expect(answer.revocations?.number == 1_000_000)
                let lost = ConfigurationClient([endpoint], credentials: laterCredentials)
                #expect(await refusal { try await lost.heartbeat(later.heartbeat(server.clock.now())) } == .notFound)
                _ = try await Enrolment.enrol(
                    at: [endpoint], identity: later.identity, names: .none, passphrase: server.passphrase)
            }
        }
    }

    @Test func `what is no backup, is damaged, or would overwrite a server is refused`() async throws {
        try await TestServer.with { server in
            let backup = "\(server.folder.path)/site.backup"
            let target = "\(server.folder.path)/restored"
            func code(_ path: String, _ target: String) async -> ConfigurationFailure.Code? {
                await refusal { try ServerBackup.restore(path, to: target) }
            }
            #expect(await code(backup, target) == .invalidRequest)
            try Data("hello".utf8).write(to: URL(filePath: backup))
            #expect(await code(backup, target) == .invalidRequest)
            #expect(await code("\(server.state.path)/inventory.sqlite", target) == .invalidRequest)
            try ServerBackup.write(server.state, to: backup)
            #expect(await code(backup, server.state.path) == .conflict)
            var bytes = try Data(contentsOf: URL(filePath: backup))
            bytes.removeLast(bytes.count / 2)
            try bytes.write(to: URL(filePath: "\(backup).half"))
            #expect(await code("\(backup).half", target) != nil)
            #expect(!FileManager.default.fileExists(atPath: "\(target)/authority.key"))
        }
    }

    @Test func `what is known is there again after a restart, and the passphrase is nowhere`() async throws {
        let host = TestHost(1)
        let (server, credentials) = try await TestServer.with { server in
            let credentials = try await server.credentials(host)
            let client = ConfigurationClient([server.endpoint], credentials: credentials)
            let group = GroupReport.sample("a", rpoSeconds: 5)
            _ = try await client.heartbeat(host.heartbeat(server.clock.now(), groups: [group]))
            return (server, credentials)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: server.state.path) {
            let path = "\(server.state.path)/\(name)"
            let contents = try Data(contentsOf: URL(filePath: path))
            #expect(contents.range(of: Data(server.passphrase.text.utf8)) == nil, "\(name)")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        try await TestServer.run(server.settings, clock: server.clock) { port in
            let endpoint = ServerEndpoint(host: "127.0.0.1", port: port)
            let operatorClient = ConfigurationClient([endpoint], credentials: server.operatorCredentials)
            let report = try await operatorClient.server(host.hostID)
            #expect(report.state == .online)
            #expect(report.worstRPOSeconds == 5)
            #expect(report.heartbeat?.groups.map(\.name) == ["a"])
            let client = ConfigurationClient([endpoint], credentials: credentials)
            _ = try await client.heartbeat(host.heartbeat(server.clock.now()))
        }
    }
}
