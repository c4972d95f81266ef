// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import HostCertificates
import Registration
import StoragePrimitives
import TestSupport
import Testing

@Suite struct EnrolmentTests {
    @Test(arguments: DatabaseEngine.available)
    func `a server that knows the passphrase shows up at once, and is online with its first heartbeat`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let host = TestHost(1)
            let client = try await server.enrol(host)
            let before = try await server.operatorClient.server(host.hostID)
            #expect(before.state == .awaited)
            #expect(before.hostName == "host-1")
            #expect(before.machine == host.machine)
            #expect(before.address == "127.0.0.1")
            let groups = [
                GroupReport.sample("a", rpoSeconds: 30), .sample("b", rpoSeconds: 900), .sample("c", rpoSeconds: nil),
            ]
            let answer = try await client.heartbeat(host.heartbeat(server.clock.now(), groups: groups))
            #expect(answer.nextSeconds == 10)
            #expect(!answer.isRenewalDue)
            let after = try await server.operatorClient.server(host.hostID)
            #expect(after.state == .online)
            #expect(after.version == "1.0.1")
            #expect(after.health == "warning")
            #expect(after.groupCount == 3)
            #expect(after.worstRPOSeconds == 900)
            #expect(after.heartbeat?.groups == groups)
            #expect(after.heartbeat?.capacity?.retention.freeBytes == ByteCount(1 << 40))
            let list = try await server.operatorClient.servers()
            #expect(list.servers.map(\.hostID) == [host.hostID])
            #expect(list.servers.first?.heartbeat == nil)
            server.clock.advance(seconds: 30)
            #expect(try await server.operatorClient.server(host.hostID).state == .online)
            server.clock.advance(seconds: 1)
            #expect(try await server.operatorClient.server(host.hostID).state == .lost)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `another passphrase is refused, and nothing is noted`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let wrong = try Passphrase("aaaaa-aaaaa-aaaaa-aaaaa-aaaaa")
            let code = await refusal { try await server.enrol(TestHost(1), passphrase: wrong) }
            #expect(code == .proofInvalid)
            #expect(try await server.operatorClient.servers().servers.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `a server with another certificate than the one named gets nothing`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let code = await refusal {
                try await Enrolment.enrol(
                    at: [server.endpoint], identity: TestHost(1).identity, names: .none, passphrase: server.passphrase,
                    pinnedFingerprint: Array(repeating: 0, count: 32))
            }
            #expect(code == .fingerprintMismatch)
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `the passphrase of one site does not enrol at another, nor is its authority believed`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { one in
            try await TestServer.with(engine) { other in
                let code = await refusal { try await other.enrol(TestHost(1), passphrase: one.passphrase) }
                #expect(code == .proofInvalid)
                let client = ConfigurationClient(
                    [other.endpoint], credentials: try await one.credentials(TestHost(1)))
                let heartbeat = TestHost(1).heartbeat(one.clock.now())
                #expect(await refusal { try await client.heartbeat(heartbeat) } == .unavailable)
            }
        }
    }

    @Test(arguments: DatabaseEngine.available) func `one address after the other is tried`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let nobody = ServerEndpoint(host: "127.0.0.1", port: 1)
            let credentials = try await Enrolment.enrol(
                at: [nobody, server.endpoint], identity: TestHost(1).identity, names: .none,
                passphrase: server.passphrase)
            let client = ConfigurationClient([nobody, server.endpoint], credentials: credentials)
            _ = try await client.heartbeat(TestHost(1).heartbeat(server.clock.now()))
            let lost = ConfigurationClient([nobody], credentials: credentials)
            #expect(await refusal { try await lost.revocations() } == .unavailable)
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `a passphrase that was rotated away is good for its overlap and not longer`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let second = try await server.state.rotatePassphrase(overlapSeconds: 60, now: server.clock.now())
            _ = try await server.enrol(TestHost(1))
            _ = try await server.enrol(TestHost(2), passphrase: second)
            server.clock.advance(seconds: 60)
            #expect(await refusal { try await server.enrol(TestHost(3)) } == .proofInvalid)
            _ = try await server.enrol(TestHost(3), passphrase: second)
            let third = try await server.state.rotatePassphrase(overlapSeconds: 0, now: server.clock.now())
            #expect(await refusal { try await server.enrol(TestHost(4), passphrase: second) } == .proofInvalid)
            _ = try await server.enrol(TestHost(4), passphrase: third)
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `a clone is refused and noted wherever it comes, and the original goes on`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let original = TestHost(1)
            let clone = TestHost(1, machine: 2)
            let client = try await server.enrol(original)
            #expect(await refusal { try await server.enrol(clone) } == .cloned)
            #expect(try await server.operatorClient.server(original.hostID).clone?.machine == clone.machine)
            let heartbeat = clone.heartbeat(server.clock.now())
            #expect(await refusal { try await client.heartbeat(heartbeat) } == .cloned)
            _ = try await client.heartbeat(original.heartbeat(server.clock.now()))
            let report = try await server.operatorClient.server(original.hostID)
            #expect(report.machine == original.machine)
            #expect(report.clone?.address == "127.0.0.1")
            #expect(report.state == .online)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `a host keeps its role`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            var host = TestHost(1)
            _ = try await server.enrol(host)
            host.role = .processServer
            #expect(await refusal { try await server.enrol(host) } == .conflict)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `who enrols again loses the certificate of before`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let host = TestHost(1)
            let first = try await server.enrol(host)
            let second = try await server.enrol(host)
            #expect(await refusal { try await first.heartbeat(host.heartbeat(server.clock.now())) } == .revoked)
            let answer = try await second.heartbeat(host.heartbeat(server.clock.now()))
            #expect(answer.revocations?.number == 1)
            #expect(answer.revocations?.revoked.map(\.reason) == ["enrolled again"])
        }
    }

    @Test(arguments: DatabaseEngine.available) func `what an operator takes back is refused, and told to all others`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let (bad, good) = (TestHost(1), TestHost(2))
            let badClient = try await server.enrol(bad)
            let goodClient = try await server.enrol(good)
            let reason = "'; DROP TABLE server; -- <script>alert(1)</script>"
            let report = try await server.operatorClient.revoke(bad.hostID, reason: reason)
            #expect(report.state == .revoked)
            #expect(await refusal { try await badClient.heartbeat(bad.heartbeat(server.clock.now())) } == .revoked)
            #expect(await refusal { try await badClient.revocations() } == .revoked)
            let answer = try await goodClient.heartbeat(good.heartbeat(server.clock.now()))
            #expect(answer.revocations?.revoked.map(\.serial) == [report.serial])
            #expect(answer.revocations?.revoked.map(\.reason) == [reason])
            let number = answer.revocations?.number ?? 0
            let next = try await goodClient.heartbeat(good.heartbeat(server.clock.now(), revocations: number))
            #expect(next.revocations == nil)
            #expect(await refusal { try await server.operatorClient.revoke("nobody", reason: "x") } == .notFound)
            #expect(
                await refusal { try await server.operatorClient.revoke(good.hostID, reason: "") } == .invalidRequest)
            // It may come again, also on another machine.
            let again = try await server.enrol(TestHost(1, machine: 9))
            _ = try await again.heartbeat(TestHost(1, machine: 9).heartbeat(server.clock.now()))
            #expect(try await server.operatorClient.server(bad.hostID).state == .online)
        }
    }

    @Test(arguments: DatabaseEngine.available) func `an operator who was taken back is one no more, at once`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            _ = try await server.operatorClient.servers()
            try await OperatorCertificates.revoke("alice", in: server.state, reason: "left", now: server.clock.now())
            #expect(await refusal { try await server.operatorClient.servers() } == .revoked)
        }
    }

    @Test(arguments: DatabaseEngine.available)
    func `a certificate is renewed from two thirds of its lifetime, with its names`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine, ageDays: 70) { server in
            let host = TestHost(1)
            let old = try await server.credentials(host)
            let client = ConfigurationClient([server.endpoint], credentials: old)
            func renew(on machine: MachineFingerprint) async throws -> Credentials {
                try await client.renew(hostID: host.hostID, role: host.role, machine: machine)
            }
            #expect(await refusal { try await renew(on: host.machine) } == .conflict)
            server.clock.advance(days: 70)
            #expect(try await client.heartbeat(host.heartbeat(server.clock.now())).isRenewalDue)
            #expect(await refusal { try await renew(on: TestHost(1, machine: 3).machine) } == .cloned)
            #expect(try await server.operatorClient.server(host.hostID).clone?.machine.machineID.bytes.first == 3)
            let new = try await renew(on: host.machine)
            let (before, after) = (
                try IssuedCertificate(pemEncoded: old.certificate), try IssuedCertificate(pemEncoded: new.certificate)
            )
            #expect(after.alternativeNames == ["DNS:host-1.example", "IP:127.0.0.1"])
            #expect(after.alternativeNames == before.alternativeNames)
            #expect(after.serial != before.serial)
            #expect(new.key != old.key)
            let renewed = ConfigurationClient([server.endpoint], credentials: new)
            #expect(try await !renewed.heartbeat(host.heartbeat(server.clock.now())).isRenewalDue)
            // A server that crashed before it kept the new one still has the old one.
            _ = try await client.heartbeat(host.heartbeat(server.clock.now()))
            #expect(try await server.operatorClient.server(host.hostID).serial == after.serial)
        }
    }
}
