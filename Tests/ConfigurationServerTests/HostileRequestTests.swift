// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import Foundation
import LinuxSystem
import Registration
import TestSupport
import Testing

@Suite struct HostileRequestTests {
    static let bodies: [(name: String, body: [UInt8], status: Int)] = [
        ("nothing", [], 400), ("no JSON", Array("hello".utf8), 400), ("half", Array("{\"protocol\":".utf8), 400),
        ("no UTF-8", [0xFF, 0xFE, 0x00], 400), ("a list", Array("[]".utf8), 400), ("null", Array("null".utf8), 400),
        ("a wrong type", Array(#"{"protocol":1}"#.utf8), 400),
        ("deep", Array(repeating: UInt8(ascii: "["), count: 60_000), 400),
        ("large", Array(repeating: UInt8(ascii: " "), count: 65 << 10), 413),
        ("very large", Array(repeating: UInt8(ascii: " "), count: 8 << 20), 413),
        ("a huge number", Array(#"{"protocol":1e999999}"#.utf8), 400),
    ]

    @Test(arguments: bodies.indices) func `a body that makes no sense is refused with a sentence`(
        index: Int
    ) async throws {
        let (name, body, status) = Self.bodies[index]
        try await TestServer.with { server in
            let url = "https://127.0.0.1:\(server.port)\(ConfigurationPath.enrolment)"
            let answer = try await Tool.curl(url, ["-X", "POST"], body: body)
            #expect(answer.status == status, "\(name)")
            let failure = try JSONDecoder().decode(ConfigurationFailure.self, from: Data(answer.body.utf8))
            #expect(failure.code == (status == 413 ? .tooLarge : .invalidRequest))
            #expect(!failure.message.isEmpty)
            // It goes on.
            _ = try await server.enrol(TestHost(1))
        }
    }

    @Test func `large headers and paths that are none are refused`() async throws {
        try await TestServer.with { server in
            let base = "https://127.0.0.1:\(server.port)"
            let header = "X-Long: " + String(repeating: "a", count: 20_000)
            #expect(try await Tool.curl("\(base)/v1/servers", ["--header", header]).status != 200)
            #expect(try await Tool.curl("\(base)/v1/../v1/servers", ["--path-as-is"]).status != 200)
            #expect(try await Tool.curl("\(base)/v1/servers%00", []).status != 200)
            _ = try await server.enrol(TestHost(1))
        }
    }

    @Test(arguments: DatabaseEngine.available) func `SQL and HTML in names are stored as what they are`(
        engine: DatabaseEngine
    ) async throws {
        try await TestServer.with(engine) { server in
            let host = TestHost(1)
            let client = try await server.enrol(host)
            let name = "'); DROP TABLE server; -- <img src=x onerror=alert(1)> \u{0} \u{202E} \u{1F4A3}"
            let group = GroupReport.sample(name, rpoSeconds: .max)
            _ = try await client.heartbeat(host.heartbeat(server.clock.now(), groups: [group]))
            let report = try await server.operatorClient.server(host.hostID)
            #expect(report.heartbeat?.groups.map(\.name) == [name])
            #expect(report.worstRPOSeconds == .max)
            var wrong = host.heartbeat(server.clock.now())
            wrong.hostName = "<script>"
            let heartbeat = wrong
            #expect(await refusal { try await client.heartbeat(heartbeat) } == .invalidRequest)
            for id in ["'%20OR%201=1%20--", "a%00b", "..%2F..%2Fetc", "%3Cscript%3E"] {
                #expect(await refusal { try await server.operatorClient.server(id) } == .notFound)
            }
            let nothing = "gone\u{0}"
            #expect(
                await refusal { try await server.operatorClient.revoke(host.hostID, reason: nothing) }
                    == .invalidRequest)
            #expect(try await server.operatorClient.server(host.hostID).state == .online)
        }
    }

    @Test func `a heartbeat that is too large or has too many groups is refused`() async throws {
        try await TestServer.with { server in
            let host = TestHost(1)
            let client = try await server.enrol(host)
            let many = Array(
                repeating: GroupReport.sample("g", rpoSeconds: 1), count: HeartbeatRequest.maximumGroups + 1)
            let heartbeat = host.heartbeat(server.clock.now(), groups: many)
            #expect(await refusal { try await client.heartbeat(heartbeat) } == .invalidRequest)
            let long = GroupReport.sample(String(repeating: "a", count: 3 << 20), rpoSeconds: 1)
            let large = host.heartbeat(server.clock.now(), groups: [long])
            #expect(await refusal { try await client.heartbeat(large) } != nil)
            _ = try await client.heartbeat(host.heartbeat(server.clock.now()))
        }
    }

    @Test func `who guesses is slowed down, and others are not yet`() async throws {
        try await TestServer.with { server in
            let url = "https://127.0.0.1:\(server.port)\(ConfigurationPath.enrolment)"
            let identity = TestHost(1).identity
            let guess = EnrolmentRequest(
                protocol: EnrolmentTranscript.protocolName, serverNonce: HexBytes(Array(repeating: 0, count: 56)),
                joinerNonce: HexBytes(Array(repeating: 0, count: 32)), identity: identity, certificateRequest: "",
                proof: HexBytes(Array(repeating: 0, count: 32)))
            let body = Array(try JSONEncoder().encode(guess))
            var statuses: [Int] = []
            for _ in 0..<12 { statuses.append(try await Tool.curl(url, ["-X", "POST"], body: body).status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429, 429])
            let other = try await Tool.curl(url, ["-X", "POST", "--interface", "127.0.0.2"], body: body)
            #expect(other.status == 401)
            server.clock.advance(seconds: 60)
            #expect(try await Tool.curl(url, ["-X", "POST"], body: body).status == 401)
        }
    }

    @Test func `a connection that says nothing is ended`() async throws {
        try await TestServer.with {
            $0.heartbeatSeconds = 1
        } _: { server in
            // Ends by itself when the server closes; otherwise `timeout` ends it, with 124.
            let outcome = try await Tool.run(
                "/usr/bin/timeout",
                ["30", "/usr/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(server.port); cat <&3 >/dev/null"])
            #expect(outcome.status == 0)
        }
    }

    @Test func `a request that trickles is ended`() async throws {
        try await TestServer.with {
            $0.heartbeatSeconds = 1
        } _: { server in
            let head = "POST \(ConfigurationPath.enrolment) HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000\\r\\n\\r\\n"
            let trickle = "{ printf '\(head)'; while printf ' '; do sleep 1; done; }"
            let client = "openssl s_client -quiet -connect 127.0.0.1:\(server.port) 2>/dev/null"
            let outcome = try await Tool.run(
                "/usr/bin/timeout", ["30", "/usr/bin/bash", "-c", "\(trickle) | \(client)"])
            #expect(outcome.output.contains("408"))
            #expect(outcome.output.contains("timedOut"))
        }
    }

    @Test func `what is no TLS is ended, and the server goes on`() async throws {
        try await TestServer.with { server in
            let answer = try await Tool.curl("http://127.0.0.1:\(server.port)/v1/servers")
            #expect(answer.status == 0)
            _ = try await server.enrol(TestHost(1))
        }
    }
}
