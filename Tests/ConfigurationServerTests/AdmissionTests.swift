// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Foundation
import LinuxSystem
import Registration
import Testing

/// Who may what, asked with other people's TLS.
@Suite struct AdmissionTests {
    enum Who: String, CaseIterable { case nobody, masterTarget, processServer, `operator`, server, stranger }

    /// The HTTP status for each of ``Who``; 0 is a TLS handshake that failed.
    static let wanted: [(path: String, method: String, statuses: [Int])] = [
        (ConfigurationPath.challenge, "POST", [200, 200, 200, 200, 200, 0]),
        (ConfigurationPath.enrolment, "POST", [400, 400, 400, 400, 400, 0]),
        (ConfigurationPath.renewal, "POST", [401, 400, 400, 403, 403, 0]),
        (ConfigurationPath.heartbeat, "POST", [401, 400, 400, 403, 403, 0]),
        (ConfigurationPath.revocations, "GET", [401, 200, 200, 200, 403, 0]),
        (ConfigurationPath.servers, "GET", [401, 403, 403, 200, 403, 0]),
        (ConfigurationPath.server("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.revoke("x"), "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.exchange, "POST", [401, 400, 400, 403, 403, 0]),
        (ConfigurationPath.openAPI, "GET", [200, 200, 200, 200, 200, 0]),
        (ConfigurationPath.policies, "GET", [401, 403, 403, 200, 403, 0]),
        (ConfigurationPath.policies, "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.policy("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.policy("x"), "DELETE", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.machines, "GET", [401, 403, 403, 200, 403, 0]),
        (ConfigurationPath.machines, "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.machine("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.machine("x"), "DELETE", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.groups, "GET", [401, 403, 403, 200, 403, 0]),
        (ConfigurationPath.groups, "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.group("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.group("x"), "DELETE", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.points("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.resolve("x"), "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.check("x"), "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.operations("x"), "POST", [401, 403, 403, 400, 403, 0]),
        (ConfigurationPath.jobs, "GET", [401, 403, 403, 200, 403, 0]),
        (ConfigurationPath.job("x"), "GET", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.cancelJob("x"), "POST", [401, 403, 403, 404, 403, 0]),
        (ConfigurationPath.retryJob("x"), "POST", [401, 403, 403, 404, 403, 0]),
        ("/metrics", "GET", [401, 403, 403, 200, 403, 0]),
        ("/v1/none", "GET", [404, 404, 404, 404, 404, 0]),
        ("/v2/servers", "GET", [400, 400, 400, 400, 400, 0]),
    ]

    @Test func `every path admits exactly who may`() async throws {
        try await TestServer.with { server in
            var identities: [Who: [String]] = [.nobody: []]
            for (who, role, number) in [
                (Who.masterTarget, HostRole.masterTarget, 1), (.processServer, .processServer, 2),
            ] {
                var host = TestHost(UInt8(number))
                host.role = role
                identities[who] = try save(try await server.credentials(host), server, who.rawValue)
            }
            let files = "\(server.folder.path)/operator/alice.operator"
            identities[.operator] = ["--cert", "\(files).pem", "--key", "\(files).key"]
            identities[.server] = [
                "--cert", "\(server.state.path)/server.pem", "--key", "\(server.state.path)/server.key",
            ]
            identities[.stranger] = try await TestServer.with { other in
                try save(try await other.credentials(TestHost(1)), server, "stranger")
            }
            for (path, method, statuses) in Self.wanted {
                for (who, status) in zip(Who.allCases, statuses) {
                    let answer = try await Tool.curl(
                        "https://127.0.0.1:\(server.port)\(path)", ["-X", method] + (identities[who] ?? []),
                        body: method == "POST" ? Array("{}".utf8) : nil)
                    #expect(answer.status == status, "\(who) \(method) \(path): \(answer.body)")
                }
            }
        }
    }

    private func save(_ credentials: Credentials, _ server: TestServer, _ name: String) throws -> [String] {
        let path = "\(server.folder.path)/\(name)"
        try credentials.save(in: DirectoryFolder(path: path, create: true))
        return ["--cert", "\(path)/server.pem", "--key", "\(path)/server.key"]
    }

    @Test func `openssl sees TLS 1.3 and nothing older, and the authority's certificate holds for the name`()
        async throws
    {
        try await TestServer.with { server in
            let options = ["s_client", "-connect", "127.0.0.1:\(server.port)", "-brief"]
            let good = try await Tool.run(
                "/usr/bin/openssl",
                options + [
                    "-verify_return_error", "-CAfile", "\(server.folder.path)/operator/authority.pem",
                    "-verify_hostname", "localhost",
                ])
            #expect(good.status == 0)
            #expect(good.errors.contains("TLSv1.3"))
            #expect(good.errors.contains("Verification: OK"))
            let old = try await Tool.run("/usr/bin/openssl", options + ["-tls1_2"])
            #expect(old.status != 0)
        }
    }
}
