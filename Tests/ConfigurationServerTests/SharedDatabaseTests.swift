// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import HostCertificates
import Registration
import TestSupport
import Testing

/// Several servers of a site that share a database.
@Suite(.enabled(if: PostgreSQLServer.whyNot == nil, "PostgreSQL is not installed."))
struct SharedDatabaseTests {
    /// Two servers, the second made from a backup of the first.
    private func withTwo(
        _ work: @Sendable (_ one: TestServer, _ other: ServerEndpoint) async throws -> Void
    ) async throws {
        try await TestServer.with(.postgreSQL) { one in
            let backup = "\(one.folder.path)/site.backup"
            try await ServerBackup.write(one.state, to: backup)
            var settings = TestServer.settings("\(one.folder.path)/other")
            settings.database = one.state.database
            try await ServerBackup.restore(
                backup, to: settings.statePath, database: settings.database, isKeysOnly: true)
            try await TestServer.run(settings, clock: one.clock) { port in
                try await work(one, ServerEndpoint(host: "127.0.0.1", port: port))
            }
        }
    }

    @Test func `who enrols at one is known at the other, and taken back at one is refused at the other at once`()
        async throws
    {
        try await withTwo { one, other in
            let host = TestHost(1)
            let credentials = try await one.credentials(host)
            let atOne = ConfigurationClient([one.endpoint], credentials: credentials)
            let atOther = ConfigurationClient([other], credentials: credentials)
            let operatorAtOther = ConfigurationClient([other], credentials: one.operatorCredentials)
            _ = try await atOther.heartbeat(host.heartbeat(one.clock.now()))
            #expect(try await operatorAtOther.server(host.hostID).state == .online)
            // The first one knows it when the second has written it.
            try await TestServer.until { try await one.operatorClient.server(host.hostID).state == .online }
            one.clock.advance(seconds: 1)
            var newer = host.heartbeat(one.clock.now())
            newer.version = "2.0"
            let heartbeat = newer
            _ = try await atOne.heartbeat(heartbeat)
            try await TestServer.until { try await operatorAtOther.server(host.hostID).version == "2.0" }
            _ = try await operatorAtOther.revoke(host.hostID, reason: "test")
            #expect(await refusal { try await atOne.heartbeat(heartbeat) } == .revoked)
            #expect(await refusal { try await atOther.revocations() } == .revoked)
            let again = ConfigurationClient([one.endpoint], credentials: try await one.credentials(host))
            #expect(try await again.revocations().number == 1)
            try await OperatorCertificates.revoke("alice", in: one.state, reason: "left", now: one.clock.now())
            #expect(await refusal { try await operatorAtOther.servers() } == .revoked)
        }
    }

    @Test func `a passphrase that is rotated at one is the passphrase at the other`() async throws {
        try await withTwo { one, other in
            let second = try await one.state.rotatePassphrase(overlapSeconds: 0, now: one.clock.now())
            @Sendable func enrol(_ number: UInt8, with passphrase: Passphrase) async throws -> Credentials {
                try await Enrolment.enrol(
                    at: [other], identity: TestHost(number).identity, names: .none, passphrase: passphrase)
            }
            #expect(await refusal { try await enrol(1, with: one.passphrase) } == .proofInvalid)
            _ = try await enrol(2, with: second)
        }
    }

    @Test func `a challenge of one is good at the other, and good once`() async throws {
        try await withTwo { one, other in
            let url = "https://127.0.0.1:\(one.port)"
            let answer = try await Tool.curl("\(url)\(ConfigurationPath.challenge)", ["-X", "POST"])
            let challenge = try JSONDecoder().decode(EnrolmentChallenge.self, from: Data(answer.body.utf8))
            let body = try request(for: challenge, one)
            let path = ConfigurationPath.enrolment
            let first = try await Tool.curl("https://127.0.0.1:\(other.port)\(path)", ["-X", "POST"], body: body)
            #expect(first.status == 200, "\(first.body)")
            let second = try await Tool.curl("\(url)\(path)", ["-X", "POST"], body: body)
            #expect(second.status == 401)
            let failure = try JSONDecoder().decode(ConfigurationFailure.self, from: Data(second.body.utf8))
            #expect(failure.code == .challengeSpent)
        }
    }

    private func request(for challenge: EnrolmentChallenge, _ server: TestServer) throws -> [UInt8] {
        let host = TestHost(1)
        var joiner = EnrolmentJoiner(
            identity: host.identity,
            certificateRequest: try HostKey().certificateRequest(host: host.hostID, role: host.role, names: .none),
            nonce: Array(repeating: 1, count: 32))
        guard
            case .deriveKey(let scrypt) = joiner.receivedChallenge(
                challenge, certificateFingerprint: server.fingerprint),
            case .send(let request, _) = joiner.derivedKey(try scrypt.key(for: server.passphrase))
        else { throw ConfigurationFailure(.outOfOrder, "The joiner did not go on.", remedy: "") }
        return Array(try JSONEncoder().encode(request))
    }

    @Test func `another site does not get into the database`() async throws {
        try await TestServer.with(.postgreSQL) { server in
            let made = await refusal {
                try await StateFolder.create(
                    path: "\(server.folder.path)/second", database: server.state.database,
                    plan: .init(name: "Other", names: ["x"], addresses: []), now: server.clock.now())
            }
            #expect(made == .conflict)
        }
        try await TestServer.with(.postgreSQL) { one in
            try await TestServer.with(.postgreSQL) { other in
                var settings = one.settings
                settings.database = other.state.database
                let wrong = settings
                #expect(
                    await refusal { try await ConfigurationServer(wrong, clock: one.clock, logger: .silent) }
                        == .conflict)
            }
        }
    }

    @Test func `the database ends and comes back: what was acknowledged is there, and the server goes on by itself`()
        async throws
    {
        let database = try await PostgreSQLServer()
        let url = try await database.database()
        try await TestServer.with {
            $0.database = .postgreSQL(url: url)
        } _: { server in
            var enrolled: [String] = []
            for number in 1...3 {
                let host = TestHost(UInt8(number))
                let client = try await server.enrol(host)
                enrolled.append(host.hostID)
                _ = try await client.heartbeat(host.heartbeat(server.clock.now()))
                try await database.kill()
                #expect(await refusal { try await server.operatorClient.servers() } == .unavailable)
                #expect(
                    await refusal { try await client.heartbeat(host.heartbeat(server.clock.now())) } == .unavailable)
                try await database.start()
                try await TestServer.until {
                    await refusal { try await server.operatorClient.servers() } == nil
                }
                #expect(try await server.operatorClient.servers().servers.map(\.hostID) == enrolled)
                _ = try await client.heartbeat(host.heartbeat(server.clock.now()))
            }
        }
    }

    @Test func `a server that starts before its database waits for it`() async throws {
        let database = try await PostgreSQLServer()
        let url = try await database.database()
        let server = try await TestServer.with {
            $0.database = .postgreSQL(url: url)
        } _: {
            $0
        }
        try await database.kill()
        async let state = TestServer.run(server.settings, clock: server.clock) { port in
            let client = ConfigurationClient(
                [ServerEndpoint(host: "127.0.0.1", port: port)], credentials: server.operatorCredentials)
            return try await client.servers().servers.count
        }
        try await database.start()
        #expect(try await state == 0)
    }
}
