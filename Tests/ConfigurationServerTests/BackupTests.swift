// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import Registration
import TestSupport
import Testing

@Suite struct BackupTests {
    /// From which engine to which.
    static let ways = DatabaseEngine.available.flatMap { from in DatabaseEngine.available.map { (from, $0) } }

    @Test(arguments: ways) func `a restored server is the same at another address, for those it knows`(
        from: DatabaseEngine, to: DatabaseEngine
    ) async throws {
        try await TestServer.with(from) { server in
            let (known, later) = (TestHost(1), TestHost(2))
            let knownCredentials = try await server.credentials(known)
            let knownClient = ConfigurationClient([server.endpoint], credentials: knownCredentials)
            let group = GroupReport.sample("gr\u{FC}n '; -- \u{1F4A3}", rpoSeconds: 7)
            _ = try await knownClient.heartbeat(known.heartbeat(server.clock.now(), groups: [group]))
            _ = try await server.enrol(TestHost(3))
            _ = try await server.operatorClient.revoke(TestHost(3).hostID, reason: "lost")
            // Heartbeats are written every few seconds, and when a server ends.
            try await TestServer.until { try await server.storedHeartbeats() == 1 }
            let backup = "\(server.folder.path)/site.backup"
            try await ServerBackup.write(server.state, to: backup)
            try await ServerBackup.write(server.state, to: backup)
            let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let left = try FileManager.default.contentsOfDirectory(atPath: server.folder.path)
            #expect(left.filter { $0.hasPrefix("site.backup") } == ["site.backup"])
            let laterCredentials = try await server.credentials(later)
            _ = try await server.enrol(TestHost(1))
            var settings = TestServer.settings("\(server.folder.path)/restored")
            settings.database = try await to.database()
            try await ServerBackup.restore(backup, to: settings.statePath, database: settings.database)
            try await TestServer.run(settings, clock: server.clock) { port in
                let endpoint = ServerEndpoint(host: "127.0.0.1", port: port)
                let operatorClient = ConfigurationClient([endpoint], credentials: server.operatorCredentials)
                let reports = try await operatorClient.servers().servers
                #expect(reports.map(\.hostID) == [known.hostID, TestHost(3).hostID])
                #expect(reports.map(\.state) == [.online, .revoked])
                #expect(try await operatorClient.server(known.hostID).heartbeat?.groups == [group])
                let client = ConfigurationClient([endpoint], credentials: knownCredentials)
                let answer = try await client.heartbeat(known.heartbeat(server.clock.now(), revocations: 1))
                // The number is none that was given before.
                #expect(answer.revocations?.number == 1_000_001)
                #expect(answer.revocations?.revoked.map(\.reason) == ["lost"])
                let lost = ConfigurationClient([endpoint], credentials: laterCredentials)
                #expect(await refusal { try await lost.heartbeat(later.heartbeat(server.clock.now())) } == .notFound)
                _ = try await Enrolment.enrol(
                    at: [endpoint], identity: later.identity, names: .none, passphrase: server.passphrase)
            }
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `what is no backup, is damaged, or would overwrite a server is refused`(engine: DatabaseEngine) async throws {
        try await TestServer.with(engine) { server in
            let backup = "\(server.folder.path)/site.backup"
            let target = "\(server.folder.path)/restored"
            @Sendable func code(
                _ path: String, _ target: String, _ database: InventoryDatabase = .file
            ) async -> ConfigurationFailure.Code? {
                await refusal { try await ServerBackup.restore(path, to: target, database: database) }
            }
            #expect(await code(backup, target) == .invalidRequest)
            try Data("hello".utf8).write(to: URL(filePath: backup))
            #expect(await code(backup, target) == .invalidRequest)
            try await TestServer.with { other in
                #expect(await code("\(other.state.path)/inventory.sqlite", target) == .invalidRequest)
            }
            try await ServerBackup.write(server.state, to: backup)
            #expect(await code(backup, server.state.path, server.state.database) == .conflict)
            var bytes = try Data(contentsOf: URL(filePath: backup))
            bytes.removeLast(bytes.count / 2)
            try bytes.write(to: URL(filePath: "\(backup).half"))
            #expect(await code("\(backup).half", target) != nil)
            #expect(!FileManager.default.fileExists(atPath: "\(target)/authority.key"))
            if engine == .postgreSQL {
                #expect(await code(backup, target, server.state.database) == .conflict)
                #expect(!FileManager.default.fileExists(atPath: "\(target)/inventory.sqlite"))
                let missing = await refusal {
                    try await ServerBackup.restore(
                        backup, to: "\(target)-2", database: try await engine.database(), isKeysOnly: true)
                }
                #expect(missing == .conflict)
            }
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `what is known is there again after a restart, and the passphrase is nowhere`(
        engine: DatabaseEngine
    ) async throws {
        let host = TestHost(1)
        let (server, credentials) = try await TestServer.with(engine) { server in
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
